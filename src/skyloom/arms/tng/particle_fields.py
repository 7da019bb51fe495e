"""Kinds of particles, which of their fields every galaxy is asked for, and units of TNG's files.

Imports nothing. Apart from `skyloom.arms.tng.channels`, on which the synthetic universe must not
depend: one more channel would make it, and all that is built of it, again.
"""

#: Particle types by the names used here.
PARTICLE_TYPES = {"gas": 0, "dark_matter": 1, "stars": 4}
#: What a map and a spin need of the gas.
GAS_FIELDS = (
    "Coordinates",
    "Density",
    "ElectronAbundance",
    "InternalEnergy",
    "Masses",
    "StarFormationRate",
    "Velocities",
)
#: What a spin needs of the stars.
STAR_FIELDS = ("Coordinates", "GFM_StellarFormationTime", "Masses", "Velocities")
#: Both, by kind.
FIELDS = {"gas": GAS_FIELDS, "stars": STAR_FIELDS}
#: Solar metal mass fraction by which TNG's documentation scales GFM_Metallicity.
SOLAR_METALLICITY = 0.0127
#: Gauss of a code unit of MagneticField at a = 1 and h = 1: the root of TNG's unit of pressure,
#: (10^10 Msun/h) (km/s)^2 / (kpc/h)^3, in erg/cm^3 and Gaussian units (TNG's specification of
#: PartType0/MagneticField prints 2.6e-6).
GAUSS = (1.989e43 * 1e10 / 3.085678e21**3) ** 0.5
