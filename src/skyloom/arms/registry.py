"""The registry of arms: a line here and a folder are all that an arm is.

What is shared (configuration, workflow, figures, report, exports) finds an arm's parts by this
table, and names no arm itself. Planning reads it, so it imports none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

# Where an arm's parts are: in its folder, or, of those whose line says so, beside those of others.
_OWN = {
    "keys": "skyloom.arms.{0}.keys",
    "check": "skyloom.arms.{0}.check",
    "report": "skyloom.arms.{0}.report",
}
_BESIDE = {
    "keys": "skyloom.config.{0}",
    "check": "configuration_{1}",
    "report": "skyloom.report.{1}",
}


@dataclass(frozen=True)
class Arm:
    """What is said of an arm wherever arms are listed.

    Attributes
    ----------
    title, question : str
        Of its section of the report.
    colour : str
        Of its jobs, in words of `skyloom.draw.style` or as #RRGGBB.
    samples : str
        What its datasets hold, for their cards.
    study : str
        The document whose question it takes up.
    sources : str or None
        Papers to cite for data of its archive.
    reads : tuple of str
        Keys of its configuration that name what it reads from a disk.
    beside : str or None
        The name of its parts where they lie beside those of other arms: rules in
        ``workflow/rules``, sections in `skyloom.report` and so on. Without one, all of them are
        in its folder ``src/skyloom/arms/<arm>``.
    """

    title: str
    question: str
    colour: str
    samples: str
    study: str
    sources: str | None = None
    reads: tuple = ()
    beside: str | None = None


#: In the order of the report. CITATION.cff has the studies and the archives' papers in full.
ARMS = {
    "tng": Arm(
        title="Where does a network see star formation?",
        question="From which part of a picture of a galaxy's gas does a network read how fast the "
        "galaxy forms stars: from its entropy, its mass or its temperature, from large structures "
        "or from small ones?",
        colour="blue",
        samples="Maps of the gas of simulated galaxies, with the specific star formation rate as "
        "label",
        study="a thesis on star formation from TNG50 gas maps with a frozen VGG16 (chapters III "
        "and IV)",
        sources="IllustrisTNG: Nelson et al. 2019, ComAC 6, 2; for TNG50 also Pillepich et al. "
        "2019, MNRAS 490, 3196 and Nelson et al. 2019, MNRAS 490, 3234",
        reads=("base_path",),
        beside="tng",
    ),
    "semantic": Arm(
        title="Discs: measured without being taught",
        question="Does a network find size, shape and angle of discs without ever being shown any, "
        "if it has to redraw the picture with the formula of a disc?",
        colour="orange",
        samples="Images of disc profiles, with the parameters that they were drawn with",
        study="M. A. Aragon-Calvo and J. C. Carvajal 2020, self-supervised learning with "
        "physics-aware neural networks (MNRAS 498, 3713)",
        beside="semantic",
    ),
    "xmm": Arm(
        title="X-ray images: good or bad?",
        question="Can a small network tell good EPIC images from those that a human screener marks "
        "as bad, and which interval, stretch and size helps it?",
        colour="green",
        samples="X-ray images of XMM-Newton's EPIC cameras, with the grade that a person gave them",
        study="J. A. Ruiz Saro 2021, degree project on the classification of X-ray images",
        sources="4XMM: Webb et al. 2020, A&A 641, A136",
        reads=("images", "observations"),
        beside="xmm",
    ),
    "helium": Arm(
        title="Hot stars: one line of helium",
        question="Does the profile of a single line, He I 4471 Å, tell a hot star's temperature, "
        "gravity and rotation, and does a larger network read it better?",
        colour="purple",
        samples="Profiles of the line He I 4471 of hot stars, with their atmospheres' parameters",
        study="P. Olivares, prediction of parameters of spectral lines with convolutional networks",
        reads=("spectra", "observed"),
        beside="spectra",
    ),
    "stellar": Arm(
        title="Cooler stars: 300 Å at once",
        question="Can one network read temperature, gravity, metallicity and rotation of cooler "
        "stars from 300 Å of their spectrum?",
        colour="gold",
        samples="Spectra of cooler stars over 300 Å, with their atmospheres' parameters",
        study="Z. Saldic and A. Rathcke, stellar classification with neural networks (slides)",
        reads=("spectra", "observed"),
        beside="spectra",
    ),
    "sdss": Arm(
        title="SDSS spectra: star, galaxy or quasar?",
        question="Is it a star, a galaxy or a quasar, when the spectrum is drawn as a picture and "
        "shown to a network made for photographs, and when it is not?",
        colour="sky",
        samples="Spectra of SDSS and BOSS, drawn as images or as they are, with their class",
        study="Lara Cruz and García Peñaloza 2024, Ciencia en Desarrollo 15(2)",
        sources="SDSS: York et al. 2000, AJ 120, 1579; BOSS: Dawson et al. 2013, AJ 145, 10; DR17: "
        "Abdurro'uf et al. 2022, ApJS 259, 35",
        reads=("spectra", "catalogue"),
        beside="sdss",
    ),
}


def module(name: str, kind: str):
    """Dotted name of the module of an arm's part.

    Parameters
    ----------
    name : str
        Of the arm.
    kind : {'keys', 'check', 'report'}
        The model of its keys, a class with the arm's name; what checks them beyond a schema,
        ``check(config, arm)``; its section of the report, ``section(folder)``.
    """
    beside = ARMS[name].beside
    return (_BESIDE if beside else _OWN)[kind].format(name, beside)


def part(name, kind):
    """The module of an arm's part; see `module`."""
    return import_module(module(name, kind))


def rules() -> list[str]:
    """Files of all arms' rules, from the folder ``workflow``, each once.

    Returns
    -------
    list of str
    """
    folders = [
        f"rules/{arm.beside}" if arm.beside else f"../src/skyloom/arms/{name}"
        for name, arm in ARMS.items()
    ]
    return [f"{folder}/rules.smk" for folder in dict.fromkeys(folders)]
