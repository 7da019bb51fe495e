"""Download published network weights and verify their checksum."""

import step

step.begin(snakemake)

import yaml

from skyloom.networks import weights

with open(snakemake.input.catalogue, encoding="utf-8") as file:
    published = yaml.safe_load(file)[snakemake.params.name]
weights.download(
    published["url"], snakemake.output[0], md5=published["md5"], size=published["bytes"]
)
