"""Files that are not the text they seem: pointers of Git LFS, UTF-16, files put together, lines that end otherwise."""

from collections.abc import Callable

from qwave_batch.model.problem import Place, Problem

MOST_POINTER_BYTES = 1024  # what git-lfs itself reads of a file to tell whether it is a pointer

_POINTER_BEGINS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_POINTER_HOLDS = b"\noid sha256:"

Where = Callable[[str, int], Place]
"""Gives the place of a character of a text."""


def pointer_problem(begins: bytes, shown_as: str) -> Problem | None:
    """Return that a file is a pointer of Git LFS, by its first bytes (one more than a pointer has); None where not."""
    if len(begins) > MOST_POINTER_BYTES or not begins.startswith(_POINTER_BEGINS) or _POINTER_HOLDS not in begins:
        return None
    return Problem(
        message="the file is a Git LFS pointer, and its data is not here",
        place=Place(shown_as),
        suggestion="git lfs pull",
    )


def foreign_problem(text: str, where: Where, *, signs: str = "\0\r\ufeff") -> Problem | None:
    """Return what is wrong with a text that holds one of the ``signs``, the first of those that it holds, or None."""
    sign = next((sign for sign in signs if sign in text), None)
    if sign is None:
        return None
    message, suggestion = _WORDS[sign]
    return Problem(message=message, place=where(text, text.index(sign)), suggestion=suggestion)


_WORDS = {
    "\0": ("the file holds NUL characters, as UTF-16 has them", "save it as UTF-8"),
    "\r": (
        "the line holds a carriage return that ends no line; old programs end lines that way",
        "save the file with LF ends",
    ),
    "\ufeff": (
        "a byte order mark (U+FEFF) stands in the middle of the file, as where two files were put together",
        "take it out",
    ),
}
