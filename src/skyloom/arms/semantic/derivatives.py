"""Derivatives of profiles by their parameters, written out for the classical fit."""

import numpy as np


def on_ellipses(problem, values):
    """Derivatives of a profile on ellipses at pixel centres, dI = I0 F'(r') dr'.

    Parameters
    ----------
    problem : `skyloom.arms.semantic.least_squares.Problem`
        Of a `skyloom.arms.semantic.profiles.Elliptical`.
    values : (P,) array
        Free parameters.

    Returns
    -------
    (pixels * pixels, P) float64 array

    Notes
    -----
    Only F', and F by the parameters that a subclass adds, are not written out; they are taken by a
    complex step (Squire & Trapp 1998, SIAM Review 40, 110), free of cancellation.
    """
    p = problem.parameters(values)
    angle, axis = np.deg2rad(p["angle"]), 1 - p["ellipticity"]
    cosine, sine, major, minor = np.cos(angle), np.sin(angle), p["scale"], p["scale"] * axis
    u, v = problem.grid.centres - p["centre_x"], problem.grid.centres[:, None] - p["centre_y"]
    along, across = (cosine * u - sine * v) / major, (sine * u + cosine * v) / minor
    squared = along**2 + across**2
    r = np.sqrt(np.maximum(squared, 1e-12))
    profile = problem.decoder.radial(np, p, r)
    slope = p["intensity"] * _step(lambda z: problem.decoder.radial(np, p, z), r) / r
    derivative = {
        "scale": lambda: -slope * squared / major,
        "ellipticity": lambda: slope * across**2 / axis,
        "angle": lambda: slope * along * across * (np.deg2rad(1.0) * (1 / axis - axis)),
        "intensity": lambda: profile,
        "centre_x": lambda: -slope * (cosine / major * along + sine / minor * across),
        "centre_y": lambda: slope * (sine / major * along - cosine / minor * across),
    }

    def own(name):
        return p["intensity"] * _step(
            lambda z: problem.decoder.radial(np, {**p, name: z}, r), np.asarray(p[name])
        )

    columns = [derivative[name]() if name in derivative else own(name) for name in problem.names]
    return np.stack([column.ravel() for column in columns], axis=1)


def _step(function, x, h=1e-30):
    """A derivative by a complex step."""
    return np.imag(function(x + 1j * h)) / h
