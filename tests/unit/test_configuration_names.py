"""Names that YAML or Snakemake take for numbers, days or truths are what was written."""

import json
from types import SimpleNamespace

import pytest
import yaml
from refusal import refused
from snakemake.cli import parse_config
from snakemake.common.configfile import load_configfile

import configuration
import configuration_names

SCHEMA = configuration.load_schema()
NAMES = ["2024_01", "007", "2024", "1e3", "1.10", "1_000", "0x10", "0b1", "2024-01-01", "1:30"]
NAMES += ["true", "True", "yes", "No", "off", "null", "nan", ".5", "inf", "1.0", "12e-3", "0o17"]


def read(file, *arguments, unknown=()):
    """A configuration as Snakemake reads it from a file and the command line, and then we."""
    said = load_configfile(file) if file else {}
    said.update(parse_config(arguments))
    written = configuration_names.Written([file] if file else [], arguments, unknown)
    return configuration.typed(said, SCHEMA, written=written)


@pytest.fixture
def file(tmp_path):
    def write(text, name="config.yaml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_name_of_the_command_line_is_what_was_typed(name, quote):
    assert read(None, f"run={quote}{name}{quote}") == {"run": name}


@pytest.mark.parametrize("name", sorted({*NAMES} - {"null"}))
def test_name_of_a_file_is_what_was_written(file, name):
    assert read(file(f"run: {name} # a comment\nseed: 1\n")) == {"run": name, "seed": 1}


def test_command_line_goes_before_files_and_later_files_before_earlier(file):
    files = [file("run: 2024_01", "1.yaml"), file("run: 20240_1", "2.yaml")]
    typed = configuration_names.Written(files, ["run=202_401"])
    assert typed.name(202401, ("run",)) == "202_401"
    assert configuration_names.Written(files).name(202401, ("run",)) == "20240_1"


@pytest.mark.parametrize("text", ["1.10", "1e3", "true"])
def test_name_of_a_json_file_is_what_was_written(file, text):
    assert read(file(f'{{"run": {text}}}', "config.json")) == {"run": text}


def test_names_in_lists_and_names_that_are_keys_are_what_was_written(file):
    text = """
sdss: {trained: {splits: [80_20, "70_30"]}}
tng:
  selection: {exclude: [067_12, 099_123]}
  cases: [2024_01, no, 1.10]
  variants:
    2024_01: {kind: composite}
    007: {kind: gaussian, sigma: 3}
xmm: {archive: {observations: [0112345670]}}
"""
    config = read(file(text))
    assert config["sdss"]["trained"]["splits"] == ["80_20", "70_30"]
    assert config["tng"]["selection"]["exclude"] == ["067_12", "099_123"]
    assert config["tng"]["cases"] == ["2024_01", "no", "1.10"]
    assert list(config["tng"]["variants"]) == ["2024_01", "007"]
    assert config["tng"]["variants"]["007"] == {"kind": "gaussian", "sigma": 3}
    assert config["xmm"]["archive"]["observations"] == ["0112345670"]


def test_numbers_stay_numbers_and_nothing_stays_nothing(file):
    text = "seed: 0x10\ntng: {grid: {depth: null}, images: {beta: 1_0.5}}\nxmm: {images: ~}"
    config = read(file(text))
    assert config["seed"] == 16 and config["tng"] == {
        "grid": {"depth": None},
        "images": {"beta": 10.5},
    }
    assert config["xmm"] == {"images": None}


LOST = {
    "a value without its source": ({"run": 2024}, "'run' .* 2024"),
    "a truth": ({"run": True}, "'run' .* True"),
    "a part of a list": ({"tng": {"cases": ["mass", 202401]}}, "'tng.cases.1' .* 202401"),
    "a key": ({"tng": {"variants": {202401: {}}}}, "'tng.variants.202401'"),
}


@pytest.mark.parametrize("name", LOST)
def test_name_of_which_only_a_number_is_known_is_refused_with_the_remedy(name):
    config, words = LOST[name]
    refused(f"{words}.*put the name in quotation marks", configuration.typed, config, SCHEMA)


def test_two_keys_that_yaml_takes_for_one_are_refused(file):
    path = file("tng: {variants: {7: {kind: composite}, 007: {kind: composite}}}")
    refused("'tng.variants.7'", read, path)


def test_value_that_a_template_computed_is_not_taken_for_its_text(file):
    path = file("__use_yte__: true\nrun: ?1000 + 1024\n")
    refused("'run' .* 2024", read, path)


def run(arguments, words, *, main=True, module=False, files=()):
    return SimpleNamespace(
        modifier=SimpleNamespace(is_main_snakefile=lambda: not module),
        config_settings=SimpleNamespace(config_args=arguments),
        is_main_process=main,
        configfiles=list(files),
        overwrite_configfiles=[],
    ), ["snakemake", *words]


PLACES = {
    "typed": (run(["run=202401"], ["--config", "run=202401"]), 202401, "202401"),
    "typed in one word": (run(["run=202401"], ["--config=run=202401"]), 202401, "202401"),
    "by a job": (run(["run=202401"], [], main=False), 202401, "202401"),
    "a profile's text": (run(["run=2024_01"], ["--profile", "p"]), 202401, "2024_01"),
    "a profile's quoted text": (run(["run='202401'"], ["--profile", "p"]), 202401, "202401"),
    "a profile's number": (run(["run=202401"], ["--profile", "p"]), 202401, None),
    "a profile's truth": (run(["run=True"], ["--profile", "p"]), True, None),
    "a module's": (run(["run=202401"], ["--config", "run=202401"], module=True), 202401, None),
}


@pytest.mark.parametrize("place", PLACES)
def test_where_a_name_was_written_decides_whether_it_is_known(place):
    (workflow, words), value, name = PLACES[place]
    written = configuration_names.of_run(workflow, words)
    if name is None:
        refused("'run'", written.name, value, ("run",))
    else:
        assert written.name(value, ("run",)) == name


def test_number_of_a_profile_is_not_taken_for_the_name_in_a_file(file):
    workflow, words = run(["run=202401"], ["--profile", "p"], files=[file("run: 2024_01")])
    refused("'run'", configuration_names.of_run(workflow, words).name, 202401, ("run",))


def test_nothing_is_read_again_where_all_names_are_names(file, monkeypatch):
    monkeypatch.setattr(yaml, "load", None)
    config = json.loads('{"run": "demo", "arms": ["tng"], "seed": 1}')
    written = configuration_names.Written([file("run: demo")], ["seed=1"])
    assert configuration.typed(config, SCHEMA, written=written) == config


@pytest.mark.parametrize("text", ["067", "67", "0067", "67.0", "6.7e1"])
def test_number_of_a_snapshot_is_decimal_whatever_its_zeros(file, text):
    at_file = read(file(f"tng: {{snapshots: [{text}], reference_snapshot: {text}}}"))
    at_line = read(None, f"tng={{snapshots: [{text}], reference_snapshot: {text}}}")
    for config in (at_file, at_line):
        (number,) = config["tng"]["snapshots"]
        assert (number, config["tng"]["reference_snapshot"]) == (67, 67)
        assert f"{number:03d}" == "067"


@pytest.mark.parametrize("text", ["1000", "1e3", "1000.0", "01000"])
def test_a_seed_without_a_fraction_is_an_integer(file, text):
    for config in (
        read(None, f"seed={text}"),
        read(file("tng: {snapshots: [067]}"), f"seed={text}"),
    ):
        assert (config["seed"], type(config["seed"])) == (1000, int)


@pytest.mark.parametrize("text", ["1:30", "1:30:00", "1:30.5"])
def test_what_yaml_counts_in_sixties_is_no_number(file, text):
    config = read(file(f"seed: {text}\ntng: {{split: {{test_fraction: {text}}}}}\n"))
    assert config == {"seed": text, "tng": {"split": {"test_fraction": text}}}


def test_other_numbers_stay_what_yaml_reads_beside_odd_ones(file):
    text = "seed: 0x10\ntng: {snapshots: [067, 1_0], grid: {width: -0.5, depth: null, bins: 1e2}}\n"
    tng = read(file(text))["tng"]
    assert read(file(text))["seed"] == 16 and tng["snapshots"] == [67, 10]
    assert tng["grid"] == {"width": -0.5, "depth": None, "bins": 100}
