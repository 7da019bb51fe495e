# What the tng arm's rules share: names, paths and input functions.
import configuration_channels
import configuration_tng
from skyloom.learn import precision
from skyloom.arms.tng import channels, gas_channels
from skyloom.simulate.universe import layout

TNG = config["tng"]
TNG_DIR = f"results/{RUN}/tng"
TNG_SYNTHETIC = TNG["source"] == "synthetic"
TNG_API = TNG["source"] == "api"
# The synthetic universe has no links, so that nothing is outside of it.
TNG_EXTERNAL = "refuse" if TNG_SYNTHETIC else TNG["external"]
# What the web API served, one folder a simulation: kept between runs.
TNG_FETCHED = f"{DOWNLOADS}/tng/{TNG['api']['simulation']}"
TNG_BASE = {
    "synthetic": f"{TNG_DIR}/universe/output",
    "local": os.path.expanduser(TNG["base_path"] or "tng.base_path"),
    "api": f"{TNG_FETCHED}/output",
}[TNG["source"]]
# Where galaxies over time are asked of the web API, their tables are complete only after that.
TNG_CHOSEN = "candidates" if TNG_API else "selection"
# What was found when a snapshot's files were compared with each other, before galaxies are selected.
TNG_COMPARED = f"{TNG_DIR}/compared/snap_{{snapshot}}.json"
TNG_SNAPSHOTS = sorted(TNG["snapshots"], reverse=True)
TNG_PARTS = range(TNG["parts_per_snapshot"])
TNG_VARIANTS = list(TNG["variants"])
TNG_CASES = TNG["cases"]
# Variants that show further channels, or the galaxies from another side, by name or as cases only.
TNG_BUILT = list(dict.fromkeys([*TNG_CASES, *configuration_channels.main(TNG)]))
TNG_SOURCES = configuration_channels.sources(TNG)
# Where the scaling of a folder's maps lies: that of the main ones beside it.
TNG_SCALED = {f"{folder}/".removeprefix("maps/"): folder for folder in TNG_SOURCES}
TNG_KERNEL = "results/kernels/histogram2d.so"
TNG_GALAXIES = [f"{TNG_DIR}/galaxies/snap_{s:03d}.ecsv" for s in TNG_SNAPSHOTS]
TNG_SPLIT = f"{TNG_DIR}/splits/{TNG['split']['by']}.ecsv"
# Variants under two names share one file of features.
TNG_SAME_IMAGES = configuration.same_images(TNG)
TNG_WEIGHTS = TNG["backbone"]["weights"]
# Settled by the machine that plans, for all variants and for jobs on any other.
TNG_PRECISION = precision.planned(TNG["backbone"]["precision"], os.environ)
IMAGENET = f"{DOWNLOADS}/weights/vgg16_imagenet_notop.h5"
TNG_FAMILIES = {name: list(members) for name, members in gas_channels.FAMILIES.items()}
TNG_BOOTSTRAP = {
    "samples": TNG["evaluation"]["bootstrap_samples"],
    "level": TNG["evaluation"]["level"],
}
TNG_TABLES = ["summary", "differences", "published"]


def tng_cuts(snapshot):
    """The selection of one snapshot: a galaxy that is left out concerns its own alone."""
    names = TNG["selection"]["exclude"]
    own_names = [name for name in names if int(name[:3]) == snapshot]
    return {**TNG["selection"], "exclude": own_names}


def tng_files(snapshot):
    """The universe's files of one snapshot; none to build where the simulation is on disk."""
    if TNG["source"] == "local":
        return {"groups": [], "snapshots": [], "offsets": []}
    if TNG_API:
        groups = tng_catalogue(f"{snapshot:03d}")
        return {"groups": groups, "snapshots": [], "offsets": []}
    return layout.snapshot_files(TNG_BASE, snapshot, chunks=TNG["synthetic"]["chunks"])


def tng_catalogue(number):
    """The catalogue that is put together from the web API; the number may be a wildcard."""
    return [
        f"{TNG_BASE}/groups_{number}/fof_subhalo_tab_{number}.{chunk}.hdf5"
        for chunk in range(layout.CATALOGUE_CHUNKS)
    ]


def tng_particles(snapshot, parts):
    """What particles are read from: the universe's files, or lists of cutouts of these parts."""
    if TNG_API:
        return [
            f"{TNG_DIR}/cutouts/snap_{snapshot:03d}.part_{part}.ecsv" for part in parts
        ]
    return tng_files(snapshot)["snapshots"]


def tng_whole_groups(snapshot):
    """Whether cutouts must hold whole FoF groups, as the members that maps ask for say."""
    members = [TNG["gas"]["members"], TNG["rotation"]["members"]]
    if snapshot == INCLINED_SNAPSHOT:
        members.append(INCLINED["members"])
    return "fof" in members


def tng_cutouts(snapshot):
    """The folder of one snapshot's cutouts; None where particles are on disk."""
    return f"{TNG_FETCHED}/cutouts/{snapshot:03d}" if TNG_API else None


def tng_maps(snapshot, source="maps"):
    """Map files of one snapshot, in the order of their galaxies."""
    return [
        f"{TNG_DIR}/{source}/snap_{snapshot:03d}.part_{part}.h5" for part in TNG_PARTS
    ]


def tng_further(wildcards):
    """Folder and list of the cutouts of a channel's own; none where the galaxies' hold it."""
    quantity = configuration_channels.further(TNG_SOURCES[wildcards.source])
    if not (TNG_API and quantity):
        return None, []
    shard = f"snap_{wildcards.snapshot}.part_{wildcards.part}.ecsv"
    folder = f"{tng_cutouts(int(wildcards.snapshot))}/{quantity}"
    return folder, [f"{TNG_DIR}/cutouts/{quantity}/{shard}"]


def tng_variant_inputs(wildcards):
    """Map files of a variant's channels, and what scales their images."""
    folders = configuration_channels.folders(TNG, wildcards.variant)
    return {
        "maps": [
            path
            for folder in folders
            for s in TNG_SNAPSHOTS
            for path in tng_maps(s, folder)
        ],
        "scaling": [
            f"{TNG_DIR}/{prefix}scaling.json"
            for prefix, folder in TNG_SCALED.items()
            if folder in folders
        ],
    }


def tng_backbone_inputs(_):
    """The catalogue of weights, and the weights file where it is one: downloaded or the user's."""
    files = {"imagenet": IMAGENET, "bsds500": None, "random": None}
    weights = files.get(TNG_WEIGHTS, TNG_WEIGHTS)
    catalogue = {"catalogue": own("resources/weights.yaml")}
    return {**catalogue, "weights": weights} if weights else catalogue
