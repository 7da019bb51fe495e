# The rule of every arm that puts its numbers beside printed ones.
for _arm in PUBLISHED:

    rule:
        """What a document prints beside ours, and whether the two may be compared."""
        name:
            f"{_arm.arm}_compare_published"
        input:
            **_arm.inputs,
            document=own(f"resources/published/{_arm.arm}.yaml"),
        output:
            _arm.path,
        log:
            f"results/{RUN}/{_arm.arm}/logs/compare_published.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            module=f"skyloom.arms.{_arm.library}.published",
            choices=_arm.choices,
            options=_arm.options,
            code=code(
                "compare_published.py",
                entry=f"skyloom.arms.{_arm.library}.published",
            ),
        script:
            "../../scripts/compare_published.py"
