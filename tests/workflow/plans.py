"""What Snakemake would run again after a change of the configuration, many changes in one process.

Run as a program, this module reads a list of requests as JSON and writes a list of answers: it is a
process of its own, since planning leaves traces in the one that plans (paths, handlers, variables).
"""

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Plan:
    """All jobs that a configuration asks for, as the records of a finished run would have them.

    Attributes
    ----------
    jobs : dict
        Outputs, or the rule's name where it has none -> (rule, parameters, inputs): the last two as
        Snakemake compares them, the values' texts in order, and the files' names in order.
    needs : dict
        The same keys -> keys of the jobs that make the inputs.
    """

    def __init__(self, config, targets):
        with _dag(config, targets) as (dag, kept):
            key = {job: tuple(map(str, job.output)) or (job.rule.name,) for job in dag.jobs}
            self.jobs = {
                key[job]: (job.rule.name, kept._params(job), kept._input(job)) for job in key
            }
            self.needs = {key[job]: {key[one] for one in dag.dependencies[job]} for job in key}
            self.loose = sorted(_not_plain(dag.jobs))

    def changed(self, before):
        """Jobs that Snakemake would run for their own sake, where those of `before` have run.

        What it compares is in its persistence: the set of parameters' values and the list of
        inputs, neither with names, both without order.
        """
        return {
            key
            for key, (rule, params, files) in self.jobs.items()
            if key not in before.jobs
            or set(params) != set(before.jobs[key][1])
            or files != before.jobs[key][2]
        }

    def after(self, changed):
        """These jobs and all that need what they make."""
        found, fresh = set(changed), set(changed)
        while fresh:
            fresh = {key for key, needs in self.needs.items() if needs & fresh} - found
            found |= fresh
        return found

    def rules(self, keys):
        """How many of these jobs each rule has, without collectors."""
        return dict(Counter(self.jobs[key][0] for key in keys if key != (self.jobs[key][0],)))

    def made(self, keys):
        """What these jobs make, rule by rule."""
        found = {}
        for key in sorted(keys):
            found.setdefault(self.jobs[key][0], []).extend(key)
        return found


def _not_plain(jobs):
    """Parameters that Snakemake does not compare, or not reliably: sets, arrays, paths, objects."""

    def plain(value):
        if type(value) is dict:
            return all(map(plain, [*value, *value.values()]))
        if type(value) in (list, tuple):
            return all(map(plain, value))
        return type(value) in (str, int, float, bool, range, type(None))

    for job in jobs:
        for name, value in job.params._allitems():
            if not plain(value):
                yield f"{job.rule.name}: {name} is a {type(value).__name__}"


class _dag:  # noqa: N801
    """The jobs of a configuration, planned by Snakemake in an empty folder."""

    def __init__(self, config, targets):
        self.config, self.targets = config, targets

    def __enter__(self):
        from snakemake.api import ConfigSettings, OutputSettings, ResourceSettings, SnakemakeApi
        from snakemake.settings.types import DAGSettings, Quietness

        _remember()
        self.api = SnakemakeApi(OutputSettings(quiet={Quietness.ALL}))
        self.api.__enter__()
        try:
            workflow = self.api.workflow(
                resource_settings=ResourceSettings(cores=2),
                config_settings=ConfigSettings(config=self.config),
                snakefile=ROOT / "workflow" / "Snakefile",
            )
            made = workflow.dag(DAGSettings(targets=set(self.targets), forceall=True))
            workflow = made.workflow_api._workflow
            workflow.dag_settings = made.dag_settings
            workflow._prepare_dag(
                forceall=True, ignore_incomplete=True, lock_warn_only=True, nolock=True
            )
            workflow._build_dag()
        except BaseException:
            self.api.__exit__(None, None, None)
            raise
        return workflow.dag, workflow.persistence

    def __exit__(self, *error):
        self.api.__exit__(*error)


@cache
def _remember():
    """Read and translate each file of the workflow once in this process."""
    import copy

    from snakemake import workflow
    from snakemake.common import configfile

    parse, load = workflow.parse, cache(configfile.load_configfile)
    known = {}

    def parsed(snakefile, flow, rulecount=0, linemap=None, **more):
        key = (str(snakefile.get_path_or_uri(secret_free=True)), rulecount)
        if key not in known:
            lines = {}
            known[key] = (*parse(snakefile, flow, rulecount=rulecount, linemap=lines), lines)
        code, rulecount, lines = known[key]
        linemap.update(lines)
        return code, rulecount

    workflow.parse = parsed
    configfile.load_configfile = lambda path: copy.deepcopy(load(path))


def answers(requests):
    """What each change of a configuration makes Snakemake run.

    Parameters
    ----------
    requests : list of dict
        ``before`` and ``after``, overlays of config.yaml; ``targets``.

    Returns
    -------
    list of dict
        ``changed`` and ``rerun``, how many jobs of each rule; ``made``, the outputs of the first;
        ``loose``, parameters of which Snakemake sees no change; or ``error``.
    """
    plans = {}

    def plan(config, targets):
        name = json.dumps([config, targets])
        if name not in plans:
            plans[name] = Plan(config, targets)
        return plans[name]

    found = []
    for request in requests:
        before = plan(request["before"], request["targets"])
        try:
            after = Plan(request["after"], request["targets"])
        except Exception as error:
            found.append({"error": f"{type(error).__name__}: {error}"})
            continue
        changed = after.changed(before)
        found.append(
            {
                "changed": after.rules(changed),
                "rerun": after.rules(after.after(changed)),
                "made": after.made(changed),
                "loose": after.loose,
            }
        )
    return found


def ask(requests, folder):
    """`answers`, of a process of its own in a folder."""
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(requests),
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(answers(json.load(sys.stdin))))
