"""Which objects a synthetic survey observes: classes, places on the sky, plates, second visits."""

from dataclasses import dataclass

import numpy as np

from skyloom.errors import InputError

#: Spectra of one plate that the archive holds; a whole plate has 640 or 1,000.
PER_PLATE = 40
#: Share of BOSS objects that the imaging catalogue does not know: THING_ID is -1.
UNKNOWN = 0.02
# Numbers within a seed: the plan, the objects' labels, their forests and the visits' noise.
PLAN, LABELS, FOREST, NOISE = range(4)
_FIBRES = {"boss": 1000, "sdss": 640}


@dataclass(frozen=True)
class Visit:
    """One spectrum of one object.

    Attributes
    ----------
    target : int
        Number of the object.
    kind : str
        Its class.
    visit : int
        0, or 1 for a second one.
    survey : str
        "boss" or "sdss".
    plate, mjd, fiber : int
    ra, dec : float
        Degrees.
    thing_id : int
        BOSS's number of the object; -1 for one that the imaging does not know, 0 before BOSS.
    objid : str
        The imaging catalogue's number.
    visits : int
        How many the object has.
    """

    target: int
    kind: str
    visit: int
    survey: str
    plate: int
    mjd: int
    fiber: int
    ra: float
    dec: float
    thing_id: int
    objid: str
    visits: int

    @property
    def id(self):
        """As "0266-51602-0013"."""
        return f"{self.plate:04d}-{self.mjd}-{self.fiber:04d}"

    @property
    def path(self):
        """Path of the file below the folder of spectra."""
        return f"{self.plate:04d}/spec-{self.id}.fits"


def counts(shares, total):
    """Whole numbers that add up to `total`, nearest to shares (the largest remainders go up)."""
    names = sorted(shares)
    exact = np.array([shares[name] for name in names], float)
    if total < 0 or exact.min() < 0 or not exact.sum():
        raise InputError(
            f"Shares {shares} of {total} spectra are not possible: make them positive."
        )
    exact *= total / exact.sum()
    whole = np.floor(exact).astype(int)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - whole.sum()]] += 1
    return dict(zip(names, whole.tolist(), strict=True))


def visits(options, seed):
    """All good spectra of an archive, and where the unusable files are to lie.

    Parameters
    ----------
    options : dict
        ``spectra`` (how many), ``shares`` of the classes among the objects, ``repeated`` (share of
        the objects observed twice) and ``flawed``.
    seed : int

    Returns
    -------
    list of Visit
        ``spectra`` and then ``flawed`` of them, the latter visits of objects of their own.
    """
    rng = np.random.default_rng([seed, PLAN])
    total = options["spectra"]
    twice = round(options["repeated"] * total / (1 + options["repeated"]))
    objects = total - twice
    kinds = np.repeat(*zip(*counts(options["shares"], objects).items(), strict=True))
    kinds = np.concatenate([rng.permutation(kinds), rng.choice(kinds, options["flawed"])])
    plates = _plates(-(-len(kinds) // PER_PLATE), rng)
    first = [_first(number, str(kind), plates, rng) for number, kind in enumerate(kinds)]
    again = set(rng.permutation(objects)[:twice].tolist())
    good, spoilt = first[:objects], first[objects:]
    seen = []
    for visit in good:
        if visit.target in again:
            visit = Visit(**{**visit.__dict__, "visits": 2})
            seen += [visit, _second(visit)]
        else:
            seen.append(visit)
    return seen + spoilt


def _plates(number, rng):
    """Plate, MJD, survey and centre of each."""
    early = np.zeros(number, bool)
    early[1::8] = True  # an eighth, but never the first
    made = []
    for place in range(number):
        survey = "sdss" if early[place] else "boss"
        start, day = (266, 51600) if early[place] else (3586, 55180)
        plate = start + 3 * place + int(rng.integers(0, 3))
        mjd = day + 6 * place + int(rng.integers(0, 6))
        centre = rng.uniform(110, 260), np.degrees(np.arcsin(rng.uniform(0, 0.87)))
        made.append((plate, mjd, survey, centre))
    return made


def _first(number, kind, plates, rng):
    plate, mjd, survey, (ra, dec) = plates[number // PER_PLATE]
    fibres = _FIBRES[survey]
    slot = number % PER_PLATE
    # Steps of a fortieth of the slit: no fibre twice.
    fiber = 1 + slot * (fibres // PER_PLATE) + int(rng.integers(0, fibres // PER_PLATE))
    angle, radius = rng.uniform(0, 2 * np.pi), 1.45 * np.sqrt(rng.random())
    objid = 1237650000000000000 + 4096 * (number + 1) + int(rng.integers(0, 4000))
    thing = 0
    if survey == "boss":
        thing = -1 if rng.random() < UNKNOWN else 100_000_000 + 977 * number
    return Visit(
        number,
        kind,
        0,
        survey,
        plate,
        mjd,
        fiber,
        round(ra + radius * np.cos(angle) / np.cos(np.radians(dec)), 6),
        round(dec + radius * np.sin(angle), 6),
        thing,
        str(objid),
        1,
    )


def _second(visit):
    """The same object on another plate of the same field, years later."""
    shift = 1600 if visit.survey == "sdss" else 5000
    return Visit(
        **{
            **visit.__dict__,
            "visit": 1,
            "plate": visit.plate + shift,
            "mjd": visit.mjd + 700,
            "fiber": 1 + (visit.fiber + 136) % _FIBRES[visit.survey],
        }
    )
