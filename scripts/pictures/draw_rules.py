"""Draw the rules that this very configuration plans, and what each needs."""

import step

step.begin(snakemake)

import json
import subprocess
import sys
import tempfile

from skyloom.errors import InputError
from skyloom.figures import style, workflow_graph

with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    json.dump(snakemake.config, file)
    file.flush()
    # With --forceall all rules look alike, whether their results are there or not.
    words = ("all", "--rulegraph", "dot", "--forceall", "--nolock", "--configfile", file.name)
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakemake.params.snakefile, *words]
    planned = subprocess.run(command, capture_output=True, text=True)
if planned.returncode:
    last = (planned.stderr.strip() or "it did not say why").splitlines()[-1]
    raise InputError(f"The rules cannot be planned ({last}): try snakemake -n.")
style.picture(workflow_graph.rules(workflow_graph.read(planned.stdout)), snakemake.output[0])
