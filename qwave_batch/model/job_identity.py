"""The identity of a job: a hash of the request that asks for it, the same on every machine and in every version.

The identifying request is not the body that is sent: ``request_body`` in ``model/job.py`` makes the one from the other.
Samples are drawn by hashes too, so that they depend on nothing but the jobs and rows that they choose from.
"""

import hashlib
import json

import rfc8785

from qwave_batch.model.jsontypes import Json, JsonObject

ID_DIGITS = 16
_MAX_INTEGER = 2**53 - 1
_PLAIN = frozenset({str, bool, type(None)})


def job_id(request: JsonObject, repeat: int) -> str:
    """Return the first 16 hex digits of the SHA-256 of the canonical JSON of an identifying request and its repeat.

    Raises:
        ValueError: The request has no canonical JSON.
    """
    whole: dict[str, Json] = {"repeat": repeat, "request": dict(request)}
    data = _encode(whole).encode() if type(repeat) is int and _is_plain(request) else canonical(whole)
    return hashlib.sha256(data).hexdigest()[:ID_DIGITS]


def number_of(job_id: str) -> int:
    """Return a job's id as an integer, which takes a third of the memory."""
    return int(job_id, 16)


def canonical(value: Json) -> bytes:
    """Return the RFC 8785 canonical JSON of a value.

    Raises:
        ValueError: The value has an integer past 2^53-1, a float that is not finite, or a lone surrogate.
    """
    return rfc8785.dumps(value)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Writes the same as ``canonical``, many times as fast, where values are plain."""


def _is_plain(request: JsonObject) -> bool:
    """Whether RFC 8785 and the encoder agree: ASCII names, which both sort alike, no fractions and nothing nested."""
    return all(
        name.isascii() and (type(value) in _PLAIN or (type(value) is int and abs(value) <= _MAX_INTEGER))
        for name, value in request.items()
    )


def sample_hash(seed: int | str, item: int | str) -> bytes:
    """Return the hash that decides whether ``item`` is in a sample drawn with ``seed``; the smallest are."""
    return hashlib.sha256(f"{seed}:{item}".encode()).digest()


def random_seed(seed: int, position: int) -> int:
    """Return the seed number ``position`` of ``{random: {seed}}``: the first 31 bits of a hash."""
    return int.from_bytes(sample_hash(seed, position)[:4], "big") >> 1
