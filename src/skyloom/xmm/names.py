"""How datasets of the xmm arm are called: an interval, a stretch and a factor of rebinning."""

INTERVALS = ("minmax", "zscale", "none")
STRETCHES = ("linear", "log", "sqrt", "power", "sinh", "asinh")
REBINS = (1, 2, 4)
#: Every dataset that can be asked for; rates without an interval have no stretch.
DATASETS = tuple(
    f"{interval}_{stretch}_rebin{rebin}"
    for interval in INTERVALS
    for stretch in (STRETCHES if interval != "none" else ("linear",))
    for rebin in REBINS
)
