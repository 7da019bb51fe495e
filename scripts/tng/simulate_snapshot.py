"""Write one snapshot of the synthetic universe: group catalogue, particles, offsets."""

import step

step.begin(snakemake)

from skyloom.simulate.universe.snapshot import write_snapshot

universe = snakemake.params.universe
write_snapshot(
    snakemake.params.base_path,
    snakemake.params.snapshot,
    snapshots=snakemake.params.snapshots,
    galaxies=universe["galaxies"],
    gas_cells=universe["gas_cells"],
    chunks=universe["chunks"],
    seed=snakemake.params.seed,
    simulation=universe["simulation"],
)
