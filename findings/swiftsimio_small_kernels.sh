#!/usr/bin/env bash
# swiftsimio 12.4.0, projection backends: the mass that one particle leaves on the image depends on
# where in its pixel it lies, when its kernel is about as wide as a pixel, which is evaluated at pixel
# centres. With a support of 1.05 pixels `fast` leaves 0.34 to 2.02 of the mass, and the whole of it at
# 1 and from 3 on; `nested` leaves 0.00 to 6.19 with 0.6. `renormalised` and `subsampled` leave all. The
# first axis of the image is x.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check swiftsimio==12.4.0 numba==0.68.1 numpy==2.4.6 2> pip.log
env/bin/python - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from swiftsimio.visualisation.projection_backends import backends
from swiftsimio.visualisation.projection_backends.kernels import kernel_gamma

print("swiftsimio", version("swiftsimio"))
PIXELS = 32


def image(name, x, y, support):
    """One particle of mass 1 whose kernel ends after so many pixels."""
    smoothing = np.array([support / PIXELS / kernel_gamma], np.float32)
    place = {"x": np.array([x]), "y": np.array([y])}
    return backends[name](**place, m=np.ones(1, np.float32), h=smoothing, res=PIXELS)


expected = {
    ("fast", 1.0): (1.0, 1.0),
    ("fast", 1.05): (0.34, 2.02),
    ("fast", 3.0): (1.0, 1.0),
    ("nested", 0.6): (0.0, 6.19),
    ("renormalised", 1.05): (1.0, 1.0),
    ("subsampled", 1.05): (1.0, 1.0),
}
for (name, support), wanted in expected.items():
    # Through a pixel, from its middle to its corner.
    places = (16.5 + np.linspace(0, 0.5, 11)) / PIXELS
    left = [float(image(name, at, at, support).sum()) / PIXELS**2 for at in places]
    seen = min(left), max(left)
    print(f"{name}, support {support}: {seen[0]:.2f} to {seen[1]:.2f} of the mass")
    assert np.allclose(seen, wanted, atol=0.02), f"changed: {wanted} was seen with 12.4.0"
peak = np.unravel_index(np.argmax(image("fast", 0.25, 0.75, 1.0)), (PIXELS, PIXELS))
print("x = 0.25, y = 0.75 is at", tuple(map(int, peak)))
assert peak[0] < peak[1], "changed: x was the first axis with 12.4.0"
PYTHON
