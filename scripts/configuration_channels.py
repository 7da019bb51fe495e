"""The tng arm's further channels and views in the configuration: checked, resolved."""

from typing import NamedTuple

from skyloom.arms.tng.channels import QUANTITIES
from skyloom.arms.tng.controls import KINDS
from skyloom.arms.tng.gas_channels import CHANNELS as GAS_CHANNELS
from skyloom.arms.tng.gas_channels import further_fields
from skyloom.errors import InputError, meant

#: The gas's maps together, and what a file of scalings has beside channels.
_TAKEN = (*GAS_CHANNELS, "gas", "entropy_minimum", "reference_snapshot")
#: Names of rules, without tng_, that no variant may take.
RULES = {"fetch_channel", "simulation"}


class Source(NamedTuple):
    """What the maps of a folder are."""

    view: str | None  # one of tng.views; None as tng.rotation says
    table: str  # where the step finds their quantities
    channels: dict  # name -> quantity and statistic
    options: dict  # what else decides them


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


def gas(statistic):
    """The gas's three channels, as an entry of tng.channels each."""
    return {name: {"quantity": name, "statistic": statistic[name]} for name in GAS_CHANNELS}


def sources(tng):
    """Folders of maps, and what is in them.

    The gas's three channels are made in one pass; any other has maps of its own. What is no gas
    has no volume, so that it makes no difference how cells fall on a map.
    """
    found = {}
    for view in (None, *tng["views"]):
        side = f"views/{view}" if view else "channels"
        turned = {**tng["rotation"], **(tng["views"][view] if view else {})}
        seen = {"grid": tng["grid"], "rotation": turned}
        found[f"{side}/gas" if view else "maps"] = Source(
            view,
            "skyloom.arms.tng.gas_channels.GAS",
            gas(tng["statistic"]),
            {**seen, "gas": tng["gas"], "statistic": tng["statistic"]},
        )
        for name, channel in tng["channels"].items():
            members = {"gas": {"members": tng["gas"]["members"]}}
            table = "skyloom.arms.tng.channels.QUANTITIES"
            points = QUANTITIES[channel["quantity"]].particles != "gas"
            grid = {**tng["grid"], "deposit": "nearest"} if points else tng["grid"]
            options = {**seen, **members, "grid": grid}
            found[f"{side}/{name}"] = Source(view, table, {name: channel}, options)
    return found


def further(source):
    """The quantity of a source that the galaxies' own cutouts lack fields of, or None."""
    names = [own["quantity"] for own in source.channels.values()]
    return next((name for name in names if further_fields(QUANTITIES[name])), None)


def folders(tng, variant):
    """Which of `sources` a variant is made of."""
    own = tng["variants"][variant]
    return [
        folder
        for folder, source in sources(tng).items()
        if source.view == own.get("view") and set(source.channels) & set(channels(own))
    ]


def gas_folder(tng, variant):
    """Which of `sources` has the gas's three channels as a variant sees the galaxies."""
    view = tng["variants"][variant].get("view")
    return f"views/{view}/gas" if view else "maps"


def main(tng):
    """Variants that show the gas's three channels alone, as tng.rotation says, by name.

    Without those that take something from a picture to see what a network needs of it.
    """
    named = tng["variants"].items()
    return [name for name, own in named if not is_further(own) and own["kind"] not in KINDS]


def signed(tng, variant):
    """Channels of a variant that have values of both signs."""
    shown = channels(tng["variants"][variant])
    return [name for name in shown if _is_signed(tng, name)]


def _is_signed(tng, channel):
    definition = tng["channels"].get(channel)
    return definition is not None and QUANTITIES[definition["quantity"]].signed


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
    quantity, known = channel["quantity"], [name for name in QUANTITIES if name not in GAS_CHANNELS]
    if quantity not in known:
        raise InputError(
            f"{where} is a map of {quantity!r}, which is not known; {meant(quantity, known)}"
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
        if _is_signed(tng, channel):
            raise InputError(
                f"{where} shows {channel!r}, which has both signs and cannot be stretched jointly "
                "with others: add 'stretch: alone'."
            )
