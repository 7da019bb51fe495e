"""Which library files a step depends on, and one hash of their contents.

Snakemake reruns a job when its script changes but does not see the modules the script imports.
Handing this hash to a rule as a parameter closes the gap: an edit of a library module reruns what
imports it, directly or through others, and nothing else.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

#: What every step does alike (its log, its errors, its record) decides no result.
APART = ("step",)


def _module_files(name, root):
    """Files of the module `name` (and of its parent packages) below `root`."""
    found, folder = [], root
    for part in name.split("."):
        if (folder / f"{part}.py").is_file():
            return [*found, folder / f"{part}.py"]
        if not (folder / part).is_dir():
            return found
        folder = folder / part
        if (folder / "__init__.py").is_file():
            found.append(folder / "__init__.py")
    return found


def _statements(tree):
    """Every statement; an import is one, and expressions, most of a tree, hold none."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, block, ())


@cache
def _imports(path, root):
    """Library files that the source file `path` names in its import statements."""
    found = []
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # `from package import name`: the name may be a module of the package.
            parts = path.relative_to(root).parts[: -node.level] if node.level else ()
            package = ".".join([*parts, *filter(None, [node.module])])
            names = [f"{package}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name not in APART:
                found.extend(_module_files(name, root))
    return sorted(set(found))


def dependencies(script, root):
    """Every file below `root` that `script` imports, directly or through another.

    Parameters
    ----------
    script : str or Path
        A Python source file.
    root : str or Path
        The folder that is on the import path.

    Returns
    -------
    list of Path
        Sorted; `script` itself is left out, because Snakemake watches it, and so are the modules
        `APART` with what only they import.
    """
    root = Path(root)
    seen, waiting = set(), [Path(script)]
    while waiting:
        for path in _imports(waiting.pop(), root):
            if path not in seen:
                seen.add(path)
                waiting.append(path)
    return sorted(seen)


def fingerprint(script, root, *extra):
    """Hash of the contents of all library files that `script` depends on.

    Parameters
    ----------
    script, root : str or Path
        As for `dependencies`.
    *extra : str or Path
        Further files whose contents count, for example a C source.

    Returns
    -------
    str
        16 hexadecimal digits; equal contents give equal digits on any machine.
    """
    root = Path(root)
    digest = hashlib.sha256()
    for path in [*dependencies(script, root), *map(Path, extra)]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
