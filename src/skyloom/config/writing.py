"""What is written of the models: config.yaml, the JSON Schema, the tables of the README."""

import json
import re
from typing import get_args

import yaml

from skyloom.arms.registry import ARMS
from skyloom.config.base import END, Entry, Section, written

_NUMBERS = "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_NUMBERS += " fifteen sixteen seventeen eighteen nineteen twenty"
_NUMBERS += " twenty-one twenty-two twenty-three twenty-four twenty-five"
#: A line of the README that says which keys the table below it has; `tng.grid.*` is all below it.
_MARK = re.compile(r"(<!-- keys: (.*?) -->\n).*?(?=\n\n|\n?\Z)", re.DOTALL)


def fields(model):
    """Fields of a model in their order: (name, field, what is written of it, its own model)."""
    for name, field in model.model_fields.items():
        yield name, field, written(field), _model(field.annotation)


def _model(kind):
    """The section that a key is, or may be."""
    kinds = [kind, *get_args(kind)]
    found = [one for one in kinds if isinstance(one, type) and issubclass(one, Section)]
    return found[0] if found and not issubclass(found[0], Entry) else None


def defaults(model, own=()):
    """The configuration of config.yaml, as nested dicts.

    Parameters
    ----------
    model : type
    own : dict
        Values in place of the keys' own defaults.
    """
    found = {}
    for name, _, about, inner in fields(model):
        if about.text is not None:
            found[name] = yaml.safe_load(about.text)
        elif inner and isinstance(about.default, dict):
            found[name] = defaults(inner, {**about.default, **dict(own).get(name, {})})
        else:
            found[name] = dict(own).get(name, about.default)
    return found


# ---------------------------------------------------------------------------------- config.yaml
def config_lines(model, values):
    """Lines of config.yaml: the keys of a section with its values and comments."""
    for name, _, about, inner in fields(model):
        if about.gap:
            yield ""
        yield from (f"# {line}" for line in about.note.splitlines())
        if about.text is not None:
            below = about.text.strip().splitlines()
        elif inner and not about.flow and values[name] is not None:
            below = config_lines(inner, values[name])
        else:
            yield f"{name}: {inline(values[name])}"
            continue
        yield f"{name}:"
        yield from (f"  {line}".rstrip() for line in below)


def inline(value):
    """A value as YAML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{inline(key)}: {inline(value[key])}' for key in value)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    if isinstance(value, str):
        return value if _plain(value) else json.dumps(value, ensure_ascii=False)
    return yaml.safe_dump(value).splitlines()[0]


def _plain(value):
    """Whether YAML reads a text in a list as that text, without quotation marks."""
    try:
        return yaml.safe_load(f"[{value}]") == [value]
    except yaml.YAMLError:
        return False


# ------------------------------------------------------------------------------------ the schema
def schema_lines(part, width=100):
    """Lines of a schema as YAML, in which what fits in one stands in one."""
    for name, own in part.items():
        line = f"{name}: {inline(own)}"
        if isinstance(own, dict) and len(line) > width:
            yield f"{name}:"
            yield from (f"  {below}" for below in schema_lines(own, width - 2))
        else:
            yield line


def schema(model):
    """The JSON Schema of a model, in which every part stands where it is used.

    A key that may be of several types has one list of them, so that an error speaks of the bound
    that is missed and not of alternatives.
    """
    made = model.model_json_schema()
    return _tidied(made, made.get("$defs", {}))


def _tidied(part, parts):
    """A part of what pydantic makes, in the order and with the words of ours."""
    if "$ref" in part:
        part = {**parts[part["$ref"].rsplit("/", 1)[1]], **part}
    if "anyOf" in part:
        part = {**part, **_merged([_tidied(one, parts) for one in part["anyOf"]])}
    if "const" in part:
        part = {**part, "enum": [part["const"]]}
    if "patternProperties" in part:
        ((pattern, entry),) = part["patternProperties"].items()
        part = {**part, "propertyNames": {"pattern": pattern}, "additionalProperties": entry}
    dropped = {
        "title",
        "default",
        "written",
        "$ref",
        "$defs",
        "anyOf",
        "const",
        "patternProperties",
    }
    # A list of words says their type.
    dropped |= {"type"} if "enum" in part else set()
    made = {name: part[name] for name in ("type", *part) if name in part and name not in dropped}
    for name in {"items", "additionalProperties"} & made.keys():
        made[name] = _tidied(made[name], parts) if isinstance(made[name], dict) else made[name]
    if "properties" in made:
        made["properties"] = {name: _tidied(own, parts) for name, own in made["properties"].items()}
    # The sentence of a word that is none of those allowed lists them, and needs no more.
    says = made.pop("description", "").partition("\n\n")[0]
    if says and "enum" not in made:
        made["description"] = " ".join(says.replace("`", "").split())
    return made


def _merged(alternatives):
    """One schema of several that differ in type: their bounds speak of one type each."""
    kinds, merged = [], {}
    for one in alternatives:
        if "enum" in one:
            (word,) = one["enum"]
            one = {"type": "string", "pattern": f"^{word}{END}"}
        kinds.append(one.pop("type"))
        if clash := merged.keys() & one.keys():
            raise ValueError(f"two types of one key both have {sorted(clash)}")
        merged |= one
    return {"type": kinds, **merged}


# ----------------------------------------------------------------------------------- the README
def readme(text, model):
    """The text of config/README.md with its tables made anew."""
    table = {}
    for name, *cells in _rows(model, "", defaults(model), None):
        table[name] = " | ".join(["", f"`{name}`", *cells, ""]).strip().replace("|  |", "| |")

    def made(match):
        wanted = match[2].split()
        # A key stands in the first table that it is of.
        chosen = [
            table.pop(name) for name in list(table) if any(_is_of(name, one) for one in wanted)
        ]
        return "\n".join([f"{match[1]}| key | default | meaning |", "|---|---|---|", *chosen])

    text = _MARK.sub(made, text)
    # An arm that the README does not speak of yet has a section of its own at the end.
    for arm in [name for name in table if name in ARMS]:
        text += _MARK.sub(made, f"\n## {arm}\n\n<!-- keys: {arm}.* -->\n\n")
    if table:
        raise ValueError(f"config/README.md has no table for {', '.join(table)}")
    return text


def _is_of(name, pattern):
    section = pattern.removesuffix(".*")
    return name == section or (section != pattern and name.startswith(f"{section}."))


def _rows(model, prefix, values, like):
    """(dotted name, default, meaning) of all keys."""
    for name, field, about, inner in fields(model):
        dotted, value, other = f"{prefix}{name}", (values or {}).get(name), like or about.like
        meaning = _told(field.description or "")
        if other:
            meaning = f"as `{other}.{dotted.partition('.')[2]}`"
        yield dotted, _shown(value, about, inner) if values is not None else "", meaning
        if inner:
            yield from _rows(inner, f"{dotted}.", value, other)


def _shown(value, about, inner):
    if about.shown is not None:
        return about.shown
    if inner and isinstance(value, dict):
        return ""
    if about.text is not None:
        return _NUMBERS.split()[len(value)]
    return f"`{inline(value)}`" if isinstance(value, list | str) else inline(value)


def _told(text):
    """The README's sentence of the text below a field."""
    says, _, tells = (part.strip() for part in text.partition("\n\n"))
    whole = says + tells.removeprefix("…") if tells.startswith("…") else tells or says
    return " ".join(whole.split())
