# What every arm shares: the checked configuration, paths, and the hash of a step's library code.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.basedir).parent / "scripts"
sys.path.insert(0, str(SCRIPTS))
# Jobs on any executor import the library from here, without an install.
os.environ.update(PYTHONPATH=str(SCRIPTS))

import configuration
from skyloom import code as library_code
from skyloom.errors import InputError

config.update(configuration.typed(config, configuration.load_schema()))
try:
    configuration.check(config)
except InputError as error:
    raise WorkflowError(str(error)) from None

RUN = config["run"]
SEED = config["seed"]
# GPUs that a training asks of the scheduler.
GPUS = config["gpus"]
# Each arm adds the files that its target builds.
ARM_RESULTS = {}


wildcard_constraints:
    snapshot=r"\d{3}",
    part=r"\d+",


def own(path):
    """A file of the project from where Snakemake works, which --directory may set elsewhere."""
    return os.path.relpath(SCRIPTS.parent / path)


def code(step, *extra):
    """Hash of the library modules that a step imports, so that their edits rerun it."""
    return library_code.fingerprint(
        SCRIPTS / step, SCRIPTS, *(SCRIPTS / path for path in extra)
    )


def growing(amount):
    """Megabytes or minutes that grow with each attempt, where the profile allows several."""
    return lambda wildcards, attempt: amount * attempt
