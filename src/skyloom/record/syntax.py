"""What the statements of a source file mean, and what they name.

Comments, docstrings, annotations of functions, and the text of errors and messages mean nothing
here. The meaning is the same text for every version of Python.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable
from functools import cache

IMPORTS = (ast.Import, ast.ImportFrom)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# Fields of syntax trees that change nothing that a step computes.
_IDLE = {"ctx", "kind", "type_comment", "returns"}
# Fields that are a name, and bind it.
_BINDERS = {ast.arg: "arg", ast.ExceptHandler: "name", ast.MatchAs: "name", ast.MatchStar: "name"}
# Calls whose text is for people: errors and warnings, by their ending, and these.
_SPOKEN = {"print", "warn"}


@cache
def _fields(kind):
    idle = _IDLE | ({"annotation"} if kind is ast.arg else set())
    return tuple(name for name in kind._fields if name not in idle)


def undocumented(body):
    """Statements without the docstring that they begin with, if they do."""
    first = body[0] if body else None
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if documented and isinstance(first.value.value, str) else body


@cache
def documented(path):
    """Docstrings of a module's functions: {name: text}."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    return {n.name: ast.get_docstring(n) or "" for n in nodes if isinstance(n, ast.FunctionDef)}


def described(path):
    """What a module's functions say of themselves below their first line: {name: text}."""
    texts = documented(path).items()
    return {name: " ".join(text.partition("\n")[2].split()) for name, text in texts}


def last_word(node):
    """The last word of a dotted name, or of a call of one: ``c`` of ``a.b.c(...)``."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


class _Scope:
    """Names that a function, a class or a top-level statement uses and binds."""

    def __init__(self):
        self.used, self.bound, self.outer = [], set(), set()
        # All import statements within, and what those that bind names here bind: name -> targets.
        self.imports, self.imported = [], {}


class Reading:
    """A statement at a module's top level, read once.

    Parameters
    ----------
    node : ast.stmt
    bindings : callable
        What an import statement binds: ``bindings(node)`` is a dict of name -> target.

    Attributes
    ----------
    digest : str
        Of its meaning.
    bound : set of str
        Names that it binds at the top level.
    used : list of (str, tuple of str)
        Names that no function within binds, each with the attributes that are asked of it.
    targets : list of (target, tuple of str)
        The same for names that imports within functions bind.
    imports : list of ast.Import or ast.ImportFrom
        All import statements, however deep.
    """

    def __init__(self, node, bindings: Callable) -> None:
        self._bindings, self._parts, self.targets = bindings, [], []
        top = _Scope()
        self._read(node, top, False)
        self.digest = hashlib.sha256("".join(self._parts).encode()).hexdigest()
        del self._parts
        self.bound, self.used, self.imports = top.bound, top.used, top.imports

    def _read(self, node, scope, spoken):
        kind = type(node)
        if kind is ast.Constant:
            text = spoken and isinstance(node.value, str)
            self._parts.append("text;" if text else f"{node.value!r};")
        elif kind is ast.Name:
            self._name(node, (), scope)
        elif kind is ast.Attribute:
            self._attribute(node, scope, spoken)
        elif kind in _FUNCTIONS or kind in _COMPREHENSIONS:
            self._function(node, scope, spoken)
        elif kind is ast.ClassDef:
            # Its methods do not see the names that its body binds.
            inner = _Scope()
            self._children(node, inner, spoken)
            self._follow(inner)
            scope.used += inner.used
            scope.imports += inner.imports
            scope.bound.add(node.name)
        else:
            if kind is ast.Raise:
                spoken = True
            elif kind is ast.Call:
                name = last_word(node)
                spoken = spoken or name in _SPOKEN or name.endswith(("Error", "Warning"))
            elif kind is ast.keyword:
                # What an error is told beside its text may decide what is done about it.
                spoken = False
            elif kind in IMPORTS:
                scope.imports.append(node)
                for name, target in self._bindings(node).items():
                    scope.imported.setdefault(name, []).append(target)
            elif kind is ast.Global:
                scope.outer.update(node.names)
            self._children(node, scope, spoken)

    def _children(self, node, scope, spoken):
        write, kind = self._parts.append, type(node)
        write(f"{kind.__name__}(")
        for name in _fields(kind):
            value = getattr(node, name, None)
            # Versions of Python differ in which empty fields there are.
            if value is None or value == []:
                continue
            write(f"{name}=")
            if name == "body" and kind in _DOCUMENTED:
                value = undocumented(value)
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.AST):
                    self._read(part, scope, spoken)
                else:
                    write(f"{part!r};")
        if kind in _BINDERS:
            scope.bound.add(getattr(node, _BINDERS[kind]))
        write(")")

    def _name(self, node, words, scope):
        self._parts.append(f"{node.id};")
        if type(node.ctx) is ast.Load:
            scope.used.append((node.id, words))
        else:
            scope.bound.add(node.id)

    def _attribute(self, node, scope, spoken):
        words = [node.attr]
        inner = node.value
        while type(inner) is ast.Attribute:
            words.insert(0, inner.attr)
            inner = inner.value
        if type(inner) is ast.Name:
            self._name(inner, tuple(words), scope)
        else:
            self._read(inner, scope, spoken)
        self._parts.append(f".{'.'.join(words)};")

    def _function(self, node, outer, spoken):
        """Read what has names of its own; those that it does not bind are used from outside."""
        inner = _Scope()
        self._children(node, inner, spoken)
        # These run outside, where a name may be another than the argument of that name.
        if isinstance(node, _FUNCTIONS):
            first = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            first += getattr(node, "decorator_list", ())
        else:
            first = [node.generators[0].iter]
        for part in first:
            self._read(part, outer, spoken)
        self._follow(inner)
        bound = (inner.bound | inner.imported.keys()) - inner.outer
        outer.used += [(name, words) for name, words in inner.used if name not in bound]
        outer.imports += inner.imports
        if hasattr(node, "name"):
            outer.bound.add(node.name)

    def _follow(self, scope):
        """Note what the names stand for that a function or a class imports for itself."""
        for name, words in scope.used:
            self.targets += [(target, words) for target in scope.imported.get(name, ())]
