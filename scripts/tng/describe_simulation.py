"""Write what the simulation on disk is, and what can be made of each snapshot."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.tng import consistency, simulation_table
from skyloom.arms.tng.simulation import Simulation
from skyloom.io.files import read_json, read_table, write_table

params = snakemake.params
simulations = [
    Simulation(params.base_path, snapshot, compared=read_json(path))
    for snapshot, path in zip(params.snapshots, snakemake.input.compared, strict=True)
]
for simulation in simulations:
    consistency.require(simulation, kinds=())
found = simulation_table.table(simulations, [read_table(path) for path in snakemake.input.galaxies])
write_table(found, snakemake.output[0])
print(f"The simulation in {params.base_path} is {found.meta['simulation']}.", file=sys.stderr)
