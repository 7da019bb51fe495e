"""Contradictions of a configuration that several arms can have, each with its one sentence."""

from pathlib import Path

from skyloom.errors import InputError, meant


def named(key, name, section, known):
    """Refuse a name that none of the entries of a section has."""
    if name not in known:
        raise InputError(
            f"Configuration: {key} names {name!r}, which is not one of {section}; "
            f"{meant(name, known)}"
        )


def free(section, name, taken):
    """Refuse a name of an entry whose target is the workflow's own."""
    if taken:
        arm = section.partition(".")[0]
        raise InputError(
            f"Configuration: an entry of {section} is called {name!r}, but the target "
            f"{arm}_{name} is taken: choose another name."
        )


def readouts(section, training):
    """Refuse epochs of reading out after the last."""
    late = [epoch for epoch in training["readout_epochs"] if epoch > training["epochs"]]
    if late:
        raise InputError(
            f"Configuration: {section}.readout_epochs has {late[0]}, which is after the last of "
            f"{section}.epochs, {training['epochs']}."
        )


def shares(section, split):
    """Refuse shares of the sides that leave nothing to train on."""
    if split["validation"] + split["test"] >= 1:
        raise InputError(
            f"Configuration: {section}.validation and {section}.test leave nothing to train on: "
            "their sum must be below 1."
        )


def rising(key, span):
    """Refuse a range with the larger number first."""
    if not span[0] < span[1]:
        raise InputError(f"Configuration: {key} is {span}: the smaller number must come first.")


def there(key, path, kind="file or folder", exists=Path.exists):
    """Refuse a path where there is not what is wanted."""
    if path and not exists(Path(path).expanduser()):
        raise InputError(
            f"Configuration: {key} is {path!r}, which does not exist or is no {kind}: correct it."
        )


def network(arm, named, known):
    """Refuse a network to predict with that is none of a run's and no model folder.

    Parameters
    ----------
    arm, named : str
    known : iterable of str
        Networks that the run has or could train.
    """
    known = list(known)
    if named in known or (Path(named).expanduser() / "model.json").is_file():
        return
    looks = "/" in named or Path(named).expanduser().exists()
    raise InputError(
        f"Configuration: {arm}.prediction.model is {named!r}, "
        + (
            "which is no model folder: it has no model.json. Name one that `make models` wrote."
            if looks
            else f"which is no network of this run; {meant(named, known)}"
        )
    )
