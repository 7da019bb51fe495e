"""Download published network weights and verify their checksum."""

import step

step.begin(snakemake)

import yaml

from skyloom import archives, download

with open(snakemake.input.catalogue, encoding="utf-8") as file:
    published = yaml.safe_load(file)[snakemake.params.name]
download.fetch(
    download.Session(),
    published["url"],
    snakemake.output[0],
    checksum=f"md5:{published['md5']}",
    size=published["bytes"],
    policy=download.Policy(**archives.patience(snakemake.config["downloads"])),
    remedy=snakemake.params.remedy,
)
