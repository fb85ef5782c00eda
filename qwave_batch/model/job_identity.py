"""The identity of a job: a hash of the request that asks for it, the same on every machine and in every version.

The identifying request is not the body that is sent: ``request_body`` in ``model/job.py`` makes the one from the other.
Samples are drawn by hashes too, so that they depend on nothing but the jobs and rows that they choose from.
"""

import hashlib
import json
from typing import TypeGuard

import rfc8785

from qwave_batch.model.jsontypes import Json, JsonObject

ID_DIGITS = 16
_MAX_INTEGER = 2**53 - 1
_SORTED_OTHERWISE = "\ud800"
"""From here on UTF-16, by which RFC 8785 sorts, has another order than code points."""
_PLAIN = frozenset({str, bool, type(None)})


def job_id(request: JsonObject, repeat: int) -> str:
    """Return the first 16 hex digits of the SHA-256 of the canonical JSON of an identifying request and its repeat.

    Raises:
        ValueError: The request has no canonical JSON.
    """
    whole = b'{"repeat":%b,"request":%b}' % (canonical(repeat), canonical(dict(request)))
    return hashlib.sha256(whole).hexdigest()[:ID_DIGITS]


def number_of(job_id: str) -> int:
    """Return a job's id as an integer, which takes a third of the memory."""
    return int(job_id, 16)


def canonical(value: Json) -> bytes:
    """Return the RFC 8785 canonical JSON of a value.

    Raises:
        ValueError: The value has an integer past 2^53-1, a float that is not finite, or a lone surrogate.
    """
    if type(value) is str or (type(value) is dict and _is_plain(value)):
        return _encode(value).encode()
    return b"%d" % value if _is_integer(value) else rfc8785.dumps(value)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Writes the same as ``canonical``, many times as fast, where values are plain."""


def _is_plain(value: JsonObject) -> bool:
    """Whether RFC 8785 and the encoder agree: names that both sort alike, no fractions and nothing nested."""
    for name, item in value.items():
        if not (name.isascii() or max(name) < _SORTED_OTHERWISE):
            return False
        if type(item) not in _PLAIN and not _is_integer(item):
            return False
    return True


def _is_integer(value: Json) -> TypeGuard[int]:
    return type(value) is int and abs(value) <= _MAX_INTEGER


def sample_hash(seed: int | str, item: int | str) -> bytes:
    """Return the hash that decides whether ``item`` is in a sample drawn with ``seed``; the smallest are."""
    return hashlib.sha256(f"{seed}:{item}".encode()).digest()


def random_seed(seed: int, position: int) -> int:
    """Return the seed number ``position`` of ``{random: {seed}}``: the first 31 bits of a hash."""
    return int.from_bytes(sample_hash(seed, position)[:4], "big") >> 1
