"""Channels of the gas, and the thesis's variants that belong side by side."""

#: Maps of the gas, in the order of an image's channels.
CHANNELS = ("entropy", "mass", "temperature")
#: Figures 4.3 to 4.5 of the thesis; its tenth variant, the composite, is in no family.
FAMILIES = {
    "channels": CHANNELS,
    "gaussian": ("gaussian_3", "gaussian_5", "gaussian_10"),
    "unsharp": ("unsharp_3", "unsharp_5", "unsharp_10"),
}
