"""Check a nested mapping against a JSON Schema and say what is wrong in one sentence."""

from __future__ import annotations

import json
import re
import shlex

from skyloom.errors import InputError, nearest
from skyloom.extras import extra

with extra("workflow"):
    from jsonschema import Draft202012Validator


# Which of several errors is told.
_SLIPS = {"additionalProperties": 0, "enum": 1}


def _dotted(path):
    return ".".join(str(part) for part in path)


def _unknown_keys(error, path):
    known = list(error.schema.get("properties", {}))
    sentences = []
    for key in sorted(set(error.instance) - set(known), key=str):
        guess = nearest(key, known)
        hint = f"did you mean {_dotted([*path, guess])!r}?" if guess else ""
        first, *within = str(key).split(".")
        if within and first in known:
            inside = _braces([first, *within], _text(error.instance[key]))
            hint = f"a key within another stands in braces or below it, write {inside}."
        choices = f"Known here: {', '.join(sorted(known))}."
        sentences.append(f"unknown key {_dotted([*path, key])!r}: {hint} {choices}")
    return " ".join(" ".join(sentences).split())


def _sentence(error):
    path = list(error.absolute_path)
    name = repr(_dotted(path)) if path else "the configuration"
    if error.validator == "not" and "required" in error.validator_value:
        (key,) = error.validator_value["required"]
        others = {name: value for name, value in error.instance.items() if name != key}
        beside = ", ".join(f"{name}: {value}" for name, value in others.items())
        return f"{_dotted([*path, key])!r} has no meaning beside {beside}: take it out"
    if error.validator == "additionalProperties":
        return _unknown_keys(error, path)
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{name} lacks the key {', '.join(missing)}"
    if error.validator == "enum":
        allowed = ", ".join(str(value) for value in error.validator_value)
        guess = nearest(error.instance, error.validator_value)
        hint = f" Did you mean {guess!r}?" if guess else ""
        return f"{name} is {error.instance!r}, but must be one of {allowed}.{hint}"
    if error.validator == "pattern" and "propertyNames" in error.absolute_schema_path:
        tame = re.sub(r"[^a-z0-9]+", "_", str(error.instance).lower()).strip("_")
        write = f"write {tame!r}" if tame else "choose another one"
        return (
            f"{_dotted([*path, error.instance])!r} has a name with more than small letters, "
            f"digits and _: {write}"
        )
    if error.validator == "type" and error.validator_value == "object":
        return f"{name}{_meaning(error)} is {error.instance!r}, but {_keys_of(error)}"
    if error.validator == "minimum":
        least = error.validator_value
        return f"{name}{_meaning(error)} is {error.instance!r}, but must be at least {least}"
    if _wants_list(error):
        return f"{name}{_meaning(error)} is {error.instance!r}, but must be {_as_list(error, path)}"
    return f"{name}{_meaning(error)} is {error.instance!r}: {error.message}"


def _meaning(error):
    description = error.schema.get("description") if isinstance(error.schema, dict) else None
    return f" ({description})" if description else ""


def _keys_of(error):
    """What a value is told that stands where keys are wanted: one of them may take it."""
    keys = error.schema.get("properties", {})
    if not keys:
        return "must be entries by name"
    takes = (key for key, own in keys.items() if Draft202012Validator(own).is_valid(error.instance))
    fits = next(takes, None)
    path = [*error.absolute_path, fits or next(iter(keys))]
    value = _text(error.instance) if fits else "…"
    return f"holds the keys {', '.join(keys)}: write for example {_braces(path, value)}"


def _text(value):
    return json.dumps(value, default=str).replace('"', "")


def _braces(path, text):
    """A key within others as YAML has it in one line: ``tng: {grid: {bins: 128}}``."""
    for key in reversed(path[1:]):
        text = f"{{{key}: {text}}}"
    return f"{path[0]}: {text}"


def _wants_list(error):
    types = error.validator_value if error.validator == "type" else ()
    return "array" in ([types] if isinstance(types, str) else types) and not isinstance(
        error.instance, dict
    )


def _as_list(error, path):
    """What a value that stands alone would be as a list: 'a list: write [helium], …'."""
    allowed = error.schema.get("items", {}).get("enum", ())
    text = "" if error.instance is None else str(error.instance)
    parts = [part for part in re.split(r"[,\s]+", text) if part]
    among = ""
    if not parts or (allowed and not {*parts} <= {*map(str, allowed)}):
        among, parts = f" of {', '.join(map(str, allowed))}" if allowed else "", [*allowed]
    parts += ["…"] * (max(error.schema.get("minItems", 1), 1) - len(parts))
    written = f"[{', '.join(map(str, parts))}]"
    if any(isinstance(part, int) for part in path):
        return f"a list{among}: write {written}"
    return (
        f"a list{among}: write {written}, on the command line --config {assignment(path, written)}"
    )


def assignment(path: list[str], text: str) -> str:
    """A key as Snakemake's ``--config`` takes it, quoted for the shell.

    Parameters
    ----------
    path : list of str
        The key's names from the outermost.
    text : str
        Its value.

    Returns
    -------
    str
        ``'tng={cases: [mass]}'`` of ``["tng", "cases"]`` and ``[mass]``.
    """
    return shlex.quote(_braces(path, text).replace(": ", "=", 1))


def check(mapping: dict, schema: dict) -> None:
    """Raise an InputError that names the first wrong key of `mapping`.

    Parameters
    ----------
    mapping : dict
        For example a configuration.
    schema : dict
        A JSON Schema (draft 2020-12).

    Raises
    ------
    InputError
        One sentence with the key's dotted name; an unknown key comes with its nearest valid one,
        a wrong value with what is allowed.
    """
    errors = sorted(
        Draft202012Validator(schema).iter_errors(mapping),
        # An unknown key is the likeliest slip and explains the others, so it comes first; then a
        # word that is none of those allowed, for what stands beside it depends on it.
        key=lambda error: (_SLIPS.get(error.validator, 2), list(map(str, error.path))),
    )
    if errors:
        raise InputError(f"Configuration: {_sentence(errors[0])}")
