"""Units of TNG's files that both the synthetic universe and the maps convert.

Apart from `skyloom.arms.tng.channels`, on which the universe must not depend: one more channel
would make it, and all that is built of it, again.
"""

#: Solar metal mass fraction by which TNG's documentation scales GFM_Metallicity.
SOLAR_METALLICITY = 0.0127
#: Gauss of a code unit of MagneticField at a = 1 and h = 1: the root of TNG's unit of pressure,
#: (10^10 Msun/h) (km/s)^2 / (kpc/h)^3, in erg/cm^3 and Gaussian units (TNG's specification of
#: PartType0/MagneticField prints 2.6e-6).
GAUSS = (1.989e43 * 1e10 / 3.085678e21**3) ** 0.5
