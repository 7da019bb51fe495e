"""What Snakemake would misread or drop of its command line, said in one sentence.

After ``--configfile`` it takes every word for a file, so a target there ends in a traceback before
any rule is read; of two such flags it keeps the last alone and says nothing (snakemake issue 1269;
the same holds for ``--config``). The profile ``workflow/profiles/default`` is read before the
files, so it is there that `stop` is called; ``common.smk`` calls `check_flags` for whoever takes
another.

Like `messages`, and unlike the library, this module knows Snakemake; it imports nothing heavy,
because every command waits for it.
"""

import os
import re
import shlex
import shutil
import sys
from itertools import chain
from pathlib import Path

from skyloom.errors import InputError, nearest

# A flag may be shortened, have its value within, and be the last of a row of letters.
_FLAGS = (
    ("--configfile", re.compile(r"--configf(?:i(?:l(?:es?)?)?)?(?:=(?P<value>.+))?", re.DOTALL)),
    ("--config", re.compile(r"--config(?:=(?P<value>.+))?", re.DOTALL)),
    ("--config", re.compile(r"-[nkpFf]*C(?P<value>.+)?", re.DOTALL)),
)
# Words of a command that starts no job.
_PLANS = re.compile(
    r"-[pkFfRq]*n[pkFfRq]*|-h|-v|--(dry-?run|list.*|unlock|report.*|dag|rulegraph|filegraph|lint"
    r"|summary|detailed-summary|help|version|cleanup.*)"
)
_SUFFIXES = (".yaml", ".yml", ".json")


def given():
    """Words of the command line if this process is Snakemake's own; none in a program that uses it.

    Returns
    -------
    list of str
    """
    program = Path(sys.argv[0])
    module = program.name == "__main__.py" and program.parent.name == "snakemake"
    return sys.argv[1:] if module or program.stem == "snakemake" else []


def split(words):
    """A command line by its flags of configuration.

    Parameters
    ----------
    words : list of str
        Without the program.

    Returns
    -------
    flags : dict
        ``--configfile`` and ``--config``: one list of values for each time that it stands there.
    others : list of str
        All other words, in their order.
    """
    flags, others, taking = {name: [] for name, _ in _FLAGS}, [], None
    end = words.index("--") if "--" in words else len(words)
    for word in words[:end]:
        flag, value = _flag(word)
        if flag:
            flags[flag].append([] if value is None else [value])
            # A value within the word is the only one.
            taking = flags[flag][-1] if value is None else None
        elif word.startswith("-"):
            taking = None
            others.append(word)
        else:
            (others if taking is None else taking).append(word)
    return flags, others + words[end:]


def _flag(word):
    for name, pattern in _FLAGS:
        if match := pattern.fullmatch(word):
            return name, match["value"]
    return None, None


def check(words):
    """Raise an InputError for what would be misread or dropped.

    Parameters
    ----------
    words : list of str
        Without the program.

    Raises
    ------
    InputError
        Its sentence ends with the command as it is meant.
    """
    flags, others = split(words)
    files, pairs = (list(chain.from_iterable(values)) for values in flags.values())
    _check_pairs(pairs)
    strays = {
        "a configuration file": [word for word in files if _is_target(word)],
        "KEY=VALUE": [word for word in pairs if "=" not in word],
    }
    targets = [word for words in strays.values() for word in words]
    files, pairs = ([word for word in some if word not in targets] for some in (files, pairs))
    meant = _command(targets, others, files, pairs)
    for taken, found in strays.items():
        if found:
            flag = "--config" if taken == "KEY=VALUE" else "--configfile"
            raise InputError(
                f"{' '.join(found)} stands after {flag}, where Snakemake takes every word for "
                f"{taken}: targets stand before it. Write: {meant}"
            )
    check_flags(words, meant)
    for path in map(Path, files):
        if not path.exists():
            near = nearest(path.name, (file.name for file in path.parent.glob("*.y*ml")))
            hint = f", perhaps {path.with_name(near)}" if near else ""
            raise InputError(
                f"There is no file {path}, which --configfile names{hint}: correct the name; "
                "if it is a target, put it before --configfile."
            )


def check_flags(words, meant=None):
    """Raise an InputError if of two flags the first would be dropped; asks for no file.

    Parameters
    ----------
    words : list of str
        Without the program.
    meant : str, optional
        The command as it is meant; without it all values are taken as they stand.
    """
    flags, others = split(words)
    for flag, lists in flags.items():
        if len(lists) > 1:
            meant = meant or _command([], others, *map(chain.from_iterable, flags.values()))
            raise InputError(
                f"{flag} stands there {len(lists)} times, of which Snakemake drops all but the "
                f"last without a word: give all after one. Write: {meant}"
            )


def _check_pairs(pairs):
    whole = _unquoted(pairs)
    if whole:
        raise InputError(
            f"The shell cuts a value of --config at its blanks: write {shlex.quote(whole)}."
        )
    for pair in pairs:
        key, given, value = pair.partition("=")
        if given and "." in key:
            raise InputError(
                f"{key} is a key within another, which --config takes in braces: write "
                f"{_nested(key, value)}."
            )


def _command(targets, others, files, pairs):
    end = others.index("--") if "--" in others else len(others)
    named = (("--configfile", [*files]), ("--config", [*pairs]))
    flags = [word for flag, values in named if values for word in (flag, *values)]
    return shlex.join(["snakemake", *targets, *others[:end], *flags, *others[end:]])


def _unquoted(pairs):
    """The value that was written with blanks and without quotes, put together again, or None."""
    whole = ""
    for word in pairs:
        whole = f"{whole} {word}" if whole else word
        if all(whole.count(a) == whole.count(b) for a, b in ("[]", "{}")):
            if whole != word:
                return whole
            whole = ""
    return None


def _nested(key, value):
    from configuration import load_schema
    from skyloom import schema

    path, kind = key.split("."), load_schema()
    for name in path:
        kind = kind.get("properties", {}).get(name, {})
    if kind.get("type") in ("array", ["array", "null"]) and not value.startswith("["):
        value = f"[{value}]"
    return schema.assignment(path, value)


def _is_target(word):
    """Whether a word is no configuration file by its name and by what lies there."""
    path = Path(word)
    if path.is_dir():
        return True
    if path.suffix in _SUFFIXES:
        return False
    # A pipe can be read only once.
    return not path.exists() or (path.is_file() and not _is_mapping(path))


def _is_mapping(path):
    from snakemake.common.configfile import load_configfile

    try:
        load_configfile(path)
    except Exception:  # whatever is in it
        return False
    return True


def check_programs(words, programs):
    """Raise an InputError for programs that a run needs and that are not there.

    Parameters
    ----------
    words : list of str
        Without the program; where they only plan or list, nothing is needed.
    programs : sequence of str
        Of a scheduler.
    """
    missing = [name for name in programs if not shutil.which(name)]
    if missing and not any(map(_PLANS.fullmatch, words)):
        raise InputError(
            f"This machine has no {' and no '.join(missing)}, which the profile needs: run "
            "this on the cluster's login node, or without --profile for this machine alone; -n "
            "plans anywhere."
        )


def check_cache(environment):
    """Raise an InputError if Snakemake could not keep its cache, which it would end with.

    Parameters
    ----------
    environment : mapping
        The environment's variables.
    """
    if sys.platform != "linux":  # elsewhere the cache is at another place
        return
    cache = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    try:
        (Path(cache) / "snakemake").mkdir(parents=True, exist_ok=True)
        writable = os.access(Path(cache) / "snakemake", os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise InputError(
            f"The folder {cache} cannot be written, where Snakemake keeps files between runs: set "
            "XDG_CACHE_HOME, or HOME, to a folder of yours that can."
        )


def stop(*programs):
    """End this process with the sentence of a check, if one has one.

    Parameters
    ----------
    *programs : str
        Those that the profile's jobs need.
    """
    try:
        check(given())
        if given():
            check_programs(given(), programs)
            check_cache(os.environ)
    except InputError as error:
        sys.exit(f"skyloom: {error}")
