"""The tng arm's further channels and views in the configuration: checked, resolved."""

from skyloom.errors import InputError, meant
from skyloom.tng.channels import QUANTITIES
from skyloom.tng.families import CHANNELS as GAS_CHANNELS

#: What the maps of the gas, which every run makes, are called together.
GAS = "gas"
#: What a file of scalings has beside channels, or says of the gas's.
_TAKEN = (*GAS_CHANNELS, GAS, "entropy_minimum", "reference_snapshot")
#: Names of rules, without tng_, that no variant may take.
RULES = {"channel_dataset", "channel_maps", "channel_maxima", "simulation", "view_maps"}
RULES |= {"fetch_channel", "view_maxima"}


def is_further(own):
    """Whether a variant shows more than the gas's three channels seen as tng.rotation says.

    Parameters
    ----------
    own : dict
        An entry of tng.variants.
    """
    beyond = "channel" in own and own["channel"] not in GAS_CHANNELS
    return beyond or "channels" in own or "stretch" in own or own.get("view") is not None


def channels(own):
    """The channels that a variant shows, in its order."""
    return [own["channel"]] if "channel" in own else list(own.get("channels", GAS_CHANNELS))


def sources(own):
    """Whose maps a variant is made of: ``gas`` for any of the gas's three, or a channel's name."""
    shown = channels(own)
    first = [GAS] if set(shown) & set(GAS_CHANNELS) else []
    return first + [name for name in shown if name not in GAS_CHANNELS]


def parameters(tng, own):
    """Every parameter that decides a further variant's images, and no other.

    Parameters
    ----------
    tng, own : dict
        The arm's configuration and an entry of its variants.
    """
    apart = ("channel", "channels", "view", "single_channel")
    keys = ("beta", "overflow", *(("difference",) if own["kind"] == "unsharp" else ()))
    shown = channels(own)
    return {
        **{key: tng["images"][key] for key in keys},
        "stretch": "alone" if "channel" in own else "joint",
        **{key: value for key, value in own.items() if key not in apart},
        "channels": shown,
        "definitions": {name: tng["channels"][name] for name in shown if name in tng["channels"]},
        "view": tng["views"][own["view"]] if own.get("view") else None,
    }


def check(tng):
    """Raise an InputError for a channel, view or variant that cannot be made."""
    for name, channel in tng["channels"].items():
        _check_channel(name, channel)
    known = [*GAS_CHANNELS, *tng["channels"]]
    for name, own in tng["variants"].items():
        where = f"Configuration: 'tng.variants.{name}'"
        view = own.get("view")
        if view is not None and view not in tng["views"]:
            raise InputError(
                f"{where} is seen from {view!r}, which is not one of tng.views; "
                f"{meant(view, tng['views'])}"
            )
        for channel in channels(own):
            if channel not in known:
                raise InputError(
                    f"{where} shows {channel!r}, which is neither one of tng.channels nor one of "
                    f"{', '.join(GAS_CHANNELS)}; {meant(channel, known)}"
                )
        _check_stretch(tng, own, where)
        if is_further(own) and own.get("single_channel") == "joint":
            raise InputError(
                f"{where} has single_channel: joint, but a further channel, or another view, is "
                "stretched alone: take it out."
            )


def _check_channel(name, channel):
    where = f"Configuration: 'tng.channels.{name}'"
    if name in _TAKEN:
        raise InputError(f"{where} is taken by the maps of the gas: choose another name.")
    quantity = channel["quantity"]
    if quantity not in QUANTITIES:
        raise InputError(
            f"{where} is a map of {quantity!r}, which is not known; {meant(quantity, QUANTITIES)}"
        )
    allowed = QUANTITIES[quantity].statistics
    if channel["statistic"] not in allowed:
        raise InputError(
            f"{where} has the statistic {channel['statistic']!r}, which makes no sense of "
            f"{quantity!r}: choose {' or '.join(map(repr, allowed))}."
        )


def _check_stretch(tng, own, where):
    """A channel with values of both signs has no brightness that others could share."""
    if "channel" in own or own.get("stretch", "joint") == "alone":
        return
    for channel in channels(own):
        definition = tng["channels"].get(channel)
        if definition and QUANTITIES[definition["quantity"]].signed:
            raise InputError(
                f"{where} shows {channel!r}, which has both signs and cannot be stretched jointly "
                "with others: add 'stretch: alone'."
            )
