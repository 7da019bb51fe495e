# The folder of every trained network: what `make models` makes, and what predictions are made with.
for _arm, _own in RELEASES.items():

    rule:
        """The folder of one trained network, which serves anybody's input."""
        name:
            f"{_arm}_release"
        input:
            unpack(_own.inputs),
        output:
            directory(f"results/{RUN}/models/{_arm}/{{model}}"),
        log:
            f"results/{RUN}/{_arm}/logs/release_{{model}}.log",
        wildcard_constraints:
            model=one_of(_own.known),
        conda:
            "../../envs/skyloom.yaml"
        resources:
            mem_mb=growing(3000),
        params:
            arm=_arm,
            library=_own.library,
            options=_own.options,
            seed=SEED,
            code=code("write_release.py", entry=f"{_own.library}.contents"),
        script:
            "../../scripts/write_release.py"


rule models:
    """The folder of every trained network: weights, what they expect, what they are worth."""
    input:
        [
            f"results/{RUN}/models/{arm}/{model}"
            for arm, own in RELEASES.items()
            if arm in config["arms"]
            for model in own.models
        ],
    localrule: True
