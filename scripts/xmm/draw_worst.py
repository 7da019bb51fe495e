"""Draw the images of the test side that one network is most wrong about (figures 25 and 26)."""

import step

step.begin(snakemake)

from skyloom.figures import style, xmm_results
from skyloom.io import open_hdf5, read_table
from skyloom.xmm import evaluation

files, params = snakemake.input, snakemake.params
table = read_table(files.predictions, need=("id", "part", "obs_class", "bad", "score"))
groups = evaluation.worst(table, count=params.most, threshold=params.threshold)
with open_hdf5(files.dataset, need=("images", "id")) as file:
    rows = {name: row for row, name in enumerate(file["id"][()].astype(str))}
    images = [[file["images"][rows[str(name)]][:, :, 0] for name in g["id"]] for g in groups]
figure = xmm_results.worst(
    groups,
    images,
    experiment=table.meta["experiment"],
    dataset=table.meta["dataset"],
    synthetic=table.meta["synthetic"],
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
