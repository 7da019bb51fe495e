"""Write config.yaml, the JSON Schema and the README's tables of the models: ``make config``."""

from pathlib import Path

from skyloom.config import writing
from skyloom.config.models import Configuration

ROOT = Path(__file__).parents[3]
_HEAD = """\
# The demo: every arm on its embedded synthetic input. Each key is described in config/README.md;
# config/papers.yaml overlays the published values:
#   snakemake --cores 8 --configfile config/papers.yaml --config 'tng={base_path: ~/data/TNG50-1/output}'
# Each key is declared in src/skyloom/config, of which `make config` writes this file.

"""  # noqa: E501
_SCHEMA = """\
# Each key is declared in src/skyloom/config, of which `make config` writes this file.
"""


def files():
    """What is written, by path.

    Returns
    -------
    dict
        Path -> text.
    """
    config = "\n".join(writing.config_lines(Configuration, writing.defaults(Configuration)))
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Skyloom's configuration",
        "description": "One key decides one thing; config/README.md explains each.",
    }
    schema = "\n".join(writing.schema_lines(head | writing.schema(Configuration)))
    readme = ROOT / "config" / "README.md"
    return {
        ROOT / "config" / "config.yaml": f"{_HEAD}{config}\n",
        ROOT / "workflow" / "schemas" / "config.schema.yaml": f"{_SCHEMA}{schema}\n",
        readme: writing.readme(readme.read_text(encoding="utf-8"), Configuration),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
