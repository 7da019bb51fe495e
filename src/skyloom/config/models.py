"""The configuration: general keys, and those of each arm."""

from typing import Annotated, Literal

from pydantic import Field, create_model

from skyloom.arms.registry import ARMS, part
from skyloom.config.base import END, Distinct, Section, Several, key, section


class Downloads(Section):
    folder: str = key("resources/downloads", min_length=1)
    """where it is kept

    …, one folder an archive; a file that is there and whole is not fetched again
    """
    archives: str | None = key(None)
    """a YAML file of addresses, for a mirror; null takes `resources/archives.yaml`"""
    retries: int = key(5, ge=0, le=20)
    """further attempts at a file after a failure that may pass

    …; the wait doubles, or is what the server asks for; where that is more than five minutes, the
    file is left to the next run
    """
    timeout: float = key(60, gt=0, le=86400)
    """longest silence of a server, s"""
    slowest: float = key(1, ge=0)
    """least kB/s before a transfer counts as stuck

    …: one that over `downloads.timeout` brings less is broken off and tried again
    """
    largest: float = key(50, gt=0, le=100000)
    """most GB of one file

    …: one that is announced as larger, or goes on beyond it, is broken off
    """


class General(Section):
    run: str = key("demo", max_length=100, pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]*{END}")
    """name of the folder below `results/`; letters, digits, dot, dash, underscore

    name of the folder below `results/`
    """
    seed: int = key(20260, ge=0, lt=2**63)
    """the one seed that reaches everything

    …: universe, split, networks, bootstrap
    """
    arms: Several[Literal[*ARMS]] = key([*ARMS])
    """which arms the target `all` builds

    …; only their input must be there
    """
    plugins: Distinct[str] = key([])
    """Python files of your own that add readers, decoders and the like

    Python files of your own that add readers, networks, decoders, statistics or labels
    ([how](../docs/extending.md)); an edit of one reruns the steps that use what it adds to
    """
    gpus: int = key(0, ge=0, le=8)
    """GPUs that each training asks of the scheduler

    GPUs that each training, and each job that computes features, asks of the scheduler
    """
    gpu_partition: str | None = key(None, pattern=rf"^[A-Za-z0-9][A-Za-z0-9._,-]*{END}")
    """Slurm's partition for the jobs that ask for GPUs; null takes that of all jobs"""
    reproducible: Literal["any_cores", "same_cores"] = key("any_cores")
    """what is promised of the features of the sdss arm's frozen networks: the same bits on any
    number of cores (`any_cores`: each thread computes batches of its own), or with the same number
    of them (`same_cores`: all threads share each operation; `make bench` says which is faster on a
    machine). Features say which it was, and of `same_cores` the number. VGG16 (tng) and all
    trainings have the same bits on any number of cores under either. Between kinds of processors
    the last bits differ
    """
    downloads: Downloads = section(
        gap=True,
        note="What is fetched from the web, "
        "for tng.source api, xmm.source and sdss.source archive, "
        "and weights.",
    )
    """what is fetched from the web: `tng.source: api`, `xmm.source` and `sdss.source: archive`,
    published weights
    """


def _below(arm):
    """The section of an arm, whose model has its name."""
    said = Field(description=f"the {arm} arm, below")
    return Annotated[getattr(part(arm, "keys"), arm.capitalize()), said], section(gap=True)


Configuration = create_model(
    "Configuration", __base__=General, **{arm: _below(arm) for arm in ARMS}
)
