"""Put what an arm found beside the numbers that its document prints."""

import step

step.begin(snakemake)

from importlib import import_module

from skyloom.io.files import read_json, read_table, write_table
from skyloom.judge import published

files, params = snakemake.input, snakemake.params
arm = import_module(params.module)


def read(path, need):
    return read_json(path) if str(path).endswith(".json") else read_table(path, need=need)


def read_all(name, paths):
    need = arm.NEED[name]
    return read(paths, need) if isinstance(paths, str) else [read(path, need) for path in paths]


inputs = {name: read_all(name, paths) for name, paths in files.items() if name != "document"}
document = published.read_document(files.document, arm.NEED["document"])
table = arm.compare(document, params.choices, **inputs, **params.options)
write_table(table, snakemake.output[0])
