"""A finished job as the step describes it to its record."""

from pathlib import Path

STARTED = "2026-01-01T00:00:00+00:00"


def job(rule, outputs, inputs, **changes):
    """What `skyloom.record.provenance.write_job` is told of a job."""
    return {
        **{"rule": rule, "wildcards": {}, "outputs": outputs, "inputs": inputs, "read": {}},
        **{"library": "0123", "parameters": {}, "config": {}, "script": Path("scripts/make.py")},
        **{"threads": 2, "resources": {"mem_mb": 1000}, "modules": {"numpy"}},
        **{"started": STARTED, "seconds": 1.5},
        **changes,
    }


def put(path, text):
    """Write a text where no folder may be yet."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
