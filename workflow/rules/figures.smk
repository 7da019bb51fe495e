# The rule of every figure in the table, which the arms' files fill.
for _figure in FIGURES:
    _folder = f"results/{RUN}/{_figure.arm}"
    _kind, *_wildcards = re.findall(r"\w+", _figure.name)

    rule:
        """Draw one figure."""
        name:
            f"{_figure.arm}_draw_{_kind}"
        input:
            **_figure.inputs,
        output:
            png=report(
                f"{_folder}/figures/{_figure.name}.png",
                caption="../report/figure.rst",
                category=_figure.arm,
                subcategory=_figure.category,
                labels={
                    "figure": _kind.replace("_", " "),
                    **{name: f"{{{name}}}" for name in _wildcards},
                },
            ),
            pdf=f"{_folder}/figures/{_figure.name}.pdf",
        log:
            f"{_folder}/logs/draw_{_figure.name.replace(os.sep, '_')}.log",
        conda:
            "../../envs/skyloom.yaml"
        params:
            function=_figure.function,
            options=_figure.options,
            caption=caption(_figure),
            code=code("draw.py", entry=_figure.function),
        script:
            "../../scripts/draw.py"
