"""What a frozen backbone computes in; without TensorFlow, for the planner.

``native`` is settled once, by the machine that plans a run, so that all variants of a run are
computed alike wherever their jobs land; the plan tells its jobs in the environment.
"""

from __future__ import annotations

from pathlib import Path

from skyloom.errors import InputError

#: Values of ``tng.backbone.precision``.
PRECISIONS = ("float32", "bfloat16", "native")
#: Variable of the environment in which a plan tells its jobs what ``native`` is.
VARIABLE = "SKYLOOM_NATIVE_PRECISION"
#: Linux's names of instructions that multiply bfloat16: Intel and AMD, and Arm.
_INSTRUCTIONS = {"flags": {"avx512_bf16", "amx_bf16"}, "Features": {"bf16"}}
CPUINFO = Path("/proc/cpuinfo")


def has_bfloat16(cpuinfo: str | Path = CPUINFO):
    """Whether every core of this machine multiplies bfloat16.

    Parameters
    ----------
    cpuinfo : path
        As Linux describes the cores. Where there is none, as on macOS, the answer is no.
    """
    try:
        text = Path(cpuinfo).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    cores = []
    for line in text.splitlines():
        name, _, value = line.partition(":")
        wanted = _INSTRUCTIONS.get(name.strip())
        if wanted:
            cores.append(bool(wanted & set(value.split())))
    return bool(cores) and all(cores)


def planned(precision: str, environment: dict, cpuinfo: str | Path = CPUINFO):
    """What the features of a run are computed in: ``float32`` or ``bfloat16``.

    Parameters
    ----------
    precision : {'float32', 'bfloat16', 'native'}
        ``native`` is bfloat16 where the processor of the machine that plans has it.
    environment : dict
        Of the process (``os.environ``): has the plan's answer in a job, and receives it in a plan.
    cpuinfo : path
        See `has_bfloat16`.
    """
    if precision != "native":
        environment.pop(VARIABLE, None)
        return precision
    return environment.setdefault(VARIABLE, "bfloat16" if has_bfloat16(cpuinfo) else "float32")


def check_machine(precision: str, environment: dict, *, able: bool) -> None:
    """Refuse to compute slowly what was to be fast.

    Parameters
    ----------
    precision : {'float32', 'bfloat16'}
        Of the plan.
    environment : dict
        See `planned`.
    able : bool
        Whether this machine has bfloat16.

    Raises
    ------
    InputError
        If the plan took bfloat16 for ``native`` and this machine does not have it. What the
        configuration names itself is computed anywhere.
    """
    if environment.get(VARIABLE) == precision == "bfloat16" and not able:
        raise InputError(
            "tng.backbone.precision is native, which was bfloat16 on the machine that planned this "
            "run, but the machine of this job has no bfloat16: set it to float32, or to bfloat16 "
            "to compute in it nevertheless."
        )
