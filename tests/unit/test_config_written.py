"""What is written of the configuration's models is what is committed, and says what they say."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from refusal import refused

from skyloom.config import writing
from skyloom.config.__main__ import files
from skyloom.config.base import Entry, Section, entries, key, may, section
from skyloom.config.models import Configuration


def test_files_of_the_configuration_are_what_the_models_say():
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is old: make config writes it"


def test_a_model_takes_its_own_defaults_and_no_unknown_key():
    config = writing.defaults(Configuration)
    Configuration.model_validate(config)
    config["tng"]["grid"]["bin"] = 1
    refused(r"tng\.grid\.bin", Configuration.model_validate, config, error=ValidationError)


def _objects(part):
    if isinstance(part, dict):
        if "object" in part.get("type", ()):
            yield part
        for own in part.values():
            yield from _objects(own)


def test_the_schema_refuses_unknown_keys_everywhere_and_wants_every_key_of_a_section():
    found = list(_objects(writing.schema(Configuration)))
    assert len(found) > 60
    for part in found:
        # Entries by name have a schema of their own.
        assert part["additionalProperties"] is False or isinstance(
            part["additionalProperties"], dict
        )
        assert "properties" in part or part["additionalProperties"]


class Inner(Section):
    size: int = key(3, ge=1)
    """pixels a side"""
    words: list[str] = key(["80_20", "no"])
    """words

    …; `no` is one
    """


class One(Entry):
    kind: str
    sigma: float | str = may()


class Outer(Section):
    first: int | None = key(None, ge=2)
    """seconds; null waits"""
    inner: Inner = section({"size": 4}, gap=True, note="Of its own.")
    """what is inside"""
    flat: Inner = section(flow=True, like="other")
    named: dict[str, One] = entries("\n# The only one.\na: {kind: b}\n", gap=True)
    """things by name

    things, with `kind`
    """


CONFIG = """\
first: null

# Of its own.
inner:
  size: 4
  words: ["80_20", "no"]
flat: {size: 3, words: ["80_20", "no"]}

named:
  # The only one.
  a: {kind: b}"""

README = """\
Before.

<!-- keys: outer first inner.* -->
| key | default | meaning |
|---|---|---|
| `first` | null | seconds; null waits |
| `inner` | | what is inside |
| `inner.size` | 4 | pixels a side |
| `inner.words` | `["80_20", "no"]` | words; `no` is one |

Between.

<!-- keys: flat.* named -->
| key | default | meaning |
|---|---|---|
| `flat` | | as `other.` |
| `flat.size` | 3 | as `other.size` |
| `flat.words` | `["80_20", "no"]` | as `other.words` |
| `named` | one | things, with `kind` |
"""


def test_defaults_are_written_with_comments_gaps_and_quotation_marks():
    values = writing.defaults(Outer)
    assert "\n".join(writing.config_lines(Outer, values)) == CONFIG
    assert yaml.safe_load(CONFIG) == values


def test_tables_of_the_readme_are_made_anew_and_the_words_around_them_stay():
    old = README.replace("| `first` | null | seconds; null waits |\n", "| `gone` | 1 | 2 |\n")
    assert writing.readme(old, Outer) == README
    with pytest.raises(ValueError, match="no table for named"):
        writing.readme(README.replace(" named -->", " -->"), Outer)


def test_a_key_of_several_types_has_one_list_of_them_with_the_bounds_of_each():
    made = writing.schema(Outer)
    assert made["properties"]["first"] == {
        "type": ["integer", "null"],
        "minimum": 2,
        "description": "seconds; null waits",
    }
    assert made["required"] == ["first", "inner", "flat", "named"]
    assert made["properties"]["named"]["additionalProperties"]["required"] == ["kind"]


# YAML has no control characters, and one sort of line break.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"], max_codepoint=0x2FF))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | TEXT,
        lambda part: (
            st.lists(part) | st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), part)
        ),
    )
)
def test_what_is_written_on_one_line_is_read_again_as_it_was(value):
    assert yaml.safe_load(writing.inline([value])) == [value]
