# tng, beyond entropy, mass and temperature: further channels and other views, each with maps of
# its own, which are made only where a wanted variant shows them.


rule tng_view_maps:
    """Project the galaxies of one shard onto the gas's three maps, seen from another side."""
    input:
        galaxies=f"{TNG_DIR}/{TNG_CHOSEN}/snap_{{snapshot}}.ecsv",
        compared=TNG_COMPARED,
        kernel=TNG_KERNEL,
        universe=lambda w: tng_particles(int(w.snapshot), [w.part]),
        groups=lambda w: tng_files(int(w.snapshot))["groups"],
        offsets=lambda w: tng_files(int(w.snapshot))["offsets"],
    output:
        f"{TNG_DIR}/views/{{view}}/gas/snap_{{snapshot}}.part_{{part}}.h5",
    log:
        f"{TNG_DIR}/logs/views/{{view}}/gas_{{snapshot}}_{{part}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/views/{{view}}/gas_{{snapshot}}_{{part}}.tsv"
    wildcard_constraints:
        view=one_of(TNG["views"]),
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
        part=lambda w: int(w.part),
        parts=TNG["parts_per_snapshot"],
        options=lambda w: {
            **{key: TNG[key] for key in ("gas", "grid", "statistic")},
            "rotation": tng_rotation(w.view),
        },
        code=code("tng/project_maps.py", "skyloom/kernels/histogram2d.c"),
    script:
        "../../../scripts/tng/project_maps.py"


rule tng_channel_maps:
    """Project the galaxies of one shard onto the map of one further channel."""
    input:
        galaxies=f"{TNG_DIR}/{TNG_CHOSEN}/snap_{{snapshot}}.ecsv",
        compared=TNG_COMPARED,
        kernel=TNG_KERNEL,
        universe=lambda w: tng_particles(int(w.snapshot), [w.part]),
        further=lambda w: tng_further_listing(w.snapshot, w.channel, w.part),
        groups=lambda w: tng_files(int(w.snapshot))["groups"],
        offsets=lambda w: tng_files(int(w.snapshot))["offsets"],
    output:
        f"{TNG_DIR}/{{side}}/{{channel}}/snap_{{snapshot}}.part_{{part}}.h5",
    log:
        f"{TNG_DIR}/logs/{{side}}/{{channel}}_{{snapshot}}_{{part}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/{{side}}/{{channel}}_{{snapshot}}_{{part}}.tsv"
    wildcard_constraints:
        side=one_of(TNG_SIDES),
        channel=one_of(TNG["channels"]),
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
        further=lambda w: tng_further_cutouts(w.snapshot, w.channel),
        kind=lambda w: channels.quantity(tng_quantity(w.channel)).particles,
        part=lambda w: int(w.part),
        parts=TNG["parts_per_snapshot"],
        name=lambda w: w.channel,
        channel=lambda w: TNG["channels"][w.channel],
        options=lambda w: {
            "gas": {"members": TNG["gas"]["members"]},
            "grid": TNG["grid"],
            "rotation": tng_rotation(TNG_SIDES[w.side]),
        },
        code=code("tng/project_channel.py", "skyloom/kernels/histogram2d.c"),
    script:
        "../../../scripts/tng/project_channel.py"


rule tng_view_maxima:
    """The largest pixel of the gas's channels over the reference snapshot, seen from there."""
    input:
        lambda w: tng_source_maps(w.view, "gas", TNG["reference_snapshot"]),
    output:
        f"{TNG_DIR}/views/{{view}}/gas/scaling.json",
    log:
        f"{TNG_DIR}/logs/views/{{view}}/gas_maxima.log",
    wildcard_constraints:
        view=one_of(TNG["views"]),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        snapshot=TNG["reference_snapshot"],
        entropy=TNG["gas"]["entropy"],
        code=code("tng/measure_maxima.py"),
    script:
        "../../../scripts/tng/measure_maxima.py"


rule tng_channel_maxima:
    """The largest pixel of a further channel over the reference snapshot."""
    input:
        lambda w: tng_source_maps(
            TNG_SIDES[w.side], w.channel, TNG["reference_snapshot"]
        ),
    output:
        f"{TNG_DIR}/{{side}}/{{channel}}/scaling.json",
    log:
        f"{TNG_DIR}/logs/{{side}}/{{channel}}_maxima.log",
    wildcard_constraints:
        side=one_of(TNG_SIDES),
        channel=one_of(TNG["channels"]),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        name=lambda w: w.channel,
        snapshot=TNG["reference_snapshot"],
        code=code("tng/measure_channel.py"),
    script:
        "../../../scripts/tng/measure_channel.py"


rule tng_channel_dataset:
    """Render a variant of further channels, or of another view, with its labels."""
    input:
        unpack(tng_further_maps),
        galaxies=TNG_GALAXIES,
        scaling=tng_further_scalings,
    output:
        dataset=f"{TNG_DIR}/datasets/{{variant}}.h5",
        provenance=f"{TNG_DIR}/datasets/{{variant}}.provenance.json",
    log:
        f"{TNG_DIR}/logs/dataset_{{variant}}.log",
    benchmark:
        f"{TNG_DIR}/benchmarks/dataset_{{variant}}.tsv"
    wildcard_constraints:
        variant=one_of(TNG_FURTHER),
    conda:
        "../../../envs/skyloom.yaml"
    threads: share(2)
    resources:
        mem_mb=growing(1000),
    params:
        sources=lambda w: TNG_FURTHER[w.variant]["sources"],
        variant_parameters=lambda w: configuration.variant_parameters(TNG, w.variant),
        seed=SEED,
        code=code("tng/make_channel_dataset.py"),
    script:
        "../../../scripts/tng/make_channel_dataset.py"


if TNG_API:

    rule tng_fetch_channel:
        """The cutouts of one shard's galaxies with what a further channel needs besides."""
        input:
            galaxies=f"{TNG_DIR}/candidates/snap_{{snapshot}}.ecsv",
            groups=lambda w: tng_files(int(w.snapshot))["groups"],
        output:
            f"{TNG_DIR}/cutouts/{{quantity}}/snap_{{snapshot}}.part_{{part}}.ecsv",
        log:
            f"{TNG_DIR}/logs/fetch_{{quantity}}_{{snapshot}}_{{part}}.log",
        wildcard_constraints:
            quantity=one_of(channels.QUANTITIES),
        localrule: True
        conda:
            "../../../envs/skyloom.yaml"
        resources:
            mem_mb=growing(4000),
            downloads=1,
        params:
            base_path=TNG_BASE,
            simulation=TNG["api"]["simulation"],
            folder=lambda w: TNG_FETCHED,
            addresses=ADDRESSES,
            fields=lambda w: channels.further_fields(channels.quantity(w.quantity)),
            cutouts=lambda w: f"{tng_cutouts(int(w.snapshot))}/{w.quantity}",
            snapshot=lambda w: int(w.snapshot),
            part=lambda w: int(w.part),
            parts=TNG["parts_per_snapshot"],
            whole_groups=TNG["gas"]["members"] == "fof",
            failures=lambda w: f"{TNG_DIR}/failed/{w.quantity}_{w.snapshot}_{w.part}.ecsv",
            code=code("tng/fetch_cutouts.py"),
        script:
            "../../../scripts/tng/fetch_cutouts.py"

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
