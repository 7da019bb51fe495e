"""The tng arm's keys."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, create_model

from skyloom.arms.tng.runs import SIMULATIONS
from skyloom.config.base import (
    Distinct,
    Entry,
    Name,
    Named,
    Pair,
    Positive,
    Section,
    Several,
    any_of,
    entries,
    key,
    may,
    section,
)
from skyloom.config.tng_networks import (
    Attention,
    Backbone,
    Ensemble,
    Evaluation,
    Leakage,
    Split,
    Training,
)

Mass = Annotated[float, Field(ge=0)] | str
Statistic = Literal["sum", "mean", "mass_weighted_mean"]


class Api(Section):
    simulation: str = key("TNG50-1", pattern="^[A-Za-z0-9][A-Za-z0-9-]*$(?!\n)")
    """the archive's name of the simulation"""


class Synthetic(Section):
    simulation: Literal[*SIMULATIONS] = key("TNG50-1")
    """whose files it writes: `TNG50-1` to `-4`, `TNG100-1` to `-3`, `TNG300-1` to `-3`,
    `Illustris-1` to `-3` decide box, h, cosmology, snapshot numbers (of TNG 80 to 99, of Illustris
    116 to 135) and which fields there are (Illustris has no SubhaloFlag and no MagneticField); how
    fine its particles are, `gas_cells` says. Real files of any of them in TNG's layout are read as
    they are (not the original Illustris release, whose catalogues hold the offsets):
    `tng_simulation` writes what they are to `simulation.ecsv` (where they are on disk, not of
    `source: api`)
    """
    galaxies: int = key(130, ge=12)
    """lineages of the synthetic universe

    …; about 100 a snapshot pass the thesis's cuts
    """
    gas_cells: int = key(24000, ge=100)
    """gas cells of an ordinary galaxy"""
    chunks: int = key(4, ge=3, le=512)
    """files that a snapshot is cut into

    …, at least 3: as in an archive's own, one of them has no gas and another no stars
    """


class Selection(Section):
    stellar_mass: Pair[
        Annotated[Mass, Field(description="10^10 Msun/h, or with a unit such as '2e12 Msun'")]
    ] = key([0.5, 100])
    """lower and upper limit of the stellar mass"""
    total_mass_max: Mass = key(200)
    """total subhalo mass, below; 10^10 Msun/h, or with a unit such as '2e12 Msun'"""
    group_mass_max: Mass = key(500)
    """mass of the FoF group, below; 10^10 Msun/h, or with a unit such as '2e12 Msun'"""
    exclude: Distinct[Annotated[str, Field(pattern="^[0-9]{3}_[0-9]+$(?!\n)")]] = key([])
    """galaxies to leave out, as `SNAPSHOT_SUBHALO`

    …: `['099_123']`
    """


class Ssfr(Section):
    mass: Literal["stellar", "total"] = key("stellar")
    """star formation rate over `stellar` or `total` mass; the thesis's text says stellar, its code
    total
    """
    ignore_h: bool = key(False)
    """true takes 10¹⁰ M☉/h for 10¹⁰ M☉, as the thesis does"""


class Gas(Section):
    members: Literal["fof", "subhalo"] = key("fof")
    """gas of the whole FoF group, or of the `subhalo` alone"""
    star_forming_temperature: Literal["effective"] | Positive = key("effective")
    """that of the effective equation of state, or a temperature in K

    … (10000 is usual)
    """
    electron_abundance_floor: float = key(0.0001, gt=0)
    """least nₑ/n_H in the entropy

    …, which diverges where it goes to zero; how many cells took it is recorded
    """
    entropy: Literal["linear", "log"] = key("linear")
    """K = k_B T nₑ^(−2/3) in keV cm², or as `log` its log10"""


class Rotation(Section):
    members: Literal["fof", "subhalo"] = key("subhalo")
    """whose stars define the spin: the galaxy's own, or the whole group's (`fof`)"""
    max_age: float = key(0.5, gt=0)
    """oldest young star, Gyr

    … (the thesis prints none)
    """
    min_stars: int = key(30, ge=1)
    """least particles that define a spin

    …; with fewer young stars inside the aperture star-forming gas decides, then all stars, then the
    box's axes; which one is recorded
    """
    aperture: float = key(15, gt=0)
    """radius about the centre, ckpc/h"""
    inclination: float = key(0, ge=0, le=180)
    """degrees away from face-on"""


class Grid(Section):
    bins: int = key(128, ge=32, le=2048, multiple_of=32)
    """bins a side

    …, a multiple of 32; thesis: 256, which takes VGG16 four times as long. A filter's σ in pixels
    is twice as long in kpc here; figures say both
    """
    width: float = key(60, gt=0, le=1000000)
    """side of the map, ckpc/h"""
    depth: float | None = key(None, gt=0)
    """extent along the line of sight, ckpc/h; null takes all"""
    edges: Literal["exact", "published"] = key("exact")
    """`published` repeats the thesis's index × 0.99, which shrinks the map by 1 %"""
    deposit: Literal["cell", "nearest"] = key("cell")
    """a cell of gas falls on all pixels that its volume covers

    …, as a sphere of its mass over its density; `nearest`: into the one pixel that holds its
    centre, as published
    """


class Inclined(Section):
    inclinations: Several[Annotated[float, Field(ge=0, le=90)]] = key([0, 30, 45, 60, 75])
    """degrees away from face-on

    …, 0 to 90: every galaxy is seen at each
    """
    snapshot: int | None = key(None, ge=0, le=999)
    """one of `tng.snapshots`; null takes `tng.reference_snapshot`"""
    galaxies: int | None = key(None, ge=1)
    """so many galaxies from the beginning of the selection; null takes all"""
    members: Literal["fof", "subhalo"] = key("subhalo")
    """gas of the galaxy alone, or of the whole FoF group (`fof`), whose streams and satellites are
    no disc
    """
    pixels: int = key(64, ge=32, le=1024, multiple_of=32)
    """a side

    …, over `tng.grid.width`; a multiple of 32. The encoder needs `semantic.grid.pixels`
    """
    position_angle: Literal["random"] | Annotated[float, Field(ge=0, lt=180)] = key("random")
    """random, or degrees

    angle of the disc's longer axis in the picture, counted as the decoder's `angle`: degrees for
    all views, or drawn for each from 0 to 180
    """


class Statistics(Section):
    entropy: Statistic = key("mass_weighted_mean")
    """thesis: `sum`"""
    mass: Statistic = key("sum")
    """thesis: `sum`"""
    temperature: Statistic = key("mass_weighted_mean")
    """thesis: `sum`"""


class Images(Section):
    beta: float = key(0.001, gt=0)
    """softening of the asinh stretch"""
    overflow: Literal["clip", "wrap"] = key("clip")
    """intensities above 1 after the stretch: cut, or `wrap` modulo 256 as in the thesis"""
    single_channel: Literal["alone", "joint"] = key("alone")
    """stretch a single channel alone, or `joint`ly with the other two as in the thesis; further
    channels, and all in `tng.views`, are stretched alone
    """
    difference: Literal["signed", "wrapped"] = key("signed")
    """unsharp mask about mid-grey (128), or `wrapped` modulo 256 as in the thesis"""


class Channel(Entry):
    quantity: str
    """what is mapped, such as metallicity"""
    statistic: Statistic


class View(Entry):
    inclination: float = Field(ge=0, le=180)
    """degrees from face-on"""
    position_angle: float = Field(ge=0, lt=360)
    """degrees"""


class _Variant(Entry):
    # In JSON Schema, so that a missing key and one without meaning have sentences of their own.
    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": "channel"}}},
                    "then": {"required": ["channel"]},
                },
                {
                    "if": {"properties": {"kind": {"const": "composite"}}},
                    "then": {"not": {"required": ["channel"]}},
                },
                {
                    "if": {"required": ["channel"]},
                    "then": {
                        "allOf": [
                            {"not": {"required": ["channels"]}},
                            {"not": {"required": ["stretch"]}},
                        ],
                    },
                },
                {
                    "if": {"properties": {"kind": {"enum": ["gaussian", "unsharp"]}}},
                    "then": {"required": ["sigma"]},
                    "else": {"not": {"required": ["sigma"]}},
                },
            ]
        }
    )

    kind: Literal[
        "composite", "channel", "gaussian", "unsharp", "scrambled", "radial", "normalised"
    ]
    channel: str = may()
    """entropy, mass, temperature or one of tng.channels: the only one, filtered or not"""
    channels: Annotated[Distinct[str], Field(min_length=3, max_length=3)] = may()
    """the three that a composite, or what is filtered, is made of"""
    stretch: Literal["joint", "alone"] = may()
    view: str | None = may()
    """one of tng.views"""
    sigma: Positive | str = may()
    """pixels, or a length such as '0.7 ckpc/h' or '1 kpc'"""


#: Of tng.images a variant may have its own.
Variant = create_model("Variant", __base__=_Variant, **any_of(Images))


class Tng(Section):
    source: Literal["synthetic", "local", "api"] = key("synthetic")
    """`synthetic`: the embedded universe, written in TNG's own layout; `local`: a TNG-format folder
    on disk; `api`: the archive's web API, with the key in the environment variable `TNG_API_KEY`
    """
    base_path: str | None = key(None)
    """for `local`: the folder that holds `groups_099/` and `snapdir_099/`

    … (`…/TNG50-1/output`); offsets and SubLink trees are looked for in `../postprocessing`
    """
    external: Literal["refuse", "allow"] = key("refuse")
    """particles that HDF5's external links take from files outside `tng.base_path`

    …: `refuse`, or `allow` to read them; files beside the linking one and below `base_path` are
    read either way
    """
    api: Api = section(flow=True)
    """for `api`"""
    snapshots: Several[Annotated[int, Field(ge=0, le=999)]] = key([99, 91, 84])
    """snapshot numbers

    …; thesis: 99 to 89
    """
    reference_snapshot: int = key(99)
    """the snapshot whose largest pixels scale all images; one of `tng.snapshots`"""
    parts_per_snapshot: int = key(2, ge=1, le=1000)
    """jobs that a snapshot's maps are cut into; the results do not depend on it"""
    synthetic: Synthetic = section(gap=True)
    """the synthetic universe; the target `tng_universe` makes its files and nothing else"""
    selection: Selection = section(gap=True)
    """the cuts"""
    ssfr: Ssfr = section(gap=True)
    """how the specific star formation rate is defined"""
    gas: Gas = section(gap=True)
    """gas cells"""
    rotation: Rotation = section(gap=True)
    """the view"""
    grid: Grid = section(gap=True)
    """the map"""
    inclined: Inclined = section(
        gap=True, note="Galaxies seen at known angles, for the semantic arm's encoder to measure."
    )
    """views at known inclinations, for the semantic arm; target `tng_inclined`"""
    statistic: Statistics = section(gap=True)
    """what a pixel holds: `sum`, `mean` or `mass_weighted_mean`"""
    images: Images = section(gap=True)
    """from maps to bytes"""
    channels: dict[Name, Channel] = entries(
        """
velocity: {quantity: velocity, statistic: mass_weighted_mean}
velocity_dispersion: {quantity: velocity_dispersion, statistic: mass_weighted_mean}
metallicity: {quantity: metallicity, statistic: mass_weighted_mean}
magnetic_field: {quantity: magnetic_field, statistic: mass_weighted_mean}
dark_matter: {quantity: dark_matter, statistic: sum}
stellar_mass: {quantity: stellar_mass, statistic: sum}
""",
        gap=True,
        note="Beyond the thesis: maps of their own, made where a variant "
        "that is asked for shows them.",
    )
    """channels beyond entropy, mass and temperature, each a map of its own

    …. A new name with a `quantity` (`velocity`, `velocity_dispersion`, `metallicity`,
    `magnetic_field`, `dark_matter`, `stellar_mass`) and its `statistic` (surface densities: `sum`;
    others `mass_weighted_mean` or `mean`) is one more. Particles are those of `tng.gas.members`.
    Velocities are along the line of sight, positive away from the observer, relative to the galaxy;
    metals in solar (0.0127); fields in microgauss
    """
    views: dict[Name, View] = entries(
        """
edge_on: {inclination: 90, position_angle: 0}
inclined_45: {inclination: 45, position_angle: 0}
""",
        gap=True,
    )
    """sides that galaxies may be seen from

    …: `inclination` (degrees from face-on) and `position_angle` (degrees, counted as that of
    `tng.inclined`). Maps of a view are its own, and scaled by its own reference
    """
    variants: Named[Variant] = entries(
        """
composite: {kind: composite}
entropy: {kind: channel, channel: entropy}
mass: {kind: channel, channel: mass}
temperature: {kind: channel, channel: temperature}
gaussian_3: {kind: gaussian, sigma: 3}
gaussian_5: {kind: gaussian, sigma: 5}
gaussian_10: {kind: gaussian, sigma: 10}
unsharp_3: {kind: unsharp, sigma: 3}
unsharp_5: {kind: unsharp, sigma: 5}
unsharp_10: {kind: unsharp, sigma: 10}
# Beyond the thesis: built by name, tng_velocity, or where tng.cases lists them.
velocity: {kind: channel, channel: velocity, beta: 0.03}
velocity_edge_on: {kind: channel, channel: velocity, beta: 0.1, view: edge_on}
velocity_dispersion: {kind: channel, channel: velocity_dispersion, beta: 0.1}
metallicity: {kind: channel, channel: metallicity, beta: 0.1}
magnetic_field: {kind: channel, channel: magnetic_field, beta: 0.01}
dark_matter: {kind: channel, channel: dark_matter, beta: 0.01}
stellar_mass: {kind: channel, channel: stellar_mass}
matter: {kind: composite, channels: [dark_matter, mass, stellar_mass], beta: 0.01}
composite_edge_on: {kind: composite, view: edge_on}
composite_inclined_45: {kind: composite, view: inclined_45}
# What a network needs of a picture.
composite_scrambled: {kind: scrambled}
composite_radial: {kind: radial}
composite_normalised: {kind: normalised}
""",
        gap=True,
    )
    """variants of the images, by name

    one dataset each: `kind` (`composite`, `channel`, `gaussian`, `unsharp`; or, to see what a
    network needs, `scrambled`: pixels change places, `radial`: azimuthal means, `normalised`: over
    its own total), `channel`, `sigma`, and any of `beta`, `overflow`, `single_channel`,
    `difference` for this variant alone; `sigma` is in pixels, or a length: `'0.7 ckpc/h'`, `'1
    ckpc'` (comoving), `'1 kpc'` (physical). `channel` may be one of `tng.channels`, and is the only
    one that is filtered where it stands beside a `sigma`: `{kind: unsharp, sigma: 5, channel:
    entropy}`; `channels: [a, b, c]` are the three of a composite, or of what is filtered, and
    stretched jointly unless `stretch: alone`; `view` is one of `tng.views`. A channel with both
    signs is drawn about mid-grey (128), which is also where nothing is, and cannot be stretched
    jointly. A new name is a new dataset and the target `tng_<name>`. The target `all` builds the
    variants of the thesis's maps, and of the others those in `tng.cases`
    """
    cases: Several[str] = key(
        "composite entropy mass temperature gaussian_3 gaussian_5 gaussian_10 "
        "unsharp_3 unsharp_5 unsharp_10".split(),
        gap=True,
        shown="all ten",
    )
    """the variants that are trained on and compared, in this order"""
    split: Split = section(gap=True)
    """training and test side, one split for all variants"""
    backbone: Backbone = section(gap=True)
    """the frozen VGG16"""
    training: Training = section(gap=True)
    """the head"""
    evaluation: Evaluation = section(gap=True)
    """comparing the cases"""
    beyond: Distinct[Literal["ensemble", "leakage", "attention"]] = key(
        ["ensemble", "leakage", "attention"],
        gap=True,
        note="Beyond the thesis: what of the three below `all` builds.",
    )
    """which of these three `all` builds

    …; targets by name (`tng_ensemble`, …) build the others
    """
    ensemble: Ensemble = section(flow=True)
    """every case trained with several seeds"""
    leakage: Leakage = section(flow=True)
    """the same galaxy on both sides of the split, and what that does"""
    attention: Attention = section(flow=True)
    """where the trained networks look"""
