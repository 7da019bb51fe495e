"""What a FITS file must not say before `astropy.io.fits` is asked to read it.

astropy counts to whatever NAXIS and TFIELDS are, and a damaged header may hold a number that takes
years. The standard's limit for both is 999 (FITS 4.0, sections 4.4.1.1 and 7.2.1).
"""

from __future__ import annotations

import re

_BEYOND = re.compile(rb"(?:NAXIS   |TFIELDS )= *\+?0*[1-9]\d{3}")


def card_beyond_limits(content: bytes):
    """The card of a file's bytes that has more axes or columns than FITS allows, as text, or "".

    Parameters
    ----------
    content : bytes
        Decompressed.
    """
    card = _BEYOND.search(content)
    return " ".join(card[0].decode("ascii").split()) + "…" if card else ""
