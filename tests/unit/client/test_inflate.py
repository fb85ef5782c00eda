import gzip
import zlib

import pytest

from qwave_batch.client.response_bodies import BadEncoding, decoder_for

TEXT = b"the same and the same and the same" * 1000


def inflated(encoding: str, body: bytes, *, step: int = 7) -> bytes:
    decoder = decoder_for(encoding)
    parts = [piece for place in range(0, len(body), step) for piece in decoder.feed(body[place : place + step])]
    decoder.finish()
    return b"".join(parts)


def test_bodies_come_out_as_they_were_meant() -> None:
    assert inflated("", TEXT) == TEXT
    assert inflated("identity", TEXT) == TEXT
    assert inflated("gzip", gzip.compress(TEXT)) == TEXT
    assert inflated(" GZIP ", gzip.compress(TEXT)) == TEXT
    assert inflated("deflate", zlib.compress(TEXT)) == TEXT
    assert inflated("gzip", b"") == b""


def test_a_bomb_comes_in_pieces() -> None:
    """Pieces are small, so a caller that counts can stop early."""
    bomb = gzip.compress(bytes(50_000_000))
    assert max(len(piece) for piece in decoder_for("gzip").feed(bomb)) <= 256 * 1024


def test_a_damaged_or_cut_body_is_told() -> None:
    with pytest.raises(BadEncoding, match="damaged"):
        inflated("gzip", b"no gzip at all")
    with pytest.raises(BadEncoding, match="cut off"):
        inflated("gzip", gzip.compress(TEXT)[:-9])


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\x1b[31m"])
def test_another_compression_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding, match="not asked for"):
        decoder_for(encoding)
