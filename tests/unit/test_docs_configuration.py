"""config/README.md says of every key what config.yaml has and what the schema allows."""

import re
from pathlib import Path

import yaml

import configuration

ROOT = Path(__file__).parents[2]
# What stands in the column of defaults where a list is too long to be written out.
_NUMBER = r"one|two|three|four|five|six|seven|eight|ten|twenty(-\w+)?"
_IN_WORDS = re.compile(rf"^(\w+ values|({_NUMBER})|some \w+|all \w+|tables \S+)$")


def rows():
    """(default, meaning) of each documented key, as they are written."""
    found = {}
    for line in (ROOT / "config" / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            key, default, meaning = (cell.strip() for cell in line.split(" |", 2))
            found[key.strip("| `")] = (default.strip("| "), meaning.strip("| "))
    return found


def value(config, key):
    """A key's value in config.yaml; KeyError where it has none."""
    for part in key.split("."):
        config = config[part]
    return config


def written(default):
    """What a default as written says; None where it says it in words."""
    if not default or "…" in default or _IN_WORDS.match(default):
        return None
    text = default.replace("1/3", repr(1 / 3))
    names = re.findall(r"`([^`]*)`", text)
    # `clean`, `snr_100`: names of entries; one name is a value.
    return names if len(names) > 1 else yaml.safe_load(names[0] if names else text)


def leaves(schema, prefix=""):
    """Every key of a schema with its own part."""
    for name, part in schema.get("properties", {}).items():
        yield f"{prefix}{name}", part
        yield from leaves(part, f"{prefix}{name}.")


def choices(part):
    """Words that a key may be, itself or each of its items."""
    items = part.get("items") or {}
    return [word for word in part.get("enum", items.get("enum", [])) if word is not None]


def test_every_default_that_is_written_is_that_of_config_yaml():
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    wrong, compared = {}, 0
    for key, (default, _) in rows().items():
        said = written(default)
        if said is None and default != "null":
            continue
        compared += 1
        actual = value(config, key)
        actual = list(actual) if isinstance(actual, dict) else actual
        if said != actual:
            wrong[key] = (said, actual)
    assert wrong == {}
    assert compared > 150


def test_every_choice_that_the_schema_allows_is_named_beside_its_key():
    table, missing, compared = rows(), {}, 0
    for key, part in leaves(configuration.load_schema()):
        default, meaning = table[key]
        # "as `helium.x`"
        other = re.match(r"as `([\w.]+)`", meaning)
        text = default + meaning + (" ".join(table[other[1]]) if other else "")
        section = table[key.rpartition(".")[0]] if "." in key else ("", "")
        # `TNG50-1` to `-4`
        for name, first, last in re.findall(r"`(\w+)-(\d)` to `-(\d)`", text):
            text += "".join(f" {name}-{k}" for k in range(int(first), int(last) + 1))
        words = set(re.findall(r"[\w-]+", text + " ".join(section)))
        lost = [word for word in choices(part) if str(word) not in words]
        compared += len(choices(part))
        if lost:
            missing[key] = lost
    assert missing == {}
    assert compared > 60
