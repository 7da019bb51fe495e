"""What a job is given, with names and in order, so that Snakemake sees whatever changes of it.

Of a finished job, Snakemake 9.27 keeps the texts of its parameters' values and the names of its
input files, both sorted and neither with the names that a rule calls them by. Two values or two
inputs that change places are no change to it, nor is what a function returns that asks for
``input`` or ``output``, nor a value of a kind that it does not know, such as a `Path`. Every step
therefore has one parameter more, a hash of all this.

Like `step`, this module knows Snakemake.
"""

import hashlib
import inspect
import json

#: The parameter's name.
GIVEN = "given"
#: Parameters that are for readers, on which no output depends.
SAID = ("caption",)


def keep(rules, steps):
    """Give rules the parameter by which Snakemake sees what else their jobs are given.

    Parameters
    ----------
    rules : iterable of snakemake.rules.Rule
    steps : list
        Values of the parameter ``code``: only rules with one of them are meant.
    """
    # Another workflow's rule may have an array of that name, which is not simply equal or not.
    known = set(map(id, steps))
    for rule in rules:
        if id(rule.params.get("code")) in known and GIVEN not in rule.params.keys():
            items = [item for item in rule.params._allitems() if item[0] not in SAID]
            rule.set_params(**{GIVEN: _given(items)})


def digest(values, inputs):
    """A hash of parameters by name, and of inputs by name and in order.

    Parameters
    ----------
    values : dict
    inputs : iterable of (str or None, str or iterable of str)

    Raises
    ------
    TypeError
        For an array, a set, a `Path` or another object, of which Snakemake itself sees no change,
        or always one.
    """
    files = [[name, own if isinstance(own, str) else list(own)] for name, own in inputs]
    text = json.dumps([values, files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _given(items):
    """The function of a rule with these parameters (name, value or function)."""

    # Snakemake keeps what a function returns that does not name what it asks for.
    def given(wildcards, **job):
        values = {name: _value(item, wildcards, job) for name, item in items}
        return digest(values, job["input"]._allitems())

    return given


def _value(item, wildcards, job):
    """The value of a parameter; results depend neither on threads nor on other resources."""
    if not callable(item):
        return item
    wanted = inspect.signature(item).parameters
    return item(wildcards, **{name: job[name] for name in ("input", "output") if name in wanted})
