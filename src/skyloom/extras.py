"""What ``pip install .`` leaves out: a sentence that says how to get it."""

from __future__ import annotations

from contextlib import contextmanager


@contextmanager
def extra(name: str):
    """Import packages of an extra of this package, which need not be installed.

    Parameters
    ----------
    name : {'networks', 'report', 'torch', 'workflow'}
        As in ``pyproject.toml``.

    Raises
    ------
    ModuleNotFoundError
        If one is not there; its sentence names the extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error.name} is not installed, which this part of skyloom needs: "
            f'pip install "skyloom[{name}]", or in a clone pip install ".[{name}]".',
            name=error.name,
        ) from None
