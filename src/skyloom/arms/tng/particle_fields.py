"""Kinds of particles, and which of their fields every galaxy is asked for; imports nothing."""

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
