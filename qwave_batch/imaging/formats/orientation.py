"""How a camera or a program says that a picture is to be turned: the orientation in EXIF."""

from typing import Final, Literal

ORIENTATION: Final = 0x0112
"""The tag."""
UPRIGHT: Final = 1
"""As it is stored; the others, up to 8, are named in the standard by where its first row and column belong."""
MOST_EXIF_BYTES: Final = 2**16
"""Of what is read; the first directory stands at its beginning."""

_ORDERS: dict[bytes, Literal["big", "little"]] = {b"II*\0": "little", b"MM\0*": "big"}
_SHORT, _ENTRY_BYTES = 3, 12


def orientation_of(tiff: bytes) -> int:
    """Return the orientation that EXIF states, from its TIFF header on; of anything that says none, upright."""
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT
    at = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[at : at + 2], order)
    for place in range(at + 2, min(at + 2 + count * _ENTRY_BYTES, len(tiff) - _ENTRY_BYTES + 1), _ENTRY_BYTES):
        tag, kind = (int.from_bytes(tiff[place + part : place + part + 2], order) for part in (0, 2))
        if (tag, kind) == (ORIENTATION, _SHORT):
            stated = int.from_bytes(tiff[place + 8 : place + 10], order)
            return stated if UPRIGHT <= stated <= 8 else UPRIGHT  # noqa: PLR2004  # the standard has eight
    return UPRIGHT
