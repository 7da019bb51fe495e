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
