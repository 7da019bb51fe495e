# The pictures of the README and the documentation, made by the workflow from a run of its own.
PICTURES = own("docs/pictures")


rule pictures_rules:
    """The rules and what each needs, as this configuration plans them."""
    output:
        f"{PICTURES}/rules.png",
    log:
        f"results/{RUN}/logs/pictures_rules.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        snakefile=own("workflow/Snakefile"),
        code=code("pictures/draw_rules.py"),
    script:
        "../../scripts/pictures/draw_rules.py"


rule pictures_figures:
    """A galaxy in its variants, an X-ray image in its stretches, a line and its predictions."""
    input:
        variants=f"{TNG_DIR}/figures/variants.png",
        stretches=f"{XMM_DIR}/figures/stretches.png",
        line=f"{spectra_folder('helium')}/figures/line.png",
    output:
        variants=f"{PICTURES}/variants.png",
        stretches=f"{PICTURES}/stretches.png",
        line=f"{PICTURES}/line.png",
    log:
        f"results/{RUN}/logs/pictures_figures.log",
    conda:
        "../../envs/skyloom.yaml"
    params:
        code=code("pictures/copy_figures.py"),
    script:
        "../../scripts/pictures/copy_figures.py"


rule readme_pictures:
    """The pictures of the README, into docs/pictures."""
    input:
        rules.pictures_rules.output,
        rules.pictures_figures.output,
    localrule: True
