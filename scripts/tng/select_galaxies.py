"""Choose the galaxies of one snapshot from its subhalo catalogue."""

import sys

import step

step.begin(snakemake)

from skyloom.io import write_table
from skyloom.tng import selection
from skyloom.tng.simulation import Simulation

simulation = Simulation(snakemake.params.base_path, snakemake.params.snapshot)
galaxies = selection.select(simulation, cuts=snakemake.params.cuts)
if not simulation.has_tree and snakemake.params.trees == "disk":
    print(
        f"skyloom: {simulation.base_path} has no SubLink trees: a galaxy seen in two snapshots "
        "cannot be recognised, so the split by lineage keeps only groups together.",
        file=sys.stderr,
    )
write_table(galaxies, snakemake.output[0])
print(f"{len(galaxies)} galaxies selected in snapshot {simulation.snapshot}", file=sys.stderr)
