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
own = releases.read(snakemake.input.model, params.arm, release.PREPARED_BY)
files = folders.observed_files([str(path) for path in snakemake.input.spectra])
wavelength = own.arrays["wavelength"]
good, lost = preparation.prepare_all(files, wavelength, params.observation)
with atomic_hdf5(made.spectra) as file:
    preparation.write(file, good, wavelength, synthetic=params.synthetic)
listed, rejects = preparation.tables(good, lost, synthetic=params.synthetic)
table = prediction.predict(
    prediction.read_observed(made.spectra), listed, [release.model(own)], release.training(own)
)
table, far = release.believable(table, own)
for sentence in prediction.warnings(table):
    print(f"Warning: {sentence}", file=sys.stderr)
answers = release.answers(table, own, synthetic=params.synthetic)
pairs = [(str(row["file"]), str(row["reason"])) for row in rejects]
write_table(inventory.rejects(pairs + far, synthetic=params.synthetic), made.rejects)
write_table(answers, made.predictions)
unlike = int((answers["flag"] == star_table.BEYOND).sum())
releases.say(own, len(answers), far=unlike, synthetic=params.synthetic)
