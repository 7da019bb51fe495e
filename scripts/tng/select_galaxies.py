"""Choose the galaxies of one snapshot from its subhalo catalogue."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.tng import selection
from skyloom.arms.tng.simulation import Simulation
from skyloom.io.files import write_json, write_table

params = snakemake.params
simulation = Simulation(params.base_path, params.snapshot, params.external)
compared = simulation.compared
galaxies = selection.select(simulation, cuts=params.cuts)
if not simulation.has_tree and params.trees == "disk":
    print(
        f"skyloom: {simulation.base_path} has no SubLink trees: a galaxy seen in two snapshots "
        "cannot be recognised, so the split by lineage keeps only groups together.",
        file=sys.stderr,
    )
write_json(compared, snakemake.output.compared)
write_table(galaxies, snakemake.output.galaxies)
print(f"{len(galaxies)} galaxies selected in snapshot {simulation.snapshot}", file=sys.stderr)
