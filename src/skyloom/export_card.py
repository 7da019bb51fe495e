"""The card of an exported dataset: contents, units, how it was made, under what terms.

A card holds no time, no commit and no path of a machine, so equal datasets have equal cards.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from skyloom import __version__
from skyloom.arms.registry import ARMS
from skyloom.extras import extra

if TYPE_CHECKING:
    from skyloom.export import Plan

with extra("workflow"):
    import jinja2

_CARD = jinja2.Template(
    Path(__file__).with_suffix(".md").read_text(encoding="utf-8"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
)
LICENCE = {
    True: "MIT, as Skyloom itself: nothing of it was measured by anyone.",
    False: (
        "That of the data it was made from, which Skyloom cannot know: ask the archive before you "
        "hand it on. Skyloom adds no terms of its own."
    ),
}


def render(plan: Plan, counts: dict, files: Collection[str], about: dict) -> str:
    """The card as Markdown with a header in YAML, as Hugging Face has it.

    Parameters
    ----------
    plan : `skyloom.export.Plan`
    counts : dict
        Samples of each side.
    files : collection of str
        Names of the Parquet files.
    about : dict
        ``arm`` and ``name``.

    Returns
    -------
    str
    """
    synthetic = bool(plan.samples.attributes.get("synthetic", False))
    arm = ARMS[about["arm"]]
    # All attributes, the resolved parameters of the variant among them.
    said = {key: v for key, v in plan.samples.attributes.items() if key != "column_units"}
    header = _header(plan, counts, about, synthetic)
    return _CARD.render(
        **{"what": arm.samples, "study": arm.study, "source": arm.sources, "synthetic": synthetic},
        **{"counts": counts, "files": files, "about": about, "version": __version__},
        header=yaml.safe_dump(header, sort_keys=False, allow_unicode=True),
        title=_title(about),
        columns=[
            (name, _said(plan, name, feature), plan.units().get(name, ""))
            for name, feature in plan.features().items()
        ],
        attributes=json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False, default=str),
        licence=LICENCE[synthetic],
    )


def _title(about):
    return f"Skyloom {about['arm']}: {about['name']}"


def _header(plan, counts, about, synthetic):
    """What hubs read: licence, tags, sides and their files."""
    total = sum(counts.values())
    sizes = [(1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M")]
    size = next((name for limit, name in sizes if total < limit), "n>1M")
    licence = {"license": "mit"}
    if not synthetic:
        licence = {"license": "other", "license_name": "that-of-the-source-data"}
    return {
        **licence,
        "pretty_name": _title(about),
        "tags": ["astronomy", "skyloom", about["arm"], *(["synthetic"] if synthetic else [])],
        "size_categories": [size],
        **({"task_categories": ["image-classification"]} if _is_classified(plan) else {}),
        # Arrays of several axes are known as such by this alone.
        "dataset_info": {
            "features": [
                {"name": name, **_in_yaml(feature)} for name, feature in plan.features().items()
            ],
        },
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": part, "path": f"data/{part}-*.parquet"} for part in counts
                ],
            }
        ],
    }


def _in_yaml(feature):
    """A feature as the header of a card has it, in the words of any version of `datasets`."""
    kind = feature["_type"]
    if kind == "Value":
        return {"dtype": feature["dtype"]}
    if kind == "Sequence":
        return {"sequence": _in_yaml(feature["feature"])["dtype"], "length": feature["length"]}
    if kind == "ClassLabel":
        names = {str(number): name for number, name in enumerate(feature["names"])}
        return {"dtype": {"class_label": {"names": names}}}
    if kind == "Image":
        return {"dtype": "image"}
    axes = len(feature["shape"])
    return {"dtype": {f"array{axes}_d": {"shape": feature["shape"], "dtype": feature["dtype"]}}}


def _is_classified(plan):
    return plan.samples.kind == "images" and plan.samples.target.dtype.kind in "iu"


def _said(plan, name, feature):
    """A column in words."""
    samples = plan.samples
    if name == "id":
        return "names the sample within Skyloom's tables"
    if name == plan.sample:
        shape = " × ".join(map(str, samples.shape))
        stored = "PNG, without loss" if plan.is_png else f"{samples.dtype}"
        return f"{samples.kind[:-1] if samples.kind == 'images' else name}, {shape}, {stored}"
    if name in plan.labels:
        own = samples.names[plan.labels.index(name)]
        classes = f": {', '.join(samples.classes)}" if samples.classes else ""
        return f"the label, {own}{classes}"
    return f"{feature.get('dtype', 'list')}, as in the dataset"
