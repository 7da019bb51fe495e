"""Damage to files, the same for the same seed: of any bytes, of FITS headers, of HDF5 structures.

A file is damaged in one to three of these ways. Half of the compressed files are damaged before
they are compressed, so that what is inside is reached.
"""

import gzip
import random

#: FITS headers consist of cards of so many bytes.
CARD = 80
_GZIP, _FITS, _HDF5 = b"\x1f\x8b", b"SIMPLE", b"\x89HDF"
#: Numbers that programs stumble over, as they stand in cards and, packed, in binary headers.
_NUMBERS = (0, 1, -1, 2, 7, 8, 127, 255, 256, 999, 32767, 65535, 65536, 2**31 - 1, -(2**31))
_NUMBERS += (2**32 - 1, 2**32, 2**53, 2**63 - 1, -(2**63), 10**12, 10**30)
_WORDS = ("T", "F", "'text'", "''", "NaN", "1.5", "-1.5E400", "1E-9", "'", "", "(1.0, 2.0)")
_WORDS += ("'1D'", "'2147483647E'", "'PE(99)'", "'0A'", "'-5J'", "'X'", "'\xff\xfe'", "'nm'")
# Signatures of HDF5's structures (format specification 3.0): what follows them are lengths,
# addresses, versions and types.
_STRUCTURES = (b"OHDR", b"TREE", b"SNOD", b"HEAP", b"GCOL", b"FRHP", b"BTHD", b"BTLF", b"FHDB")
_STRUCTURES += (b"FSHD", b"OCHK", b"\x89HDF\r\n\x1a\n", b"FADB", b"FAHD", b"EAHD", b"BTIN")


def mutate(content, seed):
    """A damaged copy of a file.

    Parameters
    ----------
    content : bytes
    seed : int

    Returns
    -------
    bytes
        Not longer than the original by more than some kB.
    """
    chance = random.Random(seed)
    if content.startswith(_GZIP) and chance.random() < 0.6:
        return gzip.compress(_damaged(gzip.decompress(content), chance), 1, mtime=0)
    return _damaged(content, chance)


def _damaged(content, chance):
    ways = list(_ANY)
    if content.startswith(_FITS):
        ways += _OF_FITS * 3
    if content.startswith(_HDF5):
        ways += _OF_HDF5 * 3
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if damaged:
            chance.choice(ways)(damaged, chance)
    return bytes(damaged)


def _place(damaged, chance, length=1):
    """Somewhere in the file; its first bytes, which say what it is, more often than the others."""
    end = max(1, len(damaged) - length)
    return chance.randrange(min(end, 4096) if chance.random() < 0.4 else end)


def _flip(damaged, chance):
    for _ in range(chance.choice((1, 1, 2, 8))):
        damaged[_place(damaged, chance)] ^= 1 << chance.randrange(8)


def _bytes(damaged, chance):
    length = chance.choice((1, 2, 4, 8))
    place = _place(damaged, chance, length)
    number = chance.choice(_NUMBERS) % 2 ** (8 * length)
    order = chance.choice(("little", "big"))
    damaged[place : place + length] = number.to_bytes(length, order)


def _zero(damaged, chance):
    length = chance.choice((4, 16, 80, 512, 2880))
    place = _place(damaged, chance, length)
    some = len(damaged[place : place + length])
    damaged[place : place + length] = bytes([chance.choice((0, 0, 32, 255))]) * some


def _truncate(damaged, chance):
    del damaged[_place(damaged, chance) :]


def _cut(damaged, chance):
    place = _place(damaged, chance)
    del damaged[place : place + chance.choice((1, 4, 80, 2880))]


def _insert(damaged, chance):
    place, length = _place(damaged, chance), chance.choice((1, 4, 80, 2880))
    damaged[place:place] = chance.randbytes(length) if chance.random() < 0.5 else bytes(length)


def _swap(damaged, chance):
    length = chance.choice((8, 80, 512, 2880))
    one, two = (_place(damaged, chance, length) for _ in range(2))
    first, second = damaged[one : one + length], damaged[two : two + length]
    damaged[one : one + length], damaged[two : two + length] = second, first


def _append(damaged, chance):
    damaged += chance.randbytes(chance.choice((1, 80, 2880)))


def _cards(damaged):
    """Places of the cards that give a value."""
    found = range(0, min(len(damaged), 200_000) - CARD + 1, CARD)
    return [place for place in found if damaged[place + 8 : place + 10] == b"= "]


def _card_value(damaged, chance):
    if places := _cards(damaged):
        value = str(chance.choice(_NUMBERS)) if chance.random() < 0.6 else chance.choice(_WORDS)
        place = chance.choice(places)
        card = damaged[place : place + 10] + value.rjust(20).encode("latin-1")
        damaged[place : place + CARD] = card.ljust(CARD)[:CARD]


def _card_digit(damaged, chance):
    if places := _cards(damaged):
        place = chance.choice(places) + 10 + chance.randrange(30)
        damaged[place] = chance.choice(b"0123456789-+.ED' TF/")


def _card_key(damaged, chance):
    if places := _cards(damaged):
        one, two = chance.choice(places), chance.choice(places)
        damaged[one : one + 8] = damaged[two : two + 8]


def _card_gone(damaged, chance):
    if places := _cards(damaged):
        place = chance.choice(places)
        damaged[place : place + CARD] = b"COMMENT".ljust(CARD)


def _cards_swapped(damaged, chance):
    if places := _cards(damaged):
        one, two = chance.choice(places), chance.choice(places)
        first, second = damaged[one : one + CARD], damaged[two : two + CARD]
        damaged[one : one + CARD], damaged[two : two + CARD] = second, first


def _structure(damaged, chance):
    """A length, an address, a version or a type behind one of HDF5's signatures."""
    signature = chance.choice(_STRUCTURES)
    places, at = [], damaged.find(signature)
    while at >= 0 and len(places) < 64:
        places.append(at)
        at = damaged.find(signature, at + 1)
    if not places:
        return _bytes(damaged, chance)
    length = chance.choice((1, 1, 2, 4, 8))
    place = chance.choice(places) + 4 + chance.randrange(92)
    number = chance.choice((*_NUMBERS, chance.randrange(len(damaged)))) % 2 ** (8 * length)
    damaged[place : place + length] = number.to_bytes(length, "little")
    return None


def _message(damaged, chance):
    """A small number among HDF5's headers, which lie where few bytes are zero and few are large."""
    place = _place(damaged, chance)
    for step in range(64):
        if 0 < damaged[(place + step) % len(damaged)] < 32:
            damaged[(place + step) % len(damaged)] = chance.randrange(256)
            return


_ANY = (_flip, _bytes, _zero, _truncate, _cut, _insert, _swap, _append)
_OF_FITS = (_card_value, _card_digit, _card_key, _card_gone, _cards_swapped)
_OF_HDF5 = (_structure, _message)
