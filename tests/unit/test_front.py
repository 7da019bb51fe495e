"""A notebook's three lines: a TNG folder, maps, a picture; what they say where they refuse."""

import ast
import inspect
import json
import re

import cv2
import fake_step
import h5py
import notebook
import numpy as np
import pytest
import small_tng
import yaml
from astropy import units as u
from astropy.cosmology import units as cu
from interpreter import FOLDERS, ROOT
from refusal import refused

import configuration
import configuration_channels
import skyloom
from skyloom.arms.tng import arguments, gas_channels, maps, variants
from skyloom.io.files import write_json, write_table
from skyloom.record import code_hash
from skyloom.simulate.universe import write_snapshot

SNAPSHOT = 84
SIZE = {"gas_cells": 100, "chunks": 3, "seed": 3}
WIDE = {"stellar_mass": (0.0, 1e4), "total_mass_max": 1e5, "group_mass_max": 1e5}
#: The workflow's settings, and the arguments that say the same.
OPTIONS = small_tng.options(
    gas={"star_forming_temperature": 1e4},
    rotation={"inclination": 30.0, "position_angle": 20.0},
    grid={"deposit": "cell"},
)
SAME = {"bins": 64, "min_stars": 10, "star_forming_temperature": 1e4}
SAME |= {"inclination": 30 * u.deg, "position_angle": 20.0}


def config(name):
    return yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8"))["tng"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return skyloom.simulate_tng(tmp_path_factory.mktemp("universe"), [SNAPSHOT], **SIZE)


@pytest.fixture(scope="module")
def galaxies(folder):
    return skyloom.open_tng(folder, SNAPSHOT, **WIDE)


@pytest.fixture(scope="module")
def mapped(galaxies):
    return galaxies.maps("entropy", "mass", "temperature", "velocity", **SAME)


def step(folder, galaxies, tmp_path, monkeypatch, **params):
    """Maps as a step of the workflow writes them."""
    write_table(galaxies._rows, tmp_path / "galaxies.ecsv")
    write_json({}, tmp_path / "compared.json")
    fake_step.run(
        "tng/project_maps",
        input={
            "galaxies": tmp_path / "galaxies.ecsv",
            "compared": tmp_path / "compared.json",
            "universe": [],
            "further": [],
            "kernel": None,
        },
        output=tmp_path / "maps.h5",
        params={
            "base_path": str(folder),
            "snapshot": SNAPSHOT,
            "cutouts": None,
            "external": "refuse",
            "part": 0,
            "parts": 1,
            "options": OPTIONS,
            "further": None,
            **params,
        },
        monkeypatch=monkeypatch,
    )
    with h5py.File(tmp_path / "maps.h5") as file:
        return file["maps"][()]


def test_maps_are_the_bytes_of_the_workflows_maps(folder, galaxies, mapped, tmp_path, monkeypatch):
    params = {"channels": configuration_channels.gas(OPTIONS["statistic"])}
    params["table"] = "skyloom.arms.tng.gas_channels.GAS"
    theirs = step(folder, galaxies, tmp_path, monkeypatch, **params)
    assert len(galaxies) == len(mapped) > 5
    assert mapped.values[:, :3].tobytes() == theirs.tobytes() and theirs.any()


def test_a_further_channel_is_the_bytes_of_the_workflows(
    folder, galaxies, mapped, tmp_path, monkeypatch
):
    channel = {"quantity": "velocity", "statistic": "mass_weighted_mean"}
    params = {"channels": {"velocity": channel}, "table": "skyloom.arms.tng.channels.QUANTITIES"}
    theirs = step(folder, galaxies, tmp_path, monkeypatch, **params)
    assert mapped["velocity"].value.tobytes() == theirs.tobytes() and theirs.any()


@pytest.mark.parametrize("name", config("config")["cases"])
def test_pictures_are_the_bytes_of_the_workflows_images(mapped, name):
    tng = config("config")
    own = configuration.variant_parameters(tng, name)
    filtered = own["kind"] if own["kind"] in ("gaussian", "unsharp") else None
    shown = (own["channel"],) if own["kind"] == "channel" else maps.CHANNELS
    header = mapped.header
    theirs = variants.render(
        mapped.values[:, :3],
        mapped.maxima,
        own,
        width=60.0,
        scale_factor=header.scale_factor,
        hubble=header.hubble,
    )
    for number, image in enumerate(theirs):
        ours = skyloom.picture(mapped[number], *shown, filter=filtered, sigma=own.get("sigma", 3))
        np.testing.assert_array_equal(ours, image)
    assert theirs.any()


def test_defaults_are_those_of_the_configuration_on_the_thesiss_grid():
    demo, thesis = config("config"), config("papers")
    cuts = {name: list(v) if isinstance(v, tuple) else v for name, v in defaults("open_tng")}
    assert {name: cuts[name] for name in demo["selection"]} == demo["selection"] | {"exclude": []}
    own = dict(defaults("Galaxies.maps"))
    same = demo["gas"] | demo["rotation"] | demo["grid"] | {"bins": thesis["grid"]["bins"]}
    del same["members"]
    assert {name: own[name] for name in same} == same
    assert own["members"] == demo["gas"]["members"]
    assert own["spin_members"] == demo["rotation"]["members"]
    images = demo["images"]
    shown = dict(defaults("picture"))
    assert {name: shown[name] for name in ("beta", "overflow", "difference")} == {
        name: images[name] for name in ("beta", "overflow", "difference")
    }
    usual = {name: quantity.statistics[0] for name, quantity in gas_channels.GAS.items()}
    assert demo["statistic"] == usual


def defaults(name):
    """Arguments of a public function, and their defaults."""
    function = skyloom
    for word in name.split("."):
        function = getattr(function, word)
    for one in inspect.signature(function).parameters.values():
        if one.default is not one.empty:
            yield one.name, list(one.default) if one.default == () else one.default


def test_a_length_in_kpc_is_physical_and_one_per_h_comoving(galaxies, mapped):
    header = mapped.header
    physical = 60.0 * header.scale_factor / header.hubble * u.kpc
    for width in (60.0 * u.kpc / cu.littleh, physical):
        few = galaxies[:2].maps("mass", **SAME, width=width)
        assert few.width == pytest.approx(60.0)
    np.testing.assert_array_equal(few["mass"], mapped[:2]["mass"])


def test_a_filters_size_with_a_unit_is_that_many_pixels(mapped):
    one, pixel = mapped[0], 60.0 / 64 * u.kpc / cu.littleh
    physical = 60.0 / 64 * one.header.scale_factor / one.header.hubble * u.kpc
    plain = skyloom.picture(one, "mass", filter="gaussian", sigma=2)
    for sigma in (2 * pixel, 2 * physical, "1.875 ckpc/h"):
        same = skyloom.picture(one, "mass", filter="gaussian", sigma=sigma)
        np.testing.assert_allclose(np.asarray(same, float), plain, atol=1)


def test_the_thesiss_own_grid_and_sums_are_a_keyword_away(galaxies, folder):
    published = {"edges": "published", "deposit": "nearest"}
    own = galaxies[:2].maps(**SAME, **published, statistic="sum")
    # The last columns and rows stay empty.
    assert own.values.any() and not own.values[..., -1].any()
    mean = galaxies[:2].maps(**SAME, **published)
    np.testing.assert_array_equal(own["mass"], mean["mass"])
    assert (own["temperature"] >= mean["temperature"] * (1 - 1e-6)).all()
    none = galaxies[:0].maps(**SAME)
    assert len(none) == 0 and none["mass"].shape == (0, 64, 64)


def test_masses_sum_to_the_gas_of_the_group_in_solar_masses(galaxies):
    wide = galaxies.maps("mass", bins=32, width=3000.0)
    total = wide["mass"].sum(axis=(1, 2)).to("Msun", cu.with_H0(galaxies.cosmology.H0))
    own = galaxies["gas_mass"].to("Msun", cu.with_H0(galaxies.cosmology.H0))
    # Of the whole group, so at least the galaxy's own.
    assert (total >= own * (1 - 1e-5)).all() and total.max() > 1e8 * u.Msun


def test_cuts_with_a_unit_choose_as_the_catalogues_numbers_do(folder):
    hubble = 0.6774
    cut = (1.0, 20.0)
    plain = skyloom.open_tng(folder, SNAPSHOT, stellar_mass=cut)
    for unit in (1e10 * u.Msun / cu.littleh, 1e10 / hubble * u.Msun):
        same = skyloom.open_tng(folder, SNAPSHOT, stellar_mass=[value * unit for value in cut])
        assert list(same["subhalo_id"]) == list(plain["subhalo_id"])
    left = skyloom.open_tng(folder, SNAPSHOT, stellar_mass=cut, exclude=plain["subhalo_id"][:1])
    assert list(left["subhalo_id"]) == list(plain["subhalo_id"][1:]) and len(left)


def test_one_galaxy_has_the_scale_of_all_that_were_mapped_with_it(mapped):
    one = mapped[1]
    assert one.maxima == mapped.maxima and one["mass"].shape == (64, 64)
    assert one["temperature"].unit == u.K and one["velocity"].unit == u.km / u.s
    assert one.galaxies["subhalo_id"] == mapped.galaxies["subhalo_id"][1]
    assert mapped[2:4]["mass"].shape == (2, 64, 64)


def test_a_saved_picture_is_the_picture_and_a_notebook_shows_its_pixels_as_squares(
    mapped, tmp_path
):
    picture = skyloom.picture(mapped[0], "velocity", beta=0.1)
    picture.save(tmp_path / "a.png")
    saved = cv2.imread(str(tmp_path / "a.png"))[..., ::-1]
    np.testing.assert_array_equal(saved, picture)
    shown = cv2.imdecode(np.frombuffer(picture._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(shown[2::4, 1::4, ::-1], picture)
    refused("let it end with .png", picture.save, tmp_path / "a.jpg")


def test_a_logarithm_of_the_entropy_has_its_unit_and_a_picture(galaxies, mapped):
    logs = galaxies.maps("entropy", **SAME, entropy="log", deposit="nearest")
    assert logs["entropy"].unit == u.dex(u.keV * u.cm**2)
    filled = logs["entropy"].value[logs["entropy"].value != 0]
    assert logs.maxima == {"entropy": filled.max(), "entropy_minimum": filled.min()}
    image = np.asarray(skyloom.picture(logs[0]))
    assert image.max() > image[0, 0, 0] == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda g, m: g.maps("entropie"), "channel is 'entropie', nearest is 'entropy'"),
        (lambda g, m: g.maps("mass", members="all"), "members is 'all'"),
        (lambda g, m: g.maps("mass", width=3 * u.s), r"width is <Quantity 3. s>.*kpc / littleh"),
        (lambda g, m: g.maps("mass", bins=0), "bins is 0"),
        (lambda g, m: g.maps("mass", bins=64.5), "bins is 64.5: give a whole number"),
        (lambda g, m: g.maps("mass", inclination=np.nan), "inclination is nan"),
        (lambda g, m: g.maps("mass", star_forming_temperature=-1), "star_forming_temperature is"),
        (
            lambda g, m: skyloom.open_tng("x", 7, group_mass_max=3 * u.kpc),
            "group_mass_max is <Quantity 3. kpc>",
        ),
        (lambda g, m: g.maps("dark_matter", statistic="mean"), "statistic of dark_matter is"),
        (lambda g, m: g["mass"], "column is 'mass'"),
        (lambda g, m: m["metals"], "channel is 'metals'"),
        (lambda g, m: skyloom.picture(m), "show one of them, maps.0."),
        (lambda g, m: skyloom.picture(m[0], "mass", "entropy"), "one channel or three"),
        (lambda g, m: skyloom.picture(m[0], "mass", filter="blur"), "filter is 'blur'"),
        (
            lambda g, m: skyloom.picture(m[0], "mass", filter="gaussian", sigma="3 pc"),
            "The size '3 pc' in skyloom.picture",
        ),
        (
            lambda g, m: skyloom.picture(
                m[0], "mass", "entropy", "velocity", stretch="lupton", beta=0.1
            ),
            "velocity has both signs",
        ),
        (
            lambda g, m: skyloom.picture(m[0], "mass", maxima={"mass": 0.0}),
            "Nothing says what is white in mass",
        ),
        (
            lambda g, m: skyloom.open_tng("nowhere", 7),
            "nowhere/groups_007.*correct base_path and snapshot",
        ),
        (
            lambda g, m: skyloom.open_tng(g.simulation.base_path, SNAPSHOT, total_mass_max="2 kg"),
            "The mass '2 kg' in skyloom.open_tng",
        ),
        (lambda g, m: skyloom.simulate_tng("here", galaxies=3), "^galaxies is 3"),
        (lambda g, m: skyloom.simulate_tng("here", [5]), "^snapshots holds 5"),
        (lambda g, m: skyloom.simulate_tng("here", simulation="TNG5"), "simulation is 'TNG5'"),
    ],
)
def test_errors_name_the_argument(galaxies, mapped, call, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(said, call, galaxies, mapped)


def test_no_sentence_that_a_caller_may_read_names_a_key_of_the_configuration():
    key = re.compile(r"(?<![\w.])tng\.[a-z]")
    modules = ("arms/tng/galaxies", "arms/tng/picture", "simulate/universe/folder")
    entries = [f"skyloom/{name}.py" for name in modules]
    files = {path for entry in entries for path in code_hash.dependencies(entry, FOLDERS)}
    texts = [
        node.value
        for path in files - {ROOT / "src/skyloom/arms/tng/arguments.py"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    keyed = [text for text in texts if key.search(text) and "`" not in text]
    assert len(keyed) > 8
    assert [text for text in keyed if key.search(arguments.renamed(text))] == []


def test_a_synthetic_folder_is_not_written_over_a_real_one(tmp_path):
    base = tmp_path / "output"
    skyloom.simulate_tng(tmp_path, **SIZE)
    # Over its own: the same bytes again.
    (group,) = base.glob("groups_*/*.0.hdf5")
    before = group.read_bytes()
    skyloom.simulate_tng(tmp_path, **SIZE)
    assert group.read_bytes() == before
    with h5py.File(group, "r+") as file:
        del file["Header"].attrs["SyntheticUniverse"]
    refused("is of a real simulation", skyloom.simulate_tng, tmp_path, **SIZE)


def test_the_folder_is_what_the_workflows_steps_write(folder, tmp_path):
    base = tmp_path / "output"
    size = {"snapshots": [SNAPSHOT], "galaxies": 12, **SIZE}
    write_snapshot(base, SNAPSHOT, **size)
    for path in base.rglob("*.hdf5"):
        assert path.read_bytes() == (folder / path.relative_to(base)).read_bytes()


def test_public_names_import_nothing_before_they_are_asked_for():
    for name in skyloom.__all__:
        assert getattr(skyloom, name).__module__ == skyloom._PUBLIC[name]
    reached = code_hash.dependencies("tng/compile_kernel.py", FOLDERS)
    assert not [path for path in reached if path.name in ("galaxies.py", "picture.py")]
    with pytest.raises(AttributeError, match="open_tgn"):
        skyloom.open_tgn  # noqa: B018


@pytest.mark.parametrize(("name", "pictures"), [("tng", 3), ("xray", 2), ("spectra", 3)])
def test_the_notebook_runs_with_the_base_install_alone_and_shows_what_it_says(
    tmp_path, name, pictures
):
    path = ROOT / f"docs/notebooks/{name}.ipynb"
    pages = json.loads(path.read_text(encoding="utf-8"))
    shown = notebook.run(pages, tmp_path)
    assert sum(png is not None for _, png in shown) >= pictures
    for cell, (text, png) in zip(notebook.code_cells(pages), shown, strict=True):
        kept_text, kept_png = notebook.kept(cell)
        assert text == kept_text
        assert (png is None) == (kept_png is None)
        if png:
            ours, theirs = (
                cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR).astype(int)
                for one in (png, kept_png)
            )
            # Other processors round the universe's last bits otherwise.
            assert np.abs(ours - theirs).mean() < 0.5
