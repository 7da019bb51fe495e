"""What labels of spectra are called in sentences and on axes without formulae."""

_NAMES = {
    "teff": "effective temperature",
    "log_g": "log g",
    "m_h": "metallicity [m/H]",
    "v_rot": "rotational velocity",
    "v_sin_i": "v sin i",
}


def name(label):
    """A label in words; its own name where it is not known here."""
    return _NAMES.get(label, label.replace("_", " "))
