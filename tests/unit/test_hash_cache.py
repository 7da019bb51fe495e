"""What was worked out from source files is found again only as long as they are the same bytes."""

import atexit

import pytest

from skyloom.record import code_hash
from skyloom.record.hash_cache import Kept


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Two files by name; nothing is written when this process ends."""
    monkeypatch.setattr(atexit, "register", lambda write: None)
    names = ("a.py", "b.py")
    for name in names:
        (tmp_path / name).write_text(f"{name[0]} = 1\n")
    return {name: tmp_path / name for name in names}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept.json"


def never():
    raise AssertionError("it was worked out again")


def filled(path, sources):
    kept = Kept(path, sources)
    assert kept.get("key", lambda: "value") == "value"
    kept.write()
    return path.read_text()


def test_equal_sources_elsewhere_find_it(path, sources, tmp_path):
    filled(path, sources)
    (tmp_path / "elsewhere").mkdir()
    moved = {name: source.rename(tmp_path / "elsewhere" / name) for name, source in sources.items()}
    assert Kept(path, moved).get("key", never) == "value"


@pytest.mark.parametrize(
    "edit",
    [
        lambda sources: sources["b.py"].write_text("b = 1 \n"),
        lambda sources: sources.pop("b.py"),
        lambda sources: sources.update({"c.py": sources.pop("b.py")}),
        lambda sources: sources["a.py"].rename(sources["b.py"]) and sources.pop("a.py"),
    ],
)
def test_another_byte_or_name_of_a_source_forgets_it(path, sources, edit):
    filled(path, sources)
    edit(sources)
    assert Kept(path, sources).get("key", lambda: "new") == "new"


@pytest.mark.parametrize("cut", [0, 1, 20, -1])
def test_a_damaged_file_is_as_none(path, sources, cut):
    path.write_text(filled(path, sources)[:cut])
    assert Kept(path, sources).get("key", lambda: "new") == "new"


def test_a_folder_that_cannot_be_written_to_costs_nothing_else(sources, tmp_path):
    kept = Kept(tmp_path / "missing" / "kept.json", sources)
    assert kept.get("key", lambda: "value") == "value"
    kept.write()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "b.py"]


def test_hashes_and_imports_of_steps_are_found_by_the_next_process(path, sources, monkeypatch):
    root, script = path.parent, sources["a.py"]
    script.write_text("import b\nprint(b.b)\n")
    try:
        code_hash.keep(path)
        found = code_hash.fingerprint(script, root), code_hash.imports(script, root)
        code_hash._library(root).kept.write()
        code_hash.forget()
        monkeypatch.setattr(code_hash._Library, "reached", lambda *_: never())
        assert (code_hash.fingerprint(script, root), code_hash.imports(script, root)) == found
        assert found[1] == {"b"}
        monkeypatch.undo()
        sources["b.py"].write_text("b = 2\n")
        code_hash.forget()
        assert code_hash.fingerprint(script, root) != found[0]
    finally:
        code_hash.keep(None)
        code_hash.forget()
