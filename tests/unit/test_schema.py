"""The configuration: what is refused, and with which words."""

import copy

import pytest
import yaml
from miniature import merged
from refusal import refused

import configuration
import configuration_semantic

with open("config/config.yaml", encoding="utf-8") as file:
    DEMO = yaml.safe_load(file)


DATASET = {"profile": "wide", "noise": 0, "images": {"train": 9, "validation": 9, "test": 9}}
DEEP = {"convolutions": [4] * 8, "dense": [4]}


def changed(**changes):
    """The demo's configuration with some dotted keys changed."""
    config = copy.deepcopy(DEMO)
    for dotted, value in changes.items():
        *path, last = dotted.split("__")
        section = config
        for key in path:
            section = section[key]
        section[last] = value
    return config


def test_the_demo_configuration_is_valid():
    configuration.check(DEMO)


def test_the_published_overlay_is_valid_and_asks_for_the_simulation():
    with open("config/papers.yaml", encoding="utf-8") as file:
        papers = merged(DEMO, yaml.safe_load(file))
    refused(r"tng.base_path must name the folder", configuration.check, papers)
    papers["tng"]["source"] = "synthetic"
    configuration.check(papers)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sed": 3}, "unknown key 'sed': did you mean 'seed'"),
        ({"tng__grid__bin": 3}, "unknown key 'tng.grid.bin': did you mean 'tng.grid.bins'"),
        ({"tng__spilt": {}}, "unknown key 'tng.spilt': did you mean 'tng.split'"),
        ({"tng__source": "locale"}, "'tng.source' is 'locale'.*Did you mean 'local'"),
        ({"tng__grid__bins": "256"}, "'tng.grid.bins' .bins a side. is '256'"),
        ({"tng__grid__bins": 100}, "multiple of 32"),
        ({"tng__grid__width": -60}, "'tng.grid.width' .*ckpc/h"),
        ({"tng__statistic__mass": "median"}, "'tng.statistic.mass' is 'median'.*sum"),
        ({"seed": -1}, "'seed'"),
        # A list that came as one value, from the command line as text: how it is written there.
        ({"arms": "helium"}, r"'arms' .* is 'helium'.*list.* --config 'arms=\[helium\]'$"),
        ({"arms": "helium,xmm"}, r"--config 'arms=\[helium, xmm\]'$"),
        ({"arms": "all"}, r"list of tng, .*--config 'arms=\[tng, semantic, .*, sdss\]'$"),
        ({"arms": None}, r"list of tng, .*--config 'arms=\[tng, "),
        ({"tng__cases": "mass"}, r"--config 'tng=\{cases: \[mass\]\}'$"),
        ({"tng__snapshots": "99"}, r"--config 'tng=\{snapshots: \[99\]\}'$"),
        ({"tng__selection__stellar_mass": 3}, r"'tng=\{selection: \{stellar_mass: \[3, …\]\}\}'$"),
        ({"xmm__trained": "2conv"}, r"--config 'xmm=\{trained: \[2conv\]\}'$"),
        ({"run": "demo\n"}, "'run'"),
        ({"tng__variants__blur": {"kind": "gaussian"}}, "'tng.variants.blur' lacks the key sigma"),
        ({"tng__variants__one": {"kind": "channel"}}, "lacks the key channel"),
        ({"tng__variants__composite": {"kind": "compost"}}, "Did you mean 'composite'"),
        # A wrong word is told before what stands beside it.
        ({"tng__variants__x": {"kind": "gausian", "sigma": 7}}, "x.kind' is .* mean 'gaussian'"),
        ({"tng__variants__gaussian-7": {"kind": "gaussian", "sigma": 7}}, "write 'gaussian_7'$"),
        ({"tng__variants__x": "gaussian"}, r"write .* tng: {variants: {x: {kind: gaussian}}}$"),
        ({"tng__grid": 128}, r"'tng.grid' .the map. is 128.* tng: {grid: {bins: 128}}$"),
        ({"tng.grid.bins": 128}, r"unknown key 'tng.grid.bins': .* tng: {grid: {bins: 128}}\."),
        ({"tng__synthetic__chunks": 2}, "'tng.synthetic.chunks' .* is 2, but must be at least 3$"),
        # Nothing is like it: what there is, and not "did you mean None".
        ({"tng__cases": ["zzz"]}, "names 'zzz', .*; write one of composite, .*velocity_edge_on"),
        ({"tng__variants__x": {"kind": "channel", "channel": "zzz"}}, "; write one of dark_matter"),
        ({"semantic__trained": ["zzz"]}, "names 'zzz', .*; write one of clean, "),
        ({"sdss__prediction__model": "zzz"}, "no network of this run; write one of cnn_1d_60_40"),
        ({"tng__gas__electron_abundance_floor": 0}, "electron_abundance_floor"),
        ({"tng__variants__gaussian_3__sigma": "3 px"}, "size '3 px'.*pixels"),
        ({"tng__variants__gaussian_3__sigma": "1e400 kpc"}, "size"),
        ({"tng__selection__stellar_mass": ["1e10", "5 kg"]}, "mass '1e10'.*Msun"),
        ({"tng__selection__total_mass_max": "2 kg"}, "mass '2 kg'"),
        ({"tng__snapshots": [99, 50]}, "knows snapshots 80 to 99"),
        ({"tng__images__beta": float("nan")}, "'tng.images.beta'"),
        ({"tng__grid__width": float("inf")}, "'tng.grid.width' is inf"),
        ({"tng__variants__maps": {"kind": "composite"}}, "tng_maps is taken"),
        ({"tng__variants__x_model": {"kind": "composite"}}, "tng_x_model is taken"),
        ({"helium__trained": ["claen"]}, "helium.trained names 'claen'.*'clean'"),
        ({"stellar__observation__dataset": "miles"}, "stellar.observation.dataset names 'miles'"),
        ({"stellar__datasets__model": {}}, "called 'model'"),
        ({"helium__datasets__clean": {"snr": 0}}, "'helium.datasets.clean.snr'"),
        ({"helium__datasets__clean": {"sn": 9}}, "unknown key 'helium.datasets.clean.sn'"),
        ({"helium__training__snr": [100, 20]}, "helium.training.snr is .100, 20."),
        ({"helium__synthetic__v_rot": [100, 400, 0]}, "helium.synthetic.v_rot.*positive step"),
        ({"stellar__split__test": 0.9}, "stellar.split.test leave nothing to train"),
        ({"stellar__source": "local", "stellar__spectra": "nowhere"}, "stellar.spectra is 'nowhe"),
        ({"helium__observed": ["a.txt"]}, "helium.observed is 'a.txt', which does not exist"),
        ({"sdss__trained__networks": ["mnits"]}, "sdss.trained.networks names 'mnits'.*'mnist'"),
        ({"sdss__prediction__model": "cnn_80_20"}, "sdss.prediction.model is 'cnn_80_20'"),
        ({"sdss__drawing__flux": [99, 1]}, "sdss.drawing.flux is .99, 1."),
        ({"sdss__sample__redshift_bins": [0, 2, 1]}, "sdss.sample.redshift_bins.*must rise"),
        ({"sdss__networks__mnist__weights": "imagenet"}, "lenet is trained from the start"),
        ({"sdss__training__readout_epochs": [50]}, "sdss.training.readout_epochs has 50"),
        ({"helium__networks": ["modifed"]}, "Did you mean 'modified'"),
        ({"semantic__traned": []}, "unknown key 'semantic.traned': did you mean 'semantic.trained"),
        ({"semantic__trained": ["claen"]}, "semantic.trained names 'claen'.*'clean'"),
        ({"semantic__models__clean__network": "ful"}, "semantic.models.clean.network names 'ful'"),
        ({"semantic__models__clean__dataset": "nois_05"}, "models.clean.dataset.*'noise_05'"),
        ({"semantic__models__clean__outputs": "ranged"}, "Did you mean 'range'"),
        ({"semantic__models__clean__epoch": 9}, "unknown key 'semantic.models.clean.epoch': did"),
        ({"semantic__datasets__clean__profile": "publised"}, "semantic.profiles.*'published'"),
        ({"semantic__datasets__clean__noise": -0.1}, "'semantic.datasets.clean.noise' .standard"),
        ({"semantic__datasets__clean__images": {"train": 9}}, "lacks the key validation, test"),
        ({"semantic__datasets__train": DATASET}, "called 'train', but the target semantic_train"),
        ({"semantic__profiles__wide__decoder": "sersik"}, "profiles.wide: .*did you mean sersic"),
        ({"semantic__profiles__wide__parameters": {"scal": [0, 1]}}, "scal is unknown.*mean scale"),
        ({"semantic__profiles__wide__parameters": {"scale": [0.5, 0.1]}}, "the lower first"),
        ({"semantic__profiles__wide__parameters": {"scale": 0.2}}, "wide: .* no free parameter"),
        ({"semantic__profiles__wide__half_width": 0}, "'semantic.profiles.wide.half_width'"),
        ({"semantic__profiles__wide__half_width": float("nan")}, "wide: half_width .* is nan"),
        ({"semantic__profiles__wide__halfwidth": 1}, "unknown key.*mean 'semantic.*half_width'"),
        ({"semantic__profiles__wide__sampling": "endpoint"}, "Did you mean 'endpoints'"),
        ({"semantic__profiles__published__parameters": {"scale": [0.1, 0.9]}}, "0.625"),
        ({"semantic__training__target": "noise"}, "Did you mean 'noisy'"),
        ({"semantic__grid__pixels": 8, "semantic__networks__small_4": DEEP}, "networks.small_4 po"),
        ({"semantic__encoder__angle": "2theta"}, "'semantic.encoder.angle' is '2theta'.*theta"),
        ({"semantic__training__loss": "relativ"}, "Did you mean 'relative'"),
        ({"semantic__training__initializer": "glorot"}, "Did you mean 'glorot_uniform'"),
        ({"tng__inclined__inclination": 30}, "did you mean 'tng.inclined.inclinations'"),
        ({"tng__inclined__inclinations": [100]}, "'tng.inclined.inclinations.0'.*maximum of 90"),
    ],
)
def test_wrong_configuration_is_refused_with_the_key_and_a_remedy(changes, words):
    refused(words, configuration.check, changed(**changes))


def test_missing_key_is_named():
    config = changed()
    del config["tng"]["grid"]["width"]
    refused(r"'tng.grid' lacks the key width", configuration.check, config)


def test_measuring_galaxies_of_tng_needs_the_simulation_and_measuring_none_does_not():
    config = changed(arms=["semantic"], tng__source="local")
    refused(r"tng.base_path must name the folder", configuration.check, config)
    config["semantic"]["galaxies"]["model"] = None
    configuration.check(config)


def test_folder_of_a_missing_snapshot_is_named_before_anything_runs(tmp_path):
    (tmp_path / "groups_099").mkdir()
    config = changed(tng__source="local", tng__base_path=str(tmp_path))
    refused(r"snapdir_099 does not exist", configuration.check, config)


def test_strings_from_the_command_line_take_the_type_of_their_key():
    config = changed(
        seed="7",
        tng__parts_per_snapshot="5",
        tng__snapshots=["99", "98"],
        tng__grid__depth="null",
        tng__grid__width="30",
        tng__ssfr__ignore_h="true",
        tng__training__learning_rate="1e-3",
        tng__selection__stellar_mass=["0.5", "1e12 Msun"],
        tng__gas__star_forming_temperature="effective",
        tng__backbone__preprocess="none",
        tng__variants__gaussian_5__sigma="6",
    )
    config = configuration.typed(config, configuration.load_schema())
    tng = config["tng"]
    assert config["seed"] == 7
    assert (tng["parts_per_snapshot"], tng["snapshots"]) == (5, [99, 98])
    assert (tng["grid"]["depth"], tng["grid"]["width"]) == (None, 30)
    assert tng["ssfr"]["ignore_h"] is True and tng["training"]["learning_rate"] == 1e-3
    assert tng["selection"]["stellar_mass"] == [0.5, "1e12 Msun"]
    assert tng["gas"]["star_forming_temperature"] == "effective"
    assert tng["backbone"]["preprocess"] == "none" and tng["variants"]["gaussian_5"]["sigma"] == 6


def test_a_number_out_of_range_on_the_command_line_is_said_to_be_so():
    config = changed(tng__ensemble__members="1")
    config = configuration.typed(config, configuration.load_schema())
    refused("'tng.ensemble.members'.* is 1, but must be at least 2$", configuration.check, config)


def keys(schema, prefix=""):
    """Dotted names of all keys that a schema knows."""
    for name, part in schema.get("properties", {}).items():
        yield f"{prefix}{name}"
        yield from keys(part, f"{prefix}{name}.")


def test_every_key_is_documented_and_every_documented_key_exists():
    with open("config/README.md", encoding="utf-8") as file:
        documented = {
            line.split("`")[1] for line in file if line.startswith("| `") and "`" in line[3:]
        }
    assert documented == set(keys(configuration.load_schema()))


def test_every_key_of_the_schema_has_its_default_in_config_yaml():
    present = {"run", "seed", "arms", "plugins", "gpus", "gpu_partition", "reproducible"}
    for arm in ("downloads", "tng", "semantic", "xmm", "helium", "stellar", "sdss"):
        present |= set(configuration.flat(DEMO[arm], arm))
    known = set(keys(configuration.load_schema()))
    leaves = known - {key.rpartition(".")[0] for key in known}
    free = {"tng.variants", "tng.channels", "tng.views"}
    free |= {"xmm.experiments", "helium.datasets", "stellar.datasets"}
    free |= {"sdss.networks", *(f"sdss.sample.shares.{name}" for name in ("GALAXY", "QSO", "STAR"))}
    free |= {f"semantic.{name}" for name in ("profiles", "datasets", "networks", "models")}
    assert leaves - present == free


def test_the_published_profile_alone_has_the_article_s_half_width_and_end_points():
    semantic = DEMO["semantic"]
    for dataset, entry in semantic["datasets"].items():
        grid = configuration_semantic.grid(semantic, dataset)
        published = entry["profile"] == "published"
        assert grid["half_width"] == (0.0625 if published else 1)
        assert grid["sampling"] == ("endpoints" if published else "centre")


def test_a_variant_depends_on_its_own_parameters_only():
    tng = changed(tng__images__difference="wrapped")["tng"]
    for variant in tng["variants"]:
        same = configuration.variant_parameters(tng, variant) == configuration.variant_parameters(
            DEMO["tng"], variant
        )
        assert same is not variant.startswith("unsharp")


def test_a_folder_beside_the_simulation_is_answered_with_the_simulation(tmp_path):
    output = tmp_path / "TNG50-1" / "output"
    for name in ("groups_099", "snapdir_099"):
        (output / name).mkdir(parents=True)
    for base in (output.parent, output / "groups_099"):
        config = changed(tng__source="local", tng__base_path=str(base), tng__snapshots=[99])
        refused(f"did you mean {output}\\?$", configuration.check, config)
    config = changed(tng__source="local", tng__base_path=str(output), tng__snapshots=[99])
    configuration.check(config)
