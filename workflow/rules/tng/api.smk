# tng from the archive's web API: catalogue, main branches and cutouts, kept in TNG_FETCHED.
#
# The key is read from the environment by the jobs themselves. `envvars:` would write its value
# into the scripts that some executors submit; these rules run where Snakemake does instead, which
# is also where a cluster has its way to the network.

# Jobs on other machines, which read this file too, need no key.
if workflow.is_main_process and configuration_tng.wanted(config):
    try:
        configuration_tng.check_key(os.environ)
    except InputError as error:
        raise WorkflowError(str(error)) from None


rule tng_fetch_catalogue:
    """One snapshot's group catalogue, field by field, put together in TNG's layout."""
    output:
        groups=tng_catalogue("{snapshot}"),
    log:
        f"{TNG_DIR}/logs/fetch_catalogue_{{snapshot}}.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(2000),
        downloads=1,
    params:
        simulation=TNG["api"]["simulation"],
        folder=lambda w: TNG_FETCHED,
        addresses=ADDRESSES,
        snapshot=lambda w: int(w.snapshot),
        code=code("tng/fetch_catalogue.py"),
    script:
        "../../../scripts/tng/fetch_catalogue.py"


rule tng_fetch_branches:
    """The galaxies with their identity over time, from SubLink's main branches."""
    input:
        [f"{TNG_DIR}/candidates/snap_{s:03d}.ecsv" for s in TNG_SNAPSHOTS],
    output:
        [f"{TNG_DIR}/selection/snap_{s:03d}.ecsv" for s in TNG_SNAPSHOTS],
    log:
        f"{TNG_DIR}/logs/fetch_branches.log",
    localrule: True
    conda:
        "../../../envs/skyloom.yaml"
    resources:
        mem_mb=growing(1000),
        downloads=1,
    params:
        simulation=TNG["api"]["simulation"],
        folder=lambda w: TNG_FETCHED,
        addresses=ADDRESSES,
        failures=f"{TNG_DIR}/failed/branches.ecsv",
        code=code("tng/fetch_branches.py"),
    script:
        "../../../scripts/tng/fetch_branches.py"


rule tng_fetch_cutouts:
    """The cutouts of one shard's galaxies, and the list of where each galaxy is in them."""
    input:
        galaxies=f"{TNG_DIR}/candidates/snap_{{snapshot}}.ecsv",
        groups=lambda w: tng_files(int(w.snapshot))["groups"],
    output:
        f"{TNG_DIR}/cutouts/snap_{{snapshot}}.part_{{part}}.ecsv",
    log:
        f"{TNG_DIR}/logs/fetch_cutouts_{{snapshot}}_{{part}}.log",
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
        cutouts=lambda w: tng_cutouts(int(w.snapshot)),
        snapshot=lambda w: int(w.snapshot),
        part=lambda w: int(w.part),
        parts=TNG["parts_per_snapshot"],
        whole_groups=lambda w: tng_whole_groups(int(w.snapshot)),
        failures=lambda w: f"{TNG_DIR}/failed/cutouts_{w.snapshot}_{w.part}.ecsv",
        code=code("tng/fetch_cutouts.py"),
    script:
        "../../../scripts/tng/fetch_cutouts.py"


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
        fields=lambda w: gas_channels.further_fields(channels.QUANTITIES[w.quantity]),
        cutouts=lambda w: f"{tng_cutouts(int(w.snapshot))}/{w.quantity}",
        snapshot=lambda w: int(w.snapshot),
        part=lambda w: int(w.part),
        parts=TNG["parts_per_snapshot"],
        whole_groups=TNG["gas"]["members"] == "fof",
        failures=lambda w: f"{TNG_DIR}/failed/{w.quantity}_{w.snapshot}_{w.part}.ecsv",
        code=code("tng/fetch_cutouts.py"),
    script:
        "../../../scripts/tng/fetch_cutouts.py"
