"""Names and numbers as they were written, where YAML and Snakemake take them for something else.

YAML 1.1 reads 2024_01 as the number 202401, 007 as 7, 2024-01-01 as a day and no as false
(https://yaml.org/type/int.html, bool.html, timestamp.html); Snakemake reads what ``--config`` says
with Python's ``int`` and ``float``, and 9.27 takes quotation marks off before. The name cannot be
won back from the number, but what was written can be read again. So it is with numbers: YAML reads
snapshot 067 as 55, in octal, and 1:30 as 90.

Like `step`, this module stands between Snakemake and the library.
"""

import contextlib
import re
import sys
from functools import cached_property
from pathlib import Path

import yaml

from skyloom.errors import InputError

_ZEROS = re.compile(r"[-+]?0[0-9]+", re.ASCII)
_SIXTIES = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?", re.ASCII)
# Either of them somewhere in a file.
_ANYWHERE = re.compile(r"(?<![\w.])0[0-9]|[0-9]:[0-9]", re.ASCII)


class Written:
    """The configuration's words as its files and the command line have them.

    Nothing is read before the first word is asked for: mostly none is.

    Parameters
    ----------
    files : sequence of str or Path
        YAML or JSON; later ones go before earlier ones.
    arguments : sequence of str
        ``key=value``, as ``--config`` takes them; they go before the files.
    unknown : sequence of str
        Keys of which something else decides.
    """

    def __init__(self, files=(), arguments=(), unknown=()):
        self.files, self.arguments, self.unknown = files, arguments, unknown

    @cached_property
    def _texts(self):
        texts = []
        for path in self.files:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                texts.append(Path(path).read_text(encoding="utf-8"))
        return texts

    @cached_property
    def _has_odd_numbers(self):
        return any(map(_ANYWHERE.search, self._texts))

    @cached_property
    def _words(self):
        from snakemake.utils import update_config

        words = {}
        for text in self._texts:
            said = _read(text)
            update_config(words, said if isinstance(said, dict) else {})
        for argument in self.arguments:
            key, _, text = argument.partition("=")
            update_config(words, {key: _read(text)})
        return {**words, **dict.fromkeys(self.unknown)}

    def at(self, path):
        """What stands at a path of keys and places in lists: a text, or dicts and lists of such.

        Returns
        -------
        str, dict, list or None
            None where nothing does.
        """
        found = self._words
        for key in path:
            try:
                found = found[key]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def name(self, value, path):
        """The text that was read as `value`, though a name was wanted.

        Raises
        ------
        InputError
            If it is not known.
        """
        text = self.at(path)
        return text if isinstance(text, str) and _reads_as(text, value) else _lost(value, path)

    def number(self, value, path):
        """The number that was meant by what was read as `value`; see `as_number`."""
        text = self.at(path) if self._has_odd_numbers else None
        odd = isinstance(text, str) and (_ZEROS.fullmatch(text) or _SIXTIES.fullmatch(text))
        return as_number(text) if odd and _reads_as(text, value) else value

    def key(self, value, path):
        """The same as `name` of a key of the mapping at `path`."""
        said = self.at(path)
        texts = [
            text for text in (said if isinstance(said, dict) else ()) if _reads_as(text, value)
        ]
        # Of two that are read alike, the second has replaced the first.
        return texts[0] if len(texts) == 1 else _lost(value, (*path, value))


def as_number(text):
    """What a text stands for where a number is wanted, or the text itself.

    It is decimal, zeros before it or not, as TNG names its snapshots; what YAML 1.1 would count in
    sixties is none.
    """
    if _ZEROS.fullmatch(text):
        return int(text)
    return text if _SIXTIES.fullmatch(text) else yaml.safe_load(text)


def _read(text):
    """A text as YAML in which every scalar is a string."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return text


def _reads_as(text, value):
    """Whether YAML, JSON or Snakemake read `text` as `value`."""
    for read in (yaml.safe_load, int, float):
        try:
            # Equality would not do: True equals 1, and NaN nothing.
            if repr(read(text)) == repr(value):
                return True
        except (ValueError, yaml.YAMLError):
            continue
    return False


def _lost(value, path):
    raise InputError(
        f"Configuration: {'.'.join(map(str, path))!r} should be a name and came as {value!r}, "
        "which is how YAML reads several names (202401 may have been 2024_01, True may have been "
        "yes): put the name in quotation marks."
    )


def wanted(schema):
    """Whether a value should be a name, and cannot be a number or a truth.

    Parameters
    ----------
    schema : dict
        Of the value.
    """
    if "enum" in schema:
        return all(isinstance(value, str) for value in schema["enum"])
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    return "string" in kinds and not kinds & {"number", "integer", "boolean"}


def of_run(workflow, words=None):
    """What the configuration of a run was written as.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    words : sequence of str, optional
        The command line; that of the process unless given.

    Returns
    -------
    Written
        Of a module's configuration, which other rules put together, nothing is known.
    """
    if not workflow.modifier.is_main_snakefile():
        return Written()
    arguments = workflow.config_settings.config_args or []
    words = sys.argv if words is None else words
    unknown = []
    for argument in arguments if workflow.is_main_process else ():
        key, _, text = argument.partition("=")
        if not any(word.endswith(argument) for word in words) and _is_how_python_writes(text):
            # Of a profile, whose number 2024_01 Snakemake hands on as run=202401.
            unknown.append(key)
    files = [*workflow.configfiles, *workflow.overwrite_configfiles]
    return Written(files, arguments, unknown)


def _is_how_python_writes(text):
    """Whether a number or a truth that was written otherwise would have this text too."""
    for read in (int, float):
        with contextlib.suppress(ValueError):
            return str(read(text)) == text
    return text in ("True", "False")
