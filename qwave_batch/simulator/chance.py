"""Chance that depends on facts alone: the same facts give the same number on every machine, in any order."""

from hashlib import blake2b

_SEPARATOR = "\x1f"


def fraction(*facts: object) -> float:
    """Return a number from 0 up to but not including 1 that depends on ``facts`` and nothing else."""
    text = _SEPARATOR.join(map(str, facts))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53


def pick(count: int, *facts: object) -> int:
    """Return a whole number from 0 to ``count - 1`` that depends on ``facts`` and nothing else."""
    return int(fraction(*facts) * count)
