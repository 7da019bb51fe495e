"""Nothing executes what it reads: the source is searched, and hostile files are read."""

import ast
import http.server
import re
import threading
from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.io import fits
from astropy.table import Table
from refusal import refused

from skyloom.archives import download, requests
from skyloom.arms.spectra import observed
from skyloom.arms.xmm import images, inventory, observations
from skyloom.errors import InputError
from skyloom.io.files import read_table

ROOT = Path(__file__).parents[2]
FOLDERS = ("scripts", "src", "workflow", "tests", "benchmarks")
# Modules whose only use is to run, or to make objects of, what they read.
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
BUILTINS = {"eval", "exec", "compile", "__import__", "input"}
SHELL = {"system", "popen", "spawnl", "spawnlp", "spawnv", "spawnvp", "getoutput"}
YAML = {"load", "load_all", "full_load", "full_load_all", "unsafe_load", "unsafe_load_all"}
UNPACK = {"extract", "extractall", "unpack_archive"}
# The documentation's own examples are run, to show that they work.
_EXAMPLES = ("unit/test_encoding.py", "unit/test_semantic_profiles.py")
_EXAMPLES += ("workflow/test_export_targets.py",)
ALLOWED = {f"tests/{name}": "exec() runs text" for name in _EXAMPLES}
# These hold hostile files on purpose.
HOSTILE_ON_PURPOSE = ("test_security.py", "test_security_networks.py")


def _literal(call, name):
    """The constant given to a keyword of a call; None where it is not given or no constant."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return getattr(keyword.value, "value", "not a constant")
    return None


def _called(node):
    """(what stands before the last dot, name) of a call: ("os", "system"), ("", "open")."""
    function = node.func
    if isinstance(function, ast.Attribute):
        return getattr(function.value, "id", ""), function.attr
    return None, getattr(function, "id", "")


def _wrong_call(node):
    """Why a call may run what it reads, or None."""
    before, name = _called(node)
    if before is None and name in BUILTINS:
        return f"{name}() runs text"
    shell = _literal(node, "shell")
    if (before in (None, "os", "subprocess") and name in SHELL) or (
        shell is True or (shell and before == "subprocess")
    ):
        return "a shell reads the names in its command"
    loaders = [keyword.value for keyword in node.keywords if keyword.arg == "Loader"]
    # These make nothing but strings, numbers, dates, lists and dicts.
    safe = [getattr(loader, "attr", None) for loader in loaders] in (
        ["BaseLoader"],
        ["CSafeLoader"],
    )
    if before == "yaml" and name in YAML and not safe:
        return "yaml.safe_load makes no objects"
    if _literal(node, "allow_pickle") not in (None, False) or name == "read_pickle":
        return "a pickle runs what it says"
    if name in UNPACK and _literal(node, "filter") != "data":
        return "members of an archive name their own paths"
    if name == "load_model" and _literal(node, "safe_mode") is not True:
        return "a Lambda layer runs what it says unless safe_mode is True"
    if name == "enable_unsafe_deserialization" or (before, name) == ("tempfile", "mktemp"):
        return f"{name} is unsafe"
    return "a server must prove its name" if _literal(node, "verify") is False else None


# A source with none of these needs no closer look.
_CALLS = {*BUILTINS, *SHELL, *YAML, *UNPACK, "read_pickle", "load_model", "mktemp"}
_CALLS |= {"enable_unsafe_deserialization"}
_SUSPECT = re.compile(
    rf"\b({'|'.join(sorted(_CALLS))})\(|\b({'|'.join(sorted(MODULES))})\b"
    r"|\b(shell|allow_pickle|verify)="
)


def wrong_in(source):
    """What in a Python source may run what it reads: list of (line, reason)."""
    found = []
    if not _SUSPECT.search(source):
        return found
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            names = {name.split(".")[0] for name in names} & MODULES
            found += [(node.lineno, f"{name} runs what it reads") for name in sorted(names)]
        elif isinstance(node, ast.Call) and (reason := _wrong_call(node)):
            found.append((node.lineno, reason))
    return found


def _sources(*suffixes):
    return sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if (path.suffix in suffixes or path.name in suffixes)
        and path.name not in HOSTILE_ON_PURPOSE
    )


def test_no_python_file_runs_what_it_reads():
    sources = _sources(".py")
    assert len(sources) > 300
    wrong = []
    for path in sources:
        name = path.relative_to(ROOT).as_posix()
        for line, reason in wrong_in(path.read_text(encoding="utf-8")):
            # Tests load what they have just made; Keras's own default is the safe mode.
            made = name.startswith("tests/") and "Lambda" in reason
            if not made and ALLOWED.get(name) != reason:
                wrong.append(f"{name}:{line}: {reason}")
    assert wrong == []


def test_no_rule_runs_a_shell_or_reads_unsafely():
    # Rules are no Python, but what they may hold of it is little enough to be searched as text.
    unsafe = re.compile(
        r"^\s*(shell|run)\s*:|\b(eval|exec|pickle|marshal)\b|os\.(system|popen)|shell\s*=\s*True"
        r"|yaml\.(load|full_load|unsafe_load)\b|allow_pickle"
    )
    rules = _sources(".smk", "Snakefile")
    assert len(rules) > 10
    lines = [
        f"{path.name}:{number}: {line.strip()}"
        for path in rules
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if unsafe.search(line)
    ]
    assert lines == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "exec(open(path).read())",
        "os.system(f'tar xf {name}')",
        "system(command)",
        "run(command, shell=True)",
        "subprocess.run(command, shell=True)",
        "yaml.load(text, Loader=yaml.Loader)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=chosen)",
        "tar.extractall(folder)",
        "tar.extract(member, folder, filter='fully_trusted')",
        "shutil.unpack_archive(path)",
        "keras.models.load_model(path)",
        "keras.saving.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "requests.get(url, verify=False)",
    ],
)
def test_search_finds_what_it_looks_for(source):
    assert wrong_in(source)


@pytest.mark.parametrize(
    "source",
    [
        "yaml.safe_load(text)",
        "yaml.load(text, Loader=yaml.CSafeLoader)",
        "np.load(path)",
        "model.compile('adam')",
        "keras.models.load_model(path, compile=False, safe_mode=True)",
        "subprocess.run(['cc', path], check=True)",
        "tar.extractfile(member)",
    ],
)
def test_search_lets_safe_calls_pass(source):
    assert wrong_in(source) == []


# What follows reads files that would leave a mark if anything in them were run.


@pytest.fixture
def mark(tmp_path):
    """A file that hostile content tries to write, and a check that it did not."""
    path = tmp_path / "mark"
    yield path
    assert not path.exists(), "a file that was read has run a command"


def _payload(mark):
    """YAML that makes an unsafe loader run a command."""
    return f"!!python/object/apply:os.system ['touch {mark}']"


def test_yaml_tags_in_the_header_of_a_table_run_nothing(tmp_path, mark):
    path = tmp_path / "table.ecsv"
    for text in (
        f"# %ECSV 1.0\n# ---\n# datatype:\n# - {{name: a, datatype: int64}}\n"
        f"# meta: {_payload(mark)}\na\n1\n",
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\n# meta: !!omap\n"
        "# - __serialized_columns__:\n#     a: {__class__: subprocess.Popen, args: "
        f"[touch, {mark}]}}\na\n1\n",
    ):
        path.write_text(text)
        refused(r"table\.ecsv is not a readable ECSV table", read_table, path)
        refused(r"table\.ecsv", observations.read_observations, path)
        refused(r"table\.ecsv", observed.read_spectrum, path)


def test_yaml_in_the_comments_of_a_fits_table_runs_nothing(tmp_path, mark):
    # astropy keeps columns of a table that FITS has no type for as YAML in COMMENT cards.
    unit = fits.BinTableHDU(Table({"OBS_ID": ["0098010101"], "OBS_CLASS": [1]}))
    text = [
        "--BEGIN-ASTROPY-SERIALIZED-COLUMNS--",
        "datatype:",
        "- {name: OBS_ID, datatype: string}",
        f"- {_payload(mark)}",
        "--END-ASTROPY-SERIALIZED-COLUMNS--",
    ]
    for line in text:
        unit.header["COMMENT"] = line[:70]
    unit.writeto(tmp_path / "list.fits")
    refused(r"list\.fits is not a readable", observations.read_observations, tmp_path / "list.fits")


def test_a_file_of_addresses_with_tags_or_attributes_runs_nothing(tmp_path, mark):
    path = tmp_path / "archives.yaml"
    path.write_text(f"xmm: {_payload(mark)}\n")
    refused(r"archives\.yaml is not YAML.*downloads\.archives", requests.addresses, path, "xmm")
    for pattern in ("http://x/{observation.__class__}", "http://x/{0.__globals__}", "{secret}"):
        refused("stands for nothing", requests.fill, pattern, observation="0098010101")


def test_arrays_of_objects_are_refused_by_numpys_own_default(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    refused("allow_pickle=False", np.load, tmp_path / "objects.npy", error=ValueError)


# What follows is about names: those of files, of members, in headers and catalogues.

HOSTILE = [
    *("..", "../x", "/etc/passwd", "a/../../b", "a/b", ".hidden", "~root", "-rf", ""),
    *("$(touch x)", "`touch x`", "a;b", "a|b", "a b", "a\nb", "name\n", "a\x00b", "é", "x" * 300),
    *("{observation}", "%2e%2e", "C:\\x", "a?b", "a#b", "a&b=c", "a@host"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_outside_becomes_no_part_of_a_path_or_an_address(name):
    with pytest.raises(InputError):
        requests.plain(name, "observation")
    with pytest.raises(InputError):
        requests.fill("http://archive/{observation}.fits", observation=name)


class _Namer(http.server.BaseHTTPRequestHandler):
    """Serves one file under a name of its own choosing."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.send_header("Content-Disposition", 'attachment; filename="../../escaped.fits"')
        self.end_headers()
        self.wfile.write(b"text")

    def log_message(self, *_):
        pass


def test_the_name_that_a_server_gives_a_file_is_not_looked_at(tmp_path):
    with http.server.HTTPServer(("127.0.0.1", 0), _Namer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/../x"
        download.fetch(download.Session(), url, tmp_path / "a" / "b" / "mine", progress=False)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    # The file, and the manifest beside it.
    assert {name for name in files if not name.endswith(".lock")} == {
        *("a", "a/b", "a/b/mine", "a/b/.mine.json")
    }


def test_a_link_planted_in_the_cache_is_replaced_and_not_followed(tmp_path):
    victim, target = tmp_path / "victim", tmp_path / "cache" / "mine"
    victim.write_bytes(b"precious")
    target.parent.mkdir()
    target.symlink_to(victim)
    with http.server.HTTPServer(("127.0.0.1", 0), _Namer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x"
        download.fetch(download.Session(), url, target, progress=False)
    assert victim.read_bytes() == b"precious"
    assert not target.is_symlink() and target.read_bytes() == b"text"


@pytest.mark.parametrize("name", [name for name in HOSTILE if name and "\x00" not in name])
def test_files_of_any_name_are_read_or_refused_where_they_lie(tmp_path, name):
    name = name.replace("/", "_")[:200] + ".fits"
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / name).write_bytes(b"not FITS")
    before = sorted(tmp_path.rglob("*"))
    Table({"OBS_ID": ["0098010101"], "OBS_CLASS": [1]}).write(tmp_path / "t.csv")
    table = observations.read_observations(tmp_path / "t.csv")
    files, maps = inventory.listing(folder)
    options = {"exposure": "header", "camera": "sum"}
    rows = list(inventory.inspect(folder, files, maps, table, options))
    # Hidden files belong to the system.
    assert len(rows) == len(files) == (not name.startswith("."))
    assert all(row["reason"] for row in rows)
    assert sorted(set(tmp_path.rglob("*")) - {tmp_path / "t.csv"}) == before


def test_an_observation_named_by_a_header_forms_no_path(tmp_path):
    for hostile in ("../../x", "$(touch x)", "0098010101/.."):
        unit = fits.PrimaryHDU(np.ones((8, 8), np.int16))
        unit.header["OBS_ID"] = hostile
        unit.writeto(tmp_path / "image.fits", overwrite=True)
        assert images.read_image(tmp_path / "image.fits").observation == hostile
        assert not requests._PLAIN.fullmatch(hostile)


def _free_names(schema, place="config"):
    """Places of a schema where the user invents names: (place, pattern or None)."""
    if isinstance(schema, dict):
        free = schema.get("additionalProperties")
        if isinstance(free, dict) and schema.get("type") == "object":
            yield place, schema.get("propertyNames", {}).get("pattern")
        for key, value in schema.items():
            yield from _free_names(value, f"{place}.{key}")
    elif isinstance(schema, list):
        for value in schema:
            yield from _free_names(value, place)


def test_names_that_the_configuration_invents_can_be_file_names():
    found = {}
    for path in (ROOT / "workflow" / "schemas").glob("*.yaml"):
        schema = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= {f"{path.stem}:{place}": pattern for place, pattern in _free_names(schema)}
    assert len(found) >= 5
    # Those of the decoder, which are checked against the decoder's own, and name no file.
    known = [
        place
        for place in found
        if place.endswith("profiles.additionalProperties.properties.parameters")
    ]
    assert len(known) == 1 and not found.pop(known[0])
    for place, pattern in found.items():
        assert pattern, place
        # Length is for the file system to refuse; JSON Schema's $ admits a line break at the end.
        names = [name for name in HOSTILE if len(name) < 100 and name != "name\n"]
        admitted = [name for name in names if re.search(pattern, name)]
        assert admitted == [], place
