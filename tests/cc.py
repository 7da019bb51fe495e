"""A C compiler that makes one library once: dozens of projects of the tests have the same kernels.

``python cc.py FOLDER WORD ...``: what the compiler makes of these words and this source is kept in
the folder. `conftest` names it in ``$CC``.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def main(folder, *words):
    """Compile, or copy what was compiled."""
    output = words[words.index("-o") + 1]
    flags = [word.encode() for word in words if word.startswith("-")]
    sources = [Path(word) for word in words if word.endswith(".c")]
    sources += [header for source in sources for header in sorted(source.parent.glob("*.h"))]
    kept = Path(
        folder,
        hashlib.sha256(b"\0".join(flags + [path.read_bytes() for path in sources])).hexdigest(),
    )
    if not kept.exists():
        done = subprocess.run([shutil.which("cc") or "gcc", *words])
        if done.returncode:
            return done.returncode
        # Another process may make the same one meanwhile.
        temporary = kept.with_suffix(f".{os.getpid()}")
        shutil.copy(output, temporary)
        temporary.rename(kept)
    else:
        shutil.copy(kept, output)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
