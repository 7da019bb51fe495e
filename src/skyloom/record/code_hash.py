"""What of the library a step's results depend on, as one hash.

Snakemake reruns a job when its script is newer than its outputs, and does not see the modules that
the script imports. Handing this hash to a rule as a parameter mends both: a job reruns when the
meaning of its step has changed, or that of a function, class or constant that the step reaches
through whatever modules, and for nothing else. What means nothing is said in
`skyloom.record.syntax`.

Everything here errs on the side of too much: a name that cannot be followed stands for its whole
module, and a statement that may do more than bind a name counts wherever its module is imported.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from functools import cache, cached_property
from pathlib import Path

from skyloom.record import syntax
from skyloom.record.hash_cache import Kept

#: What every step does alike (its log, its errors, its record) decides no result.
APART = ("step",)
# Decorators that register nothing: what they decorate matters only where it is named.
_QUIET = {"cache", "lru_cache", "contextmanager", "dataclass", "drawn", "function"}
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


class _Module:
    """One source file: its definitions, its imports, and what runs whenever it is imported."""

    def __init__(self, path, name, library):
        self.path, self._words, self._library = path, name.split("."), library
        self.definitions, self.imports = defaultdict(list), defaultdict(set)
        self.always, self.first, self._adds = [], [], []
        for node in syntax.undocumented(ast.parse(path.read_text(encoding="utf-8")).body):
            if isinstance(node, ast.If) and syntax.last_word(node.test) == "TYPE_CHECKING":
                # For those who check types, and never run.
                continue
            reading = syntax.Reading(node, self.bindings)
            if isinstance(node, syntax.IMPORTS):
                self.first.append(node)
            for bound in reading.bound:
                self.definitions[bound].append(reading)
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                # What a branch of the module imports is an import of the module.
                for statement in reading.imports:
                    for bound, target in self.bindings(statement).items():
                        self.imports[bound].add(target)
            if not _quiet(node):
                self.always.append(reading)
                # A decorator, or an assignment to an entry, registers something in a table.
                targets = getattr(node, "decorator_list", None) or getattr(node, "targets", [node])
                self._adds += [syntax.Reading(one, self.bindings) for one in targets]

    def adds_to(self):
        """Modules whose tables statements of this one add to."""
        words = (word for reading in self._adds for word, _ in reading.used)
        return {module for word in words for module, _ in self.imports.get(word, ())}

    def bindings(self, node):
        """What an import statement binds: name -> (module, name within it or None)."""
        if isinstance(node, ast.Import):
            whole = {alias.asname: (alias.name, None) for alias in node.names if alias.asname}
            first = {alias.name.partition(".")[0] for alias in node.names if not alias.asname}
            return whole | {name: (name, None) for name in first}
        depth = len(self._words) - node.level + (self.path.name == "__init__.py")
        start = self._words[:depth] if node.level else []
        package = ".".join([*start, *filter(None, [node.module])])
        return {
            alias.asname or alias.name: self._library.target(package, alias.name)
            for alias in node.names
        }

    def run_by(self, statements):
        """Modules of the library that import statements run, their packages among them."""
        names = set()
        for node in statements:
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            else:
                names.update(module for module, _ in self.bindings(node).values())
        return {part for name in names for part in self._library.parts(name)}


def _quiet(node):
    """Whether a statement binds names and does nothing else."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {syntax.last_word(one) for one in node.decorator_list} <= _QUIET
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    named = all(isinstance(target, ast.Name | ast.Tuple) for target in targets)
    return isinstance(node, syntax.IMPORTS) or (isinstance(node, _ASSIGNMENTS) and named)


class _Library:
    """All source files below the folders that are on the import path, and plugins."""

    def __init__(self, folders, plugins=()):
        self._folders, self._modules, self._units = folders, {}, {}
        self._plugins = {f"plugin {path.stem}": path for path in plugins}

    def file(self, path):
        """A file below one of the folders, and its name there."""
        for folder in self._folders:
            whole = folder / path
            if whole.is_file() and whole.is_relative_to(folder):
                return whole, whole.relative_to(folder).as_posix()
        raise FileNotFoundError(f"{path} is in none of {', '.join(map(str, self._folders))}")

    @cached_property
    def _paths(self):
        """Every module's file by its dotted name; None for a folder without an __init__.py."""
        paths = {}
        for folder in self._folders:
            for path in sorted(folder.rglob("*.py")):
                parts = path.relative_to(folder).with_suffix("").parts
                for depth in range(1, len(parts)):
                    paths.setdefault(".".join(parts[:depth]), None)
                paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return {name: path for name, path in paths.items() if name not in APART} | self._plugins

    def _dotted(self, script):
        return self.file(script)[1].removesuffix(".py").replace("/", ".")

    @cached_property
    def kept(self):
        """What an earlier process worked out of the same files; these say how, too."""
        sources = {name: path for name, path in self._paths.items() if path}
        how = {f"by {Path(file).name}": Path(file) for file in (__file__, syntax.__file__)}
        return Kept(_place["kept"], sources | how)

    def target(self, package, name):
        """What ``from package import name`` binds."""
        whole = f"{package}.{name}"
        return (whole, None) if whole in self._paths else (package, name)

    def parts(self, name):
        """A module and the packages that it lies in, as far as they are files of the library."""
        words = name.split(".")
        names = (".".join(words[: depth + 1]) for depth in range(len(words)))
        return {part for part in names if self._paths.get(part)}

    def _module(self, name):
        if name not in self._modules:
            self._modules[name] = _Module(self._paths[name], name, self)
        return self._modules[name]

    def unit(self, module, name):
        """One definition of a module, or what always runs in it, where the name is None.

        Returns
        -------
        digest : str
        needs : set of (str, str or None)
            The units that it names, and those that always run in what it imports.
        """
        if (module, name) not in self._units:
            source = self._module(module)
            readings = source.always if name is None else source.definitions[name]
            statements = [node for reading in readings for node in reading.imports]
            statements += source.first if name is None else []
            needs = {(part, None) for part in source.run_by(statements)}
            for reading in readings:
                for word, words in reading.used:
                    # A name may be imported, and bound again to what was made of it.
                    if word in source.definitions:
                        needs.add((module, word))
                    for target in source.imports.get(word, ()):
                        needs |= self._named(*target, words)
                for target, words in reading.targets:
                    needs |= self._named(*target, words)
            digest = "".join(reading.digest for reading in readings)
            self._units[module, name] = (digest, needs)
        return self._units[module, name]

    def _named(self, module, name, words=()):
        """The units that a name of a module stands for, with the attributes asked of it."""
        words = [name, *words] if name else list(words)
        while words and f"{module}.{words[0]}" in self._paths:
            module = f"{module}.{words.pop(0)}"
        if not self._paths.get(module):
            return set()
        source = self._module(module)
        if words and (words[0] in source.definitions or words[0] in source.imports):
            pairs = {(module, words[0])} if words[0] in source.definitions else set()
            for target in source.imports.get(words[0], ()):
                pairs |= self._named(*target, words[1:])
            return pairs
        if words and "__getattr__" in source.definitions:
            return {(module, "__getattr__")}
        return {(module, other) for other in source.definitions}

    def reached(self, script, entry=None):
        """Every unit that a script's results depend on, by module and name, with its digest."""
        step = self._dotted(script)
        seen = {(step, None), *((step, name) for name in self._module(step).definitions)}
        for one in _several(entry):
            module, _, name = one.rpartition(".")
            module, name = (one, None) if self._paths.get(one) else (module, name)
            seen |= {*self._named(module, name), *((part, None) for part in self.parts(module))}
        waiting, digests, plugins = list(seen), {}, {*self._plugins}
        while waiting:
            while waiting:
                unit = waiting.pop()
                digests[unit], needs = self.unit(*unit)
                waiting += needs - seen
                seen |= needs
            # A plugin belongs to the steps that reach a table of its; unless it hides which.
            modules = {module for module, _ in digests}
            for plugin in sorted(plugins):
                tables = self._module(plugin).adds_to()
                if not tables or tables & modules:
                    plugins.remove(plugin)
                    waiting += [(plugin, None)]
                    waiting += [(plugin, name) for name in self._module(plugin).definitions]
            seen |= {*waiting}
        return digests

    def imports(self, script, entry=None):
        """Names that the import statements of all units of a script name, and their modules."""
        names = set()
        for module, name in self.reached(script, entry):
            source = self._module(module)
            statements = list(source.first)
            for reading in source.always if name is None else source.definitions[name]:
                statements += reading.imports
            for node in statements:
                targets = source.bindings(node).values()
                names.update(module for module, _ in targets)
                names.update(f"{module}.{name}" for module, name in targets if name)
                if isinstance(node, ast.Import):
                    names.update(alias.name for alias in node.names)
        return {name for name in names if name.partition(".")[0] not in APART}

    def files(self, script):
        """Files of all modules that a script runs, directly or not, without its own."""
        step = self._dotted(script)
        modules = {module for module, _ in self.reached(script)} - {step}
        return sorted(self._paths[module] for module in modules)


def _several(entry):
    """Names of entries: of none, one or several."""
    return (entry,) if isinstance(entry, str) else entry or ()


_libraries = cache(_Library)
_place = {"kept": None}


def _library(folders, plugins=()):
    folders = (folders,) if isinstance(folders, str | Path) else folders
    return _libraries(tuple(map(Path, folders)), tuple(map(Path, plugins)))


def keep(path):
    """Keep hashes and imports in a file, for the next process that asks for those of equal files.

    Parameters
    ----------
    path : str or Path
        In a folder that need not be there yet.
    """
    _place["kept"] = path


def forget():
    """Read files anew from now on; a process otherwise reads each once."""
    _libraries.cache_clear()
    fingerprint.cache_clear()


def dependencies(script: str | Path, folders) -> list[Path]:
    """Every file below `folders` that `script` imports, directly or through another.

    Parameters
    ----------
    script : str or Path
        A Python source file below one of `folders`: its path, or its name there.
    folders : str or Path, or tuple of them
        What is on the import path; a module is in one of them alone.

    Returns
    -------
    list of Path
        Sorted; without `script` itself, and without the modules `APART` and what only they import.
        A module that only a function imports counts where the script reaches that function.
    """
    return _library(folders).files(script)


def imports(script, folders, entry=None) -> set[str]:
    """Names of all that `script` imports, itself or through another file below `folders`.

    Parameters
    ----------
    script, folders, entry
        As for `fingerprint`.

    Returns
    -------
    set of str
        Dotted. What is taken from a module may be a module or not: ``numpy.array`` is among them.
        Without the modules `APART`.
    """
    library = _library(folders)
    key = " ".join(["imports", library.file(script)[1], *_several(entry)])
    return set(library.kept.get(key, lambda: sorted(library.imports(script, entry))))


@cache
def fingerprint(
    script,
    folders,
    *extra: str | Path,
    entry: str | tuple[str, ...] | None = None,
    plugins: tuple[str | Path, ...] = (),
) -> str:
    """Hash of what `script` means, with all of the library that it reaches.

    Parameters
    ----------
    script, folders
        As for `dependencies`. A process reads each file once.
    *extra : str or Path
        Further files below `folders` whose contents count, for example a C source.
    entry : str or tuple of str, optional
        What the script finds by its name, which it is given: a function, as
        package.module.function, or all of a module.
    plugins : tuple of str or Path, optional
        Files that add to tables of the library (`skyloom.registries`): one counts where the script
        reaches the module of such a table.

    Returns
    -------
    str
        16 hexadecimal digits; equal meaning gives equal digits on any machine, wherever the
        folders lie.
    """
    library = _library(folders, plugins)
    files = dict(library.file(path)[::-1] for path in extra)
    contents = {name: hashlib.sha256(path.read_bytes()).digest() for name, path in files.items()}
    names = [library.file(script)[1], *contents, *_several(entry)]

    def worked_out():
        digest = hashlib.sha256()
        for (module, name), meaning in sorted(library.reached(script, entry).items(), key=str):
            digest.update(f"{module}:{name or ''}\0{meaning}\0".encode())
        for name, content in contents.items():
            digest.update(name.encode() + b"\0" + content)
        return digest.hexdigest()[:16]

    key = ["hash", *names, *(content.hex() for content in contents.values())]
    return library.kept.get(" ".join(key), worked_out)
