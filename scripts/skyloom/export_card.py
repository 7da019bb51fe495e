"""The card of an exported dataset: contents, units, how it was made, under what terms.

A card holds no time, no commit and no path of a machine, so equal datasets have equal cards.
"""

import json
from pathlib import Path

import jinja2
import yaml

from skyloom import provenance

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
# What each arm's dataset is, the study that it was made for, and who measured or simulated the
# data. The studies' names are those of their documents; the archives' papers are named from memory.
_ARMS = {
    "tng": (
        "Maps of the gas of simulated galaxies, with the specific star formation rate as label",
        "a thesis on star formation from TNG50 gas maps with a frozen VGG16 (chapters III and IV)",
        "IllustrisTNG: Nelson et al. 2019, ComAC 6, 2; TNG50: Pillepich et al. 2019, MNRAS 490, "
        "3196, and Nelson et al. 2019, MNRAS 490, 3234",
    ),
    "semantic": (
        "Images of disc profiles, with the parameters that they were drawn with",
        "the article on the semantic autoencoder, appendix of the same thesis",
        None,
    ),
    "xmm": (
        "X-ray images of XMM-Newton's EPIC cameras, with the grade that a person gave them",
        "J. A. Ruiz Saro 2021, degree project on the classification of X-ray images",
        "4XMM: Webb et al. 2020, A&A 641, A136",
    ),
    "helium": (
        "Profiles of the line He I 4471 of hot stars, with their atmospheres' parameters",
        "P. Olivares, prediction of parameters of spectral lines with convolutional networks",
        None,
    ),
    "stellar": (
        "Spectra of cooler stars over 300 Å, with their atmospheres' parameters",
        "Z. Saldic and A. Rathcke, stellar classification with neural networks (slides)",
        None,
    ),
    "sdss": (
        "Spectra of SDSS and BOSS, drawn as images or as they are, with their class",
        "Lara Cruz and García Peñaloza 2024, Ciencia en Desarrollo 15(2)",
        "SDSS: York et al. 2000, AJ 120, 1579; BOSS: Dawson et al. 2013, AJ 145, 10",
    ),
}


def render(plan, counts, files, about):
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
    what, study, source = _ARMS[about["arm"]]
    # All attributes, the resolved parameters of the variant among them.
    said = {key: v for key, v in plan.samples.attributes.items() if key != "column_units"}
    header = _header(plan, counts, about, synthetic)
    return _CARD.render(
        **{"what": what, "study": study, "source": source, "synthetic": synthetic},
        **{"counts": counts, "files": files, "about": about, "version": provenance.VERSION},
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
