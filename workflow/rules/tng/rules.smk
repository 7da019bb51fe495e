# tng: from a TNG-format simulation to ten datasets, ten trained networks and their comparison.
include: "common.smk"


if TNG_SYNTHETIC:
    for _snapshot in TNG_SNAPSHOTS:

        rule:
            """One snapshot of the synthetic universe."""
            name:
                f"tng_simulate_{_snapshot:03d}"
            output:
                **layout.snapshot_files(
                    TNG_BASE, _snapshot, chunks=TNG["synthetic"]["chunks"]
                ),
            log:
                f"{TNG_DIR}/logs/simulate_{_snapshot:03d}.log",
            benchmark:
                f"{TNG_DIR}/benchmarks/simulate_{_snapshot:03d}.tsv"
            conda:
                "../../../envs/skyloom.yaml"
            resources:
                mem_mb=growing(2000),
            params:
                base_path=lambda w, output: str(Path(output.groups[0]).parents[1]),
                snapshot=_snapshot,
                snapshots=TNG_SNAPSHOTS,
                universe=TNG["synthetic"],
                seed=SEED,
                code=code("tng/simulate_snapshot.py"),
            script:
                "../../../scripts/tng/simulate_snapshot.py"

    rule tng_simulate_trees:
        """The synthetic universe's merger trees."""
        output:
            layout.tree_files(TNG_BASE),
        log:
            f"{TNG_DIR}/logs/simulate_trees.log",
        conda:
            "../../../envs/skyloom.yaml"
        params:
            base_path=TNG_BASE,
            snapshots=TNG_SNAPSHOTS,
            universe=TNG["synthetic"],
            seed=SEED,
            code=code("tng/simulate_tree.py"),
        script:
            "../../../scripts/tng/simulate_tree.py"

    rule tng_universe:
        """The synthetic universe alone, in TNG's own layout: a folder for `tng.base_path`."""
        input:
            [tng_files(snapshot)["groups"] for snapshot in TNG_SNAPSHOTS],
            [tng_files(snapshot)["snapshots"] for snapshot in TNG_SNAPSHOTS],
            [tng_files(snapshot)["offsets"] for snapshot in TNG_SNAPSHOTS],
            layout.tree_files(TNG_BASE),
        localrule: True


if TNG_API:

    include: "api.smk"

else:

    rule tng_simulation:
        """What the simulation on disk is, and which channels each snapshot can give."""
        input:
            galaxies=TNG_GALAXIES,
            compared=expand(TNG_COMPARED, snapshot=[f"{s:03d}" for s in TNG_SNAPSHOTS]),
            universe=lambda w: [
                path for s in TNG_SNAPSHOTS for path in tng_files(s)["snapshots"]
            ],
        output:
            f"{TNG_DIR}/simulation.ecsv",
        log:
            f"{TNG_DIR}/logs/simulation.log",
        conda:
            "../../../envs/skyloom.yaml"
        params:
            base_path=TNG_BASE,
            snapshots=TNG_SNAPSHOTS,
            code=code("tng/describe_simulation.py"),
        script:
            "../../../scripts/tng/describe_simulation.py"


rule tng_compile_kernel:
    """Compile the C kernel of the maps."""
    input:
        [own(f"src/{source}") for source in TNG_KERNEL_SOURCES],
    output:
        TNG_KERNEL,
    log:
        "results/kernels/compile.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        code=code("tng/compile_kernel.py", *TNG_KERNEL_SOURCES),
    script:
        "../../../scripts/tng/compile_kernel.py"


rule tng_select:
    """Choose the galaxies of one snapshot, whose files are compared with each other first."""
    input:
        groups=lambda w: tng_files(int(w.snapshot))["groups"],
        snapshots=lambda w: tng_files(int(w.snapshot))["snapshots"],
        offsets=lambda w: tng_files(int(w.snapshot))["offsets"],
        trees=layout.tree_files(TNG_BASE) if TNG_SYNTHETIC else [],
    output:
        galaxies=f"{TNG_DIR}/{TNG_CHOSEN}/snap_{{snapshot}}.ecsv",
        compared=TNG_COMPARED,
    log:
        f"{TNG_DIR}/logs/select_{{snapshot}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/select_{{snapshot}}.tsv"
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(2000 if TNG_SYNTHETIC else 16000),
    params:
        base_path=TNG_BASE,
        snapshot=lambda w: int(w.snapshot),
        external=TNG_EXTERNAL,
        cuts=lambda w: tng_cuts(int(w.snapshot)),
        trees="web" if TNG_API else "disk",
        code=code("tng/select_galaxies.py"),
    script:
        "../../../scripts/tng/select_galaxies.py"


rule tng_galaxies:
    """The selected galaxies with their specific star formation rates."""
    input:
        f"{TNG_DIR}/selection/snap_{{snapshot}}.ecsv",
    output:
        f"{TNG_DIR}/galaxies/snap_{{snapshot}}.ecsv",
    log:
        f"{TNG_DIR}/logs/galaxies_{{snapshot}}.log",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        ssfr=TNG["ssfr"],
        code=code("tng/measure_ssfr.py"),
    script:
        "../../../scripts/tng/measure_ssfr.py"


rule tng_maps:
    """Project the galaxies of one shard: the gas's three maps in one pass, or another channel's."""
    input:
        galaxies=f"{TNG_DIR}/{TNG_CHOSEN}/snap_{{snapshot}}.ecsv",
        compared=TNG_COMPARED,
        kernel=TNG_KERNEL,
        universe=lambda w: tng_particles(int(w.snapshot), [w.part]),
        further=lambda w: tng_further(w)[1],
        groups=lambda w: tng_files(int(w.snapshot))["groups"],
        offsets=lambda w: tng_files(int(w.snapshot))["offsets"],
    output:
        f"{TNG_DIR}/{{source}}/snap_{{snapshot}}.part_{{part}}.h5",
    log:
        f"{TNG_DIR}/logs/{{source}}_{{snapshot}}_{{part}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/{{source}}_{{snapshot}}_{{part}}.tsv"
    wildcard_constraints:
        source=one_of(TNG_SOURCES),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(4)
    resources:
        mem_mb=growing(2000 if TNG_SYNTHETIC else 16000),
        runtime=growing(480),
    params:
        base_path=TNG_BASE,
        external=TNG_EXTERNAL,
        snapshot=lambda w: int(w.snapshot),
        cutouts=lambda w: tng_cutouts(int(w.snapshot)),
        further=lambda w: tng_further(w)[0],
        part=lambda w: int(w.part),
        parts=TNG["parts_per_snapshot"],
        table=lambda w: TNG_SOURCES[w.source].table,
        channels=lambda w: TNG_SOURCES[w.source].channels,
        options=lambda w: TNG_SOURCES[w.source].options,
        code=code(
            "tng/project_maps.py",
            *TNG_KERNEL_SOURCES,
            entry=lambda w: TNG_SOURCES[w.source].table,
        ),
    script:
        "../../../scripts/tng/project_maps.py"


include: "inclined.smk"


rule tng_maxima:
    """The largest pixel of each channel over the reference snapshot, which scales all images."""
    input:
        lambda w: tng_maps(TNG["reference_snapshot"], TNG_SCALED[w.folder]),
    output:
        f"{TNG_DIR}/{{folder}}scaling.json",
    log:
        f"{TNG_DIR}/logs/{{folder}}maxima.log",
    wildcard_constraints:
        folder=one_of(TNG_SCALED),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        snapshot=TNG["reference_snapshot"],
        entropy=lambda w: (
            TNG["gas"]["entropy"]
            if "entropy" in TNG_SOURCES[TNG_SCALED[w.folder]].channels
            else None
        ),
        code=code("tng/measure_maxima.py"),
    script:
        "../../../scripts/tng/measure_maxima.py"


rule tng_dataset:
    """Render one variant's images with their labels."""
    input:
        unpack(tng_variant_inputs),
        galaxies=TNG_GALAXIES,
    output:
        dataset=f"{TNG_DIR}/datasets/{{variant}}.h5",
        provenance=f"{TNG_DIR}/datasets/{{variant}}.provenance.json",
    log:
        f"{TNG_DIR}/logs/dataset_{{variant}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/dataset_{{variant}}.tsv"
    wildcard_constraints:
        variant=one_of(TNG_VARIANTS),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        variant_parameters=lambda w: configuration.variant_parameters(TNG, w.variant),
        signed=lambda w: configuration_channels.signed(TNG, w.variant),
        seed=SEED,
        code=code("tng/make_dataset.py"),
    script:
        "../../../scripts/tng/make_dataset.py"


rule tng_split:
    """Divide the galaxies into a training and a test side: by lineage, or at random."""
    input:
        galaxies=TNG_GALAXIES,
    output:
        f"{TNG_DIR}/splits/{{by}}.ecsv",
    log:
        f"{TNG_DIR}/logs/split_{{by}}.log",
    wildcard_constraints:
        by="lineage|random",
    conda:
        "../../../envs/skyloom.yaml"
    params:
        test_fraction=TNG["split"]["test_fraction"],
        seed=SEED,
        code=code("tng/split_galaxies.py"),
    script:
        "../../../scripts/tng/split_galaxies.py"


include: "networks.smk"
include: "figures.smk"


builds(
    "tng",
    [
        *TNG_GALAXIES,
        *(f"{TNG_DIR}/datasets/{variant}.h5" for variant in TNG_BUILT),
        TNG_SPLIT,
        *(f"{TNG_DIR}/models/{case}/model.keras" for case in TNG_CASES),
        *(f"{TNG_DIR}/evaluation/{table}.ecsv" for table in TNG_TABLES),
        *(path for name in TNG["beyond"] for path in TNG_BEYOND[name]),
    ],
    datasets={
        **dict.fromkeys(TNG_VARIANTS, TNG_SPLIT),
        Path(TNG_INCLINED).stem: None,
    },
    models=TNG_CASES,
    shown={"maps": [path for s in TNG_SNAPSHOTS for path in tng_maps(s)]},
    told={"parts": TNG["beyond"]},
)
