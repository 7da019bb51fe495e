"""What ``snakemake --list-target-rules`` prints: a line for each family of targets.

Every dataset, network and figure is a target by its own name, of which there are hundreds.
Snakemake prints a line for each rule; here rules of one arm and one docstring share a line.

Like `messages`, and unlike the library, this module knows Snakemake.
"""

import re

from snakemake.rules import Rule


def watch(workflow):
    """Print families where Snakemake would print every target; `--list-rules` is as it was.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    """
    every_rule = workflow.list_rules

    def listed(only_targets=False):
        if not only_targets:
            return every_rule()
        targets = [rule for rule in workflow.rules if not Rule.has_wildcards(rule)]
        print("\n".join(lines((rule.name, rule.docstring) for rule in targets)))

    workflow.list_rules = listed


def lines(targets):
    """Targets as lines of text.

    Parameters
    ----------
    targets : iterable of (str, str or None)
        Name and docstring of each.

    Returns
    -------
    list of str
        ``tng_{dataset} (One dataset and only what it needs: tng_entropy tng_mass)``: the wildcard
        is the noun that the docstring counts.
    """
    families = {}
    for name, said in targets:
        key = (name.partition("_")[0], said) if said else (name, None)
        families.setdefault(key, []).append(name)
    return sorted(_line(sorted(names), said) for (_, said), names in families.items())


def _line(names, said):
    if len(names) == 1:
        return f"{names[0]} ({said})" if said else names[0]
    before = _common(names)
    after = _common([name[len(before) :][::-1] for name in names])[::-1]
    counted = re.search(r"\bone (\w+)", said, re.IGNORECASE)
    family = f"{before}{{{counted[1] if counted else 'name'}}}{after}"
    return f"{family} ({said.rstrip('.')}: {' '.join(names)})"


def _common(names):
    """What names begin with, up to the end of a word."""
    first, last = min(names), max(names)
    same = 0
    while same < len(first) and first[same] == last[same]:
        same += 1
    return re.match(r"(.*_)?", first[:same])[0]
