"""The commands that a page tells its reader to type, and the files that it tells him to write."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What a command begins with.
PROGRAMS = ("make", "snakemake", "python", "python3", "pip", "git", "source", "export", "apt-get")
PROGRAMS += ("snakedeploy",)
# A block may stand within a list.
_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"`([\w/]+\.yaml)`[^\n]*\n\n```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)


def _is_command(text):
    first, _, rest = text.strip().partition(" ")
    return bool(rest) and (first in PROGRAMS or first.startswith(".venv/bin/"))


def in_page(path):
    """Every command of a page, once, without its comment.

    Returns
    -------
    list of str
        Lines of its blocks that are no language, and commands within sentences.

    Raises
    ------
    AssertionError
        If a block holds a line that is no known kind of command.
    """
    text = (ROOT / path).read_text(encoding="utf-8")
    found = []
    for language, block in _FENCED.findall(text):
        if language in ("", "console", "bash", "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                line = re.sub(r"\s+#.*", "", line).strip()
                assert not line or _is_command(line), f"{path}: {line!r} is no command known here"
                found += [line] if line else []
    prose = _FENCED.sub("", text)
    found += [words for words in _INLINE.findall(prose) if _is_command(words)]
    return list(dict.fromkeys(found))


def files_of(path):
    """Configuration files that a page's reader writes: {name: text}."""
    return dict(_FILE.findall((ROOT / path).read_text(encoding="utf-8")))


def in_comments(path):
    """Commands that a file of configuration has in its comments."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.findall(r"^ *# +(snakemake .*)$", text, re.MULTILINE)
