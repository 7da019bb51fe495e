"""Draw the selected galaxies: distribution of sSFR, and star formation rate against mass."""

import step

step.begin(snakemake)

import numpy as np

from skyloom.figures import style, tng_sample
from skyloom.io import read_table

tables = [read_table(path, need=("ssfr", "sfr", "total_mass")) for path in snakemake.input.galaxies]
columns = {
    "ssfr": np.concatenate([np.asarray(table["ssfr"]) for table in tables]),
    "sfr": np.concatenate([np.asarray(table["sfr"]) for table in tables]),
    # Catalogue masses are in 1e10 Msun/h.
    "total_mass": np.concatenate([t["total_mass"] * 1e10 / t.meta["hubble"] for t in tables]),
}
figure = tng_sample.sample(
    **columns,
    ssfr_mass=tables[0].meta["ssfr_mass"],
    synthetic=any(table.meta["synthetic"] for table in tables),
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
