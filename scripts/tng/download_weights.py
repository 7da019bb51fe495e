"""Download published network weights and verify their checksum."""

import step

step.begin(snakemake)

import shutil
from pathlib import Path

import yaml

from skyloom.archives import download, requests
from skyloom.io.files import atomic

with open(snakemake.input.catalogue, encoding="utf-8") as file:
    published = yaml.safe_load(file)[snakemake.params.name]
# Kept beside: Snakemake removes an output before the job that makes it anew.
kept = Path(snakemake.params.folder) / Path(snakemake.output[0]).name
download.fetch(
    download.Session(),
    published["url"],
    kept,
    checksum=f"md5:{published['md5']}",
    size=published["bytes"],
    policy=requests.patience(snakemake.config["downloads"]),
    remedy=snakemake.params.remedy,
)
with atomic(snakemake.output[0]) as temporary:
    shutil.copyfile(kept, temporary)
