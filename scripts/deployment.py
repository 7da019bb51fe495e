"""Where the project's files are, however a workflow came by it: as a folder, or from git.

As a module of another workflow, Snakemake reads rules and scripts from a git repository one by
one; the library, the schemas and the tables in ``resources`` must be files on a disk.

Like `step`, this module stands between Snakemake and the library; it is the one that is read before
the library can be found, and imports nothing of it.
"""

import copy
import os
import subprocess
import tempfile
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.sourcecache import LocalSourceFile
from snakemake.utils import update_config

#: Clones of git repositories, below the folder where Snakemake works: every job sees them.
CLONES = Path(".snakemake") / "skyloom"


def project(rules):
    """The project's folder.

    Parameters
    ----------
    rules : snakemake.sourcecache.SourceFile
        The folder ``workflow/rules``, as Snakemake knows it: a folder on this machine, or one
        within a git repository (``github``, ``gitlab`` of a module's snakefile).

    Returns
    -------
    Path
        Of a git repository, a clone at the very commit.

    Raises
    ------
    WorkflowError
        If the rules come from neither, or git does not give them.
    """
    if hasattr(rules, "hosted_repo"):
        return _clone(rules.hosted_repo.repo_clone, rules.ref)
    if hasattr(rules, "repo_path"):
        _check_gitfile(rules)
        return _clone(rules.repo_path, rules.ref)
    if not rules.is_local:
        raise WorkflowError(
            f"{rules} is no folder and no git repository, so Skyloom's library cannot be found: "
            'in the module, write snakefile: github("<owner>/<name>", path="workflow/Snakefile", '
            'tag="<version>"), or the path of a clone.'
        )
    return Path(rules.get_path_or_uri(secret_free=True)).parents[1]


def _check_gitfile(rules):
    """Refuse what would fail at the first job: Snakemake 9.27 runs no scripts from `gitfile`."""
    try:
        rules.join(LocalSourceFile("script.py"))
    except TypeError:
        raise WorkflowError(
            f"This version of Snakemake runs no scripts from gitfile({rules.repo_path!r}): check "
            f"{rules.ref} out in a clone and write, in the module, snakefile: "
            '"<clone>/workflow/Snakefile"; or use github(...) or gitlab(...).'
        ) from None


def _git(*words):
    done = subprocess.run(["git", *words], capture_output=True, text=True)
    if done.returncode:
        raise WorkflowError(
            f"git {words[-1]} failed ({done.stderr.strip().splitlines()[-1:]}): "
            "check that the module's snakefile names a version that the repository has."
        )
    return done.stdout.strip()


def _clone(repository, ref):
    """A clone of `repository` at `ref`, made once; another job may be making it too."""
    repository = os.path.abspath(repository)
    commit = _git("-C", repository, "rev-parse", f"{ref}^{{commit}}")
    folder = CLONES.absolute() / commit[:16]
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="clone.") as temporary:
        made = os.path.join(temporary, "project")
        _git("clone", "--quiet", "--no-checkout", repository, made)
        _git("-C", made, "checkout", "--quiet", "--detach", commit)
        try:
            os.rename(made, folder)
        except OSError:
            # Another job was faster.
            if not folder.is_dir():
                raise
    return folder


def search_path(folders, given):
    """Where Python looks: in our folders first, then where an importing workflow's jobs look.

    Parameters
    ----------
    folders : sequence of Path
        Those of the steps and of the library.
    given : str
        ``PYTHONPATH`` as it is; a job finds in it what the run has put there.
    """
    ours = [str(folder) for folder in folders]
    others = [folder for folder in given.split(os.pathsep) if folder and folder not in ours]
    return os.pathsep.join([*ours, *others])


def completed(given, folder):
    """A module's configuration with the defaults of ``config/config.yaml`` where it says nothing.

    Parameters
    ----------
    given : dict
        What the importing workflow hands over.
    folder : Path
        The project's.

    Returns
    -------
    dict
        As if `given` had come by ``--configfile``.
    """
    from snakemake.common.configfile import load_configfile

    whole = load_configfile(str(folder / "config" / "config.yaml"))
    update_config(whole, copy.deepcopy(dict(given)))
    return whole
