"""The table of bad inputs: what is broken, and which words the user must be told.

A case is made by one of three decorators, by what should happen:

``refused``
    An InputError of one sentence.
``rejected``
    The arm goes on: the file is listed with one sentence, and all good files are kept.
``accepted``
    The input only looks hostile: the result is that of an ordinary one.

All take the arm, the kind of trouble and the words that the sentence must have (regular
expressions: the file, the field, the remedy). The function gets a folder of its own.
"""

import re
from typing import NamedTuple

#: What can be wrong, in the order of the printed table.
KINDS = (
    "missing file",
    "missing field",
    "wrong dtype",
    "wrong shape",
    "wrong unit",
    "NaN",
    "infinite",
    "empty",
    "truncated",
    "unreadable",
    "wrong snapshot",
    "absent chunk",
    "inconsistent counts",
    "unknown key",
    "contradictory values",
    "hostile name",
    "damaged",
    "duplicate",
)
ARMS = ("tng", "semantic", "xmm", "helium", "stellar", "sdss")


class Case(NamedTuple):
    """One bad input."""

    arm: str
    kind: str
    outcome: str
    name: str
    words: tuple
    run: object

    def __str__(self):
        return f"{self.arm}-{self.kind}-{self.name}".replace(" ", "_")


#: All cases, in the order in which they were written down.
TABLE = []


def _register(arm, kind, outcome, words):
    if arm not in ARMS or kind not in KINDS:
        raise ValueError(f"{arm}, {kind}: no such arm or kind")

    def add(run):
        TABLE.append(Case(arm, kind, outcome, run.__name__, words, run))
        return run

    return add


def refused(arm, kind, *words):
    """The decorated function must raise an InputError that has all the words."""
    return _register(arm, kind, "refused", words)


def rejected(arm, kind, *words):
    """The decorated function gives (names of good files, names kept, reason of the bad one)."""
    return _register(arm, kind, "rejected", words)


def accepted(arm, kind):
    """The decorated function gives two values that must be equal."""
    return _register(arm, kind, "accepted", ())


def for_each(register, arm, kind, table):
    """Register one case a row of a table: name -> (what is handed to the function, *words)."""

    def add(run):
        for name, (given, *words) in table.items():

            def one(folder, given=given):
                return run(folder, given)

            one.__name__ = f"{run.__name__}_{name}".replace(" ", "_")
            register(arm, kind, *words)(one)
        return run

    return add


def all_of(register, arm, tables, *always):
    """Register cases of several kinds: kind -> a table as for `for_each`; `always`: more words."""

    def add(run):
        for kind, table in tables.items():
            for_each(register, arm, kind, {n: (*row, *always) for n, row in table.items()})(run)
        return run

    return add


def check_sentence(text, words):
    """One sentence for a person, with all the words, and nothing of Python's in it."""
    assert "\n" not in text and len(text) < 700, text
    # What a schema says of a value ends with the value's type.
    assert text.rstrip().endswith((".", "?")) or text.startswith("Configuration:"), text
    assert not re.search(r"Traceback|<class |object at 0x|np\.\w+\(", text), text
    for word in words:
        assert re.search(word, text), f"{word!r} is not in: {text}"


def printed(table):
    """The number of cases by arm and kind, as lines of text."""
    lines = [f"{'':22}" + "".join(f"{arm:>10}" for arm in ARMS) + f"{'all':>8}"]
    for kind in KINDS:
        counts = [sum(case.arm == arm and case.kind == kind for case in table) for arm in ARMS]
        cells = "".join(f"{number or '':>10}" for number in counts)
        lines.append(f"{kind:22}{cells}{sum(counts):8}")
    counts = [sum(case.arm == arm for case in table) for arm in ARMS]
    lines.append(f"{'all':22}" + "".join(f"{n:10}" for n in counts) + f"{len(table):8}")
    return "\n".join(lines)
