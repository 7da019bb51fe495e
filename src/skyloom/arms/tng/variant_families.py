"""The thesis's variants that belong side by side."""

from skyloom.arms.tng.gas_channels import CHANNELS

#: Figures 4.3 to 4.5 of the thesis; its tenth variant, the composite, is in no family.
FAMILIES = {
    "channels": CHANNELS,
    "gaussian": ("gaussian_3", "gaussian_5", "gaussian_10"),
    "unsharp": ("unsharp_3", "unsharp_5", "unsharp_10"),
}
