"""The stellar arm: a grid of synthetic spectra of A to M stars in a window of 300 Å.

The slides do not name their window. Ours is 5000 to 5300 Å: Mg b, Cr I and many lines of Fe I and
Fe II, and no Balmer line, whose Stark profiles this synthesis does not have. Of six windows from
4400 to 6700 Å (no hydrogen lines in any), noise limits Teff least here (Cramér-Rao, S/N 100 a pixel,
v sin i 20 km/s) in five of seven stars, and log g in most: Teff to 5 K in the Sun and 32 K at 9500 K
and [m/H] -1, where the five others give 52 to 215 K.
"""
