# What every arm shares: the checked configuration, paths, and the hash of a step's library code.
import os
import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError

# As a module of another workflow, these files may come from a git repository, one by one.
_deployment = workflow.source_path("../../scripts/deployment.py")
deployment = SimpleNamespace(**runpy.run_path(_deployment))

PROJECT = deployment.project(workflow.current_basedir)
# The steps, and the library: jobs on any executor import both from here, without an install.
FOLDERS = (PROJECT / "scripts", PROJECT / "src")
sys.path[:0] = map(str, FOLDERS)
os.environ.update(
    PYTHONPATH=deployment.search_path(
        FOLDERS,
        (
            ""
            if workflow.modifier.is_main_snakefile()
            else os.environ.get("PYTHONPATH", "")
        ),
    )
)

import command_line
import configuration
import configuration_names
import forked
import messages
import reruns
import targets
from skyloom.arms import registry
from skyloom.record import code_hash as library_code
from skyloom import registries
from skyloom.record import syntax
from skyloom.errors import InputError

library_code.keep(Path(".snakemake") / "code.json")
if not workflow.modifier.is_main_snakefile():
    config.update(deployment.completed(config, PROJECT))
if workflow.modifier.is_main_snakefile():
    targets.watch(workflow)
messages.watch(workflow)
forked.watch(workflow, FOLDERS)
try:
    if workflow.modifier.is_main_snakefile():
        command_line.check_flags(command_line.given())
    config.update(
        configuration.canonical(
            configuration.typed(
                config,
                configuration.load_schema(),
                written=configuration_names.of_run(workflow),
            )
        )
    )
    registries.use(config["plugins"])
    configuration.check(config)
except InputError as error:
    messages.remedy(str(error))
    raise WorkflowError(str(error)) from None

RUN = config["run"]
SEED = config["seed"]
# What a training asks of the scheduler: GPUs, and on Slurm their partition.
GPU = {"gpu": config["gpus"]}
if config["gpus"] and config["gpu_partition"]:
    GPU["slurm_partition"] = config["gpu_partition"]
# Each arm adds the files that its target builds, further ones that its section of the report reads
# and what else that is told, its datasets with the table of their samples' sides, its networks.
ARM_RESULTS, SHOWN, TOLD, DATASETS, MODELS = {}, {}, {}, {}, []
# What the folders of trained networks are made of, by arm.
RELEASES = {}
# The parameter `code` of every step.
CODES = []
# The table of figures: each arm adds its own, figures.smk has the rule of each.
FIGURES = []
# Arms whose numbers stand beside printed ones: each adds itself, published.smk has their rules.
PUBLISHED = []


onstart:
    messages.look_once(workflow.scheduler)


wildcard_constraints:
    snapshot=r"\d{3}",
    part=r"\d+",


def own(path):
    """A file of the project from where Snakemake works, which --directory may set elsewhere."""
    return os.path.relpath(PROJECT / path)


def code(step, *extra, entry=None):
    """Hash of what a step and the library that it reaches mean, so that their edits rerun it.

    Worked out for the jobs that a run plans, since most runs plan few of the rules. `entry` is the
    function, as module.name, or the modules that a step calls by name; or says so by wildcards.
    """
    plugins = tuple(config["plugins"])
    CODES.append(
        lambda wildcards: library_code.fingerprint(
            step,
            FOLDERS,
            *extra,
            entry=entry(wildcards) if callable(entry) else entry,
            plugins=plugins,
        )
    )
    return CODES[-1]


def figure(arm, name, category, function, *, inputs, options=None, over=None, note=""):
    """Add a figure to the table.

    name: its path below figures/, with the wildcard of a family; category: where Snakemake's report
    has it; function: of skyloom.draw.entries, or of an arm's folder as skyloom.arms.<arm>.figures,
    its docstring is the caption; inputs: files by name; options: what the function is given
    besides; over: values of the wildcard that the arm's target builds, none but by name where it is
    empty; note: what the caption says besides.
    """
    FIGURES.append(
        SimpleNamespace(
            arm=arm,
            name=name,
            category=category,
            function=(
                function
                if function.startswith("skyloom.")
                else f"skyloom.draw.entries.{function}"
            ),
            inputs=inputs,
            options=options or {},
            over=[{}] if over is None else over,
            note=note,
        )
    )


def caption(own):
    """What Snakemake's report says below a figure; as a function of a job that asks for its inputs,
    so that no figure is drawn again for another word."""
    place, _, name = own.function.rpartition(".")
    path = PROJECT / "src" / f"{place.replace('.', '/')}.py"
    return lambda wildcards, input: f"{syntax.described(path)[name]} {own.note}".strip()


def builds(arm, results, *, datasets, models=(), shown=None, told=None):
    """Say what an arm builds: its target has that with its figures, each dataset and network its own.

    results: files; datasets: the table that says on which side the samples are, None without one,
    by the name of the dataset; models: names of networks; shown: further files that the arm's
    section of the report is given, by name; told: what else it is given.
    """
    drawn = [own for own in FIGURES if own.arm == arm]
    folder = f"results/{RUN}/{arm}"
    ARM_RESULTS[arm] = [
        *results,
        *(
            f"{folder}/figures/{own.name.format(**values)}.png"
            for own in drawn
            for values in own.over
        ),
    ]
    SHOWN[arm] = [path for files in (shown or {}).values() for path in files]
    TOLD[arm] = {**(shown or {}), **(told or {})}
    DATASETS.update({(arm, name): split for name, split in datasets.items()})
    MODELS.extend((arm, name) for name in models)


def one_of(names):
    """A pattern that matches these names only; without any, nothing."""
    return "|".join(names) or "(?!)"


def releases(arm, library, *, inputs, options, models, known=None, judge=None):
    """Say what the folders of an arm's trained networks are made of, for predictions anywhere.

    library: the module whose function `contents` says what is in one; inputs: a function of the
    wildcard model that gives files by name; options: what `contents` is told besides; models: those
    that the arm trains; known: all that it could; judge: which one answers, where the key
    prediction.model does not say.
    """
    RELEASES[arm] = SimpleNamespace(
        library=library,
        inputs=inputs,
        options=options,
        models=list(models),
        known=list(known or models),
        judge=judge,
    )


def model_folder(arm):
    """The folder of the network that an arm's predictions are made with, this run's or another's."""
    named = RELEASES[arm].judge or config[arm]["prediction"]["model"]
    if named in RELEASES[arm].known:
        return f"results/{RUN}/models/{arm}/{named}"
    return os.path.expanduser(named)


def prediction_folder(arm, asked):
    """Where answers about an input go: below a folder that is named after it."""
    name = Path(os.path.abspath(asked)).name.partition(".")[0]
    name = re.sub(r"[^\w+-]+", "_", name) or "input"
    return f"results/{RUN}/{arm}/prediction/{name}"


def export_inputs(wildcards):
    """A dataset and the table of its sides, where it has one."""
    dataset = f"results/{RUN}/{wildcards.arm}/datasets/{wildcards.dataset}.h5"
    split = DATASETS.get((wildcards.arm, wildcards.dataset))
    return {"dataset": dataset} | ({"split": split} if split else {})


def beside(arm, inputs, choices, *, library=None, options=None, note=""):
    """Add an arm to those whose numbers stand beside printed ones: in a table, and as a figure.

    inputs: files by name; choices: a function that gives what printed numbers depend on; library:
    the package of skyloom that compares, the arm's own unless told; options: what its function is
    given besides; note: what the figure's caption says besides.
    """
    path = f"results/{RUN}/{arm}/evaluation/published.ecsv"
    PUBLISHED.append(
        SimpleNamespace(
            arm=arm,
            path=path,
            inputs=inputs,
            choices=lambda wildcards: choices(),
            library=library or arm,
            options=options or {},
        )
    )
    drawn = ("published", "results", "published.beside")
    figure(arm, *drawn, inputs={"published": path}, note=note)


def compared(arm, choices):
    """Those of an arm's choices that its printed numbers depend on."""
    rules = configuration.read(own(f"resources/published/{arm}.yaml"))[
        "comparable_when"
    ]
    names = {row["key"] for row in rules}
    return {name: value for name, value in sorted(choices.items()) if name in names}


def share(threads):
    """Threads, no more than half of the cores of this machine: a job that wants all of them waits
    until no other job runs, and meanwhile cores are idle. Nodes of a cluster are a job's own.
    """
    cores = workflow.resource_settings.cores
    if cores in (None, sys.maxsize) or workflow.remote_exec:
        return threads
    return min(threads, max(1, cores // 2))


def growing(amount):
    """Megabytes or minutes that grow with each attempt, where the profile allows several."""
    return lambda wildcards, attempt: amount * attempt
