"""The stellar arm: a grid of synthetic spectra of A to M stars in a window of 300 Å.

The slides do not name their window. Ours is 5000 to 5300 Å: Mg b, Cr I and many lines of Fe I and
Fe II, and no Balmer line, whose Stark profiles this synthesis does not have. Of six windows from
4400 to 6700 Å (no hydrogen lines in any) noise limits Teff least here in six of seven stars, and
log g least, or equally, in five (Cramér-Rao bounds, S/N 100 a pixel, v sin i 20 km/s). At 9500 K
and [m/H] -1 it leaves 32 K, the five others 52 to 215 K.
"""
