"""Write VGG16's thirteen convolutions, whatever they come from, as one canonical file."""

from pathlib import Path

import step

step.begin(snakemake)

import yaml

from skyloom.learn import weights

name, seed = snakemake.params.weights, snakemake.params.seed
published = None
if name == "imagenet":
    with open(snakemake.input.catalogue, encoding="utf-8") as file:
        published = yaml.safe_load(file)[name]
layers = weights.read_convolutions(snakemake.input.get("weights", name), seed=seed)
weights.write_backbone(
    layers,
    snakemake.output[0],
    name=Path(name).name,
    source=weights.describe(name, seed=seed, published=published),
)
