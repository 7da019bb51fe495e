#!/usr/bin/env bash
# h5py 3.14.0: what a link that leads nowhere is depends on how it is asked for. `name in group` is
# True, group.get(name, default) gives the default, and group.get(name, default, getclass=True) raises
# RuntimeError instead of giving it; soft and external links alike.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check h5py==3.14.0 numpy==2.4.6
env/bin/python - <<'PYTHON'
import h5py

print("h5py", h5py.version.version)
with h5py.File("links.h5", "w") as file:
    file["external"] = h5py.ExternalLink("moved.h5", "/x")
    file["soft"] = h5py.SoftLink("/moved")
with h5py.File("links.h5") as file:
    for name in ("external", "soft", "absent"):
        try:
            kind = file.get(name, "default", getclass=True)
        except RuntimeError as error:
            kind = f"RuntimeError: {str(error)[:40]}"
        seen = (name in file, file.get(name, "default"), kind[:12])
        print(name, *seen)
        link = name != "absent"
        expected = (link, "default", "RuntimeError" if link else "default")
        assert seen == expected, f"changed: {expected} was seen with 3.14.0"
PYTHON
