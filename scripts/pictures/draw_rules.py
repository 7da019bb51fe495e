"""Draw the rules that this very configuration plans, and what each needs."""

import step

step.begin(snakemake)

import io
import json
import subprocess
import sys
import tempfile

from skyloom.draw import thumbnails, workflow_graph
from skyloom.errors import InputError


def said(*command, given=""):
    """What a program answers."""
    try:
        done = subprocess.run(command, input=given.encode(), capture_output=True)
    except FileNotFoundError as error:
        raise InputError(
            f"There is no program {command[0]}: install Graphviz, with apt-get install graphviz "
            "for example."
        ) from error
    if done.returncode:
        last = (done.stderr.decode().strip() or "it did not say why").splitlines()[-1]
        raise InputError(f"The rules cannot be drawn ({last}): try snakemake -n.")
    return done.stdout


with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    json.dump(snakemake.config, file)
    file.flush()
    # With --forceall all rules look alike, whether their results are there or not.
    words = ("all", "--rulegraph", "dot", "--forceall", "--nolock", "--configfile", file.name)
    command = (sys.executable, "-m", "snakemake", "--snakefile", snakemake.params.snakefile)
    planned = said(*command, *words).decode()
graph = said("tred", given=workflow_graph.drawing(workflow_graph.parse_rulegraph(planned))).decode()
drawn = said("dot", "-Tpng", "-Gdpi=150", given=graph)
thumbnails.shrink(io.BytesIO(drawn), snakemake.output[0])
