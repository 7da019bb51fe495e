"""A campaign of many runs: each adds what it tried to a file and goes on where the last one ended.

A line of the file is one piece of the campaign: its number, which is its seed, what came of it, and
the commit that was tried. A piece that is there is not tried again unless it went wrong; to begin
anew, remove the file.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Campaign:
    """The pieces of one campaign.

    Parameters
    ----------
    path : str or Path
        The file, of JSON Lines; it need not be there.
    **which
        What tells this campaign's lines from others' in the same file.
    """

    def __init__(self, path, **which):
        self.path, self.which = Path(path), which

    def tried(self):
        """What is known of each piece: {number: what was added last}."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        found = {}
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                # The run was ended while it wrote this.
                continue
            if self.which.items() <= row.items():
                found[row["number"]] = row
        return found

    def add(self, number, **found):
        """Keep what came of a piece."""
        row = {**self.which, "number": number, "commit": commit(), **found}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = not self.path.exists() or self.path.read_bytes()[-1:] in (b"", b"\n")
        with self.path.open("a", encoding="utf-8") as file:
            file.write(("" if whole else "\n") + json.dumps(row) + "\n")

    def commits(self):
        """The commits that were tried, as one text."""
        return ", ".join(sorted({row["commit"] for row in self.tried().values()}))


def commit():
    """The project's commit, with a word where files differ from it."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
