"""Who a job is: the hash of the request it sends, and of nothing else."""

import hashlib
import json

import rfc8785

from qwave_batch.model.jsontypes import Json, JsonObject

ID_DIGITS = 16
_MAX_INTEGER = 2**53 - 1
_PLAIN = frozenset({str, bool, type(None)})


def job_id(request: JsonObject, repeat: int) -> str:
    """Return the first 16 hex digits of the SHA-256 of the RFC 8785 form of the request and its repeat."""
    whole: dict[str, Json] = {"repeat": repeat, "request": dict(request)}
    data = _encode(whole).encode() if _is_plain(request) else canonical(whole)
    return hashlib.sha256(data).hexdigest()[:ID_DIGITS]


def canonical(value: Json) -> bytes:
    """Return the RFC 8785 canonical JSON of a value.

    Raises:
        ValueError: The value has an integer past 2^53-1, a float that is not finite, or a lone surrogate.
    """
    return rfc8785.dumps(value)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Writes what ``canonical`` writes, many times as fast, where values are plain."""


def _is_plain(request: JsonObject) -> bool:
    """Whether RFC 8785 and the encoder agree: names that sort alike, and neither fractions nor anything nested."""
    return all(
        name.isascii() and (type(value) in _PLAIN or (type(value) is int and abs(value) <= _MAX_INTEGER))
        for name, value in request.items()
    )


def draw(seed: int | str, item: int | str) -> bytes:
    """Return the hash that decides whether ``item`` is in a sample drawn with ``seed``; the smallest are."""
    return hashlib.sha256(f"{seed}:{item}".encode()).digest()


def random_seed(seed: int, position: int) -> int:
    """Return the seed number ``position`` of ``{random: {seed}}``: the first 31 bits of a hash."""
    return int.from_bytes(draw(seed, position)[:4], "big") >> 1
