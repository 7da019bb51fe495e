#!/usr/bin/env bash
# h5py 3.14.0 (libhdf5 1.14.6): a dataset whose raw values lie in an external file that has been cut
# short is read as zeros behind the cut, without an error; where the file is gone altogether, the
# read does fail.
#
# Seen: of 1, 2, ... 8 in an external file cut to 20 bytes, h5py gives 1 2 3 4 5 0 0 0 (int32).
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check h5py==3.14.0 numpy==2.4.6
env/bin/python - <<'PYTHON'
import os

import h5py
import numpy as np

print("h5py", h5py.version.version, "libhdf5", h5py.version.hdf5_version)
whole = np.arange(1, 9, dtype=np.int32)
with h5py.File("table.h5", "w") as file:
    file.create_dataset("x", data=whole, external=[("raw.bin", 0, whole.nbytes)])
with h5py.File("table.h5") as file:
    assert (file["x"][()] == whole).all()
os.truncate("raw.bin", 20)
with h5py.File("table.h5") as file:
    read = file["x"][()].tolist()
print("cut to 20 bytes:", *read)
assert read == [1, 2, 3, 4, 5, 0, 0, 0], "changed"
os.remove("raw.bin")
with h5py.File("table.h5") as file:
    try:
        file["x"][()]
    except OSError as error:
        print("without the file:", str(error)[:60])
    else:
        raise SystemExit("changed: a missing file was read")
PYTHON
