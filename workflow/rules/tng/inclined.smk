# Galaxies of the tng arm at known inclinations, for the semantic arm's encoder to measure.
INCLINED = TNG["inclined"]
INCLINED_SNAPSHOT = (
    TNG["reference_snapshot"] if INCLINED["snapshot"] is None else INCLINED["snapshot"]
)
INCLINED_MAPS = [
    f"{TNG_DIR}/inclined/snap_{INCLINED_SNAPSHOT:03d}.part_{part}.h5"
    for part in TNG_PARTS
]
INCLINED_VIEWS = f"{TNG_DIR}/inclined/snap_{INCLINED_SNAPSHOT:03d}.ecsv"
TNG_INCLINED = f"{TNG_DIR}/datasets/inclined_mass.h5"
# The views' angles stand in their table. Fewer bins over the same width sum the same cells as
# adding up pixels of the main maps; surface densities need all of the mass.
INCLINED_OPTIONS = {
    "gas": {**TNG["gas"], "members": INCLINED["members"]},
    "grid": {**TNG["grid"], "bins": INCLINED["pixels"], "edges": "exact"},
    "rotation": {**TNG["rotation"], "inclination": INCLINED["inclinations"]},
    "statistic": {**TNG["statistic"], "mass": "sum"},
}


rule tng_inclined_views:
    """List the galaxies at every inclination, each with its position angle."""
    input:
        f"{TNG_DIR}/galaxies/snap_{INCLINED_SNAPSHOT:03d}.ecsv",
    output:
        INCLINED_VIEWS,
    log:
        f"{TNG_DIR}/logs/inclined_views.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        inclinations=INCLINED["inclinations"],
        position_angle=INCLINED["position_angle"],
        galaxies=INCLINED["galaxies"],
        seed=SEED,
        code=code("tng/choose_views.py"),
    script:
        "../../../scripts/tng/choose_views.py"


# The inclined views of one shard, projected as galaxies are.
use rule tng_maps as tng_inclined_maps with:
    input:
        galaxies=INCLINED_VIEWS,
        compared=TNG_COMPARED.format(snapshot=f"{INCLINED_SNAPSHOT:03d}"),
        kernel=TNG_KERNEL,
        universe=lambda w: tng_particles(INCLINED_SNAPSHOT, TNG_PARTS),
        further=[],
        groups=lambda w: tng_files(INCLINED_SNAPSHOT)["groups"],
        offsets=lambda w: tng_files(INCLINED_SNAPSHOT)["offsets"],
    output:
        f"{TNG_DIR}/inclined/snap_{INCLINED_SNAPSHOT:03d}.part_{{part}}.h5",
    log:
        f"{TNG_DIR}/logs/inclined_maps_{{part}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/inclined_maps_{{part}}.tsv"
    params:
        snapshot=INCLINED_SNAPSHOT,
        cutouts=lambda w: tng_cutouts(INCLINED_SNAPSHOT),
        further=None,
        table=TNG_SOURCES["maps"].table,
        channels=configuration_channels.gas(INCLINED_OPTIONS["statistic"]),
        options=INCLINED_OPTIONS,
        code=code(
            "tng/project_maps.py",
            *TNG_KERNEL_SOURCES,
            entry=TNG_SOURCES["maps"].table,
        ),


rule tng_inclined:
    """The inclined views as surface densities of gas, with the angles they are seen at."""
    input:
        maps=INCLINED_MAPS,
        views=INCLINED_VIEWS,
    output:
        dataset=TNG_INCLINED,
        provenance=f"{TNG_DIR}/datasets/inclined_mass.provenance.json",
    log:
        f"{TNG_DIR}/logs/inclined.log",
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        parameters={
            "inclined": {**INCLINED, "snapshot": INCLINED_SNAPSHOT},
            "selection": tng_cuts(INCLINED_SNAPSHOT),
            **{key: INCLINED_OPTIONS[key] for key in ("gas", "grid", "rotation")},
        },
        seed=SEED,
        code=code("tng/make_inclined_dataset.py"),
    script:
        "../../../scripts/tng/make_inclined_dataset.py"
