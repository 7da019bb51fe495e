"""Write what the simulation on disk is, and what can be made of each snapshot."""

import sys

import step

step.begin(snakemake)

from skyloom.io import read_json, read_table, write_table
from skyloom.tng import agreement, census
from skyloom.tng.simulation import Simulation

params = snakemake.params
simulations = [
    Simulation(params.base_path, snapshot, compared=read_json(path))
    for snapshot, path in zip(params.snapshots, snakemake.input.compared, strict=True)
]
for simulation in simulations:
    agreement.require(simulation, kinds=())
found = census.table(simulations, [read_table(path) for path in snakemake.input.galaxies])
write_table(found, snakemake.output[0])
print(f"The simulation in {params.base_path} is {found.meta['simulation']}.", file=sys.stderr)
