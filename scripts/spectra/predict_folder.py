"""Let a trained network say what stars observed spectra are of."""

import sys

import step

step.begin(snakemake)

from skyloom.arms.spectra import prediction, preparation, release, star_table
from skyloom.io import folders, inventory
from skyloom.io.files import atomic_hdf5, write_table
from skyloom.learn import release as releases
from skyloom.learn import training

training.settle(snakemake.threads)
params, made = snakemake.params, snakemake.output
own = releases.read(snakemake.input.model, params.arm)
named = snakemake.input.get("spectra") or params.spectra
observed = folders.observed_files([str(path) for path in named])
good, lost = preparation.prepare_all(observed, own.arrays["wavelength"], params.observation)
with atomic_hdf5(made.spectra) as file:
    preparation.write(file, good, own.arrays["wavelength"], synthetic=params.synthetic)
listed, rejects = preparation.tables(good, lost, synthetic=params.synthetic)
table = prediction.predict(
    prediction.read_observed(made.spectra), listed, [release.model(own)], release.training(own)
)
table, far = release.believable(table, own)
table["synthetic_training"] = own.synthetic
table.meta |= {"arm": params.arm, "model": own.name, "synthetic_training": own.synthetic}
for sentence in prediction.warnings(table):
    print(f"Warning: {sentence}", file=sys.stderr)
labels = star_table.one_row_each(table)
labels["synthetic_training"] = own.synthetic
labels.meta |= table.meta
pairs = [(str(row["file"]), str(row["reason"])) for row in rejects]
write_table(inventory.rejects(pairs + far, synthetic=params.synthetic), made.rejects)
write_table(table, made.predictions)
write_table(labels, made.labels)
unlike = int((labels["flag"] == star_table.BEYOND).sum())
releases.say(own, len(labels), far=unlike, synthetic=params.synthetic)
