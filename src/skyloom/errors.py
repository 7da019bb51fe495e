"""The one kind of error a user is meant to read."""


class InputError(ValueError):
    """Something outside the program is wrong and a person can put it right.

    Its message is one sentence that names the file, the field and the remedy; steps print it
    as the last line of their log, without a traceback.
    """


def nearest(name, known):
    """The member of `known` most like `name`, or None when none comes close.

    Parameters
    ----------
    name : str
    known : iterable of str
    """
    import difflib

    found = difflib.get_close_matches(str(name), sorted(map(str, known)), n=1, cutoff=0.4)
    return found[0] if found else None


def check_one_of(key, value, allowed):
    """Refuse a value that is none of those allowed; names the key and what it may be.

    Parameters
    ----------
    key : str
    value : object
    allowed : iterable of str

    Raises
    ------
    InputError
    """
    if value not in allowed:
        raise InputError(
            f"{key} is {value!r}, nearest is {nearest(value, allowed)!r}: "
            f"choose one of {', '.join(allowed)}."
        )


def check_keys(section, keys, known):
    """Refuse keys of a section of the configuration that it does not know.

    Raises
    ------
    InputError
    """
    for key in keys:
        if key not in known:
            raise InputError(
                f"{section} has the key {key!r}, nearest is {nearest(key, known)!r}: "
                "correct or remove it."
            )
