"""How a key of the configuration is declared: once, as a field of a model.

Of the models `config.yaml`, the JSON Schema and the tables of `config/README.md` are written
(``make config``). A run reads what was written, and needs no pydantic.
"""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import core_schema

_T = TypeVar("_T")


class _Distinct:
    """No value of a list stands in it twice."""

    def __get_pydantic_core_schema__(self, source, handler):
        return core_schema.no_info_after_validator_function(_distinct, handler(source))

    def __get_pydantic_json_schema__(self, schema, handler):
        return {**handler(schema), "uniqueItems": True}


def _distinct(values):
    if len(set(map(repr, values))) < len(values):
        raise ValueError("a value stands twice")
    return values


#: Of a text that must be a whole line: JSON Schema's $ admits a line break at the end.
END = "$(?!\n)"
# A name that the user invents, which may become that of a file and of a target.
Name = Annotated[str, StringConstraints(pattern=rf"^[a-z0-9][a-z0-9_]*{END}")]
Positive = Annotated[float, Field(gt=0)]
#: Between all and nothing.
Share = Annotated[float, Field(gt=0, lt=1)]
Distinct = Annotated[list[_T], _Distinct()]
Several = Annotated[list[_T], Field(min_length=1), _Distinct()]
Pair = Annotated[list[_T], Field(min_length=2, max_length=2)]
# Entries by the names that the user gives them; at least one.
Named = Annotated[dict[Name, _T], Field(min_length=1)]


class Section(BaseModel):
    """Keys that a configuration must have all of; config.yaml gives each its default."""

    model_config = ConfigDict(
        extra="forbid", regex_engine="python-re", use_attribute_docstrings=True
    )


class Entry(Section):
    """One of what the user names, which needs its keys without default alone."""


@dataclass(frozen=True)
class Written:
    """What is written of a key beside its type and description.

    Attributes
    ----------
    default : object
        Its value in config.yaml; of a section, those in place of its keys' own defaults.
    text : str or None
        Of entries: how they stand in config.yaml, with their comments.
    shown : str or None
        Its default in the README, where that is in words.
    gap, flow : bool
        Whether an empty line stands before it in config.yaml, and whether it stands on one line.
    note : str
        A comment before it.
    like : str or None
        The arm whose key of the same name the README speaks of.
    """

    default: object = None
    text: str | None = None
    shown: str | None = None
    gap: bool = False
    flow: bool = False
    note: str = ""
    like: str | None = None


def _field(about, **bounds):
    return Field(json_schema_extra={"written": about}, **bounds)


def key(default=None, *, shown=None, gap=False, note="", like=None, **bounds):
    """A key with a value: its default, what else is written of it, and bounds as of `Field`.

    The text below a field is in two paragraphs: what the key is, in a few words with its unit, for
    the schema and the sentences of errors; and the README's sentence, if that says more, at whose
    beginning … stands for the first.
    """
    return _field(Written(default, shown=shown, gap=gap, note=note, like=like), **bounds)


def section(default=(), *, gap=False, flow=False, note="", like=None):
    """A key with keys of its own, and those of their defaults that are the section's."""
    return _field(Written(dict(default), gap=gap, flow=flow, note=note, like=like))


def entries(text, *, shown=None, gap=False, note="", like=None):
    """A key of which the user names the entries, with those of config.yaml as they stand there."""
    return _field(Written(text=text, shown=shown, gap=gap, note=note, like=like))


def may(**bounds):
    """A key that an entry need not have."""
    return Field(None, **bounds)


def any_of(*models):
    """All keys of these models as ones that an entry need not have, for `pydantic.create_model`."""
    return {
        name: (Annotated[own.annotation, *own.metadata, Field(description=own.description)], None)
        for model in models
        for name, own in model.model_fields.items()
    }


def written(field):
    """The `Written` of a field of a model."""
    return field.json_schema_extra["written"]
