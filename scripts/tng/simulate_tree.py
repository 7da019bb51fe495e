"""Write the SubLink merger trees of the synthetic universe."""

import step

step.begin(snakemake)

from skyloom.simulate.universe.tree import write_tree

write_tree(
    snakemake.params.base_path,
    snapshots=snakemake.params.snapshots,
    galaxies=snakemake.params.universe["galaxies"],
    seed=snakemake.params.seed,
    simulation=snakemake.params.universe["simulation"],
)
