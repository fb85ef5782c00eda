import copy
import pickle
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest

from qwave_batch.client.api_key import ApiKey
from qwave_batch.errors import UsageError

SECRET = 'sk-/a"b+c%40'


def test_a_key_shows_itself_nowhere() -> None:
    key = ApiKey(SECRET)
    assert SECRET not in f"{key} {key!r} {[key]}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.copy(key)


@pytest.mark.parametrize("value", ["", "sk-1\n", "sk 1", "sk\x001", "sk-é", "sk-钥", "\ufeffsk-1", "s" * 5000])
def test_a_key_that_can_t_stand_in_a_header_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(UsageError, match="API key") as caught:
        ApiKey(value)
    assert not value or value.strip() not in str(caught.value)


@pytest.mark.parametrize("echo", [SECRET, "sk-%2Fa%22b%2Bc%2540", 'sk-/a\\"b+c%40', f"x{SECRET}y{SECRET}"])
def test_every_form_of_the_key_is_masked(echo: str) -> None:
    assert ApiKey(SECRET).redact(f"no such key: {echo}!").replace("***", "").strip("xy ") in {
        "no such key: !", "no such key: xy!",
    }  # fmt: skip


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", "Bearer "])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_the_key_is_masked_in_base64_wherever_it_stands(before: str, encode: Callable[[bytes], bytes]) -> None:
    text = encode(f"{before}{SECRET}!".encode()).decode()
    assert "***" in ApiKey(SECRET).redact(text)
    assert len(ApiKey(SECRET).redact(text)) <= len("***") + len(text) - len(SECRET)


def test_the_key_is_masked_however_its_characters_are_escaped() -> None:
    for escape in ("%{:02x}", "%{:02X}", "%25{:02X}", "\\u{:04x}"):
        assert ApiKey(SECRET).redact("".join(escape.format(ord(sign)) for sign in SECRET)) == "***"


def test_the_fingerprint_tells_keys_apart_and_says_nothing() -> None:
    assert ApiKey("sk-one").fingerprint == ApiKey("sk-one").fingerprint != ApiKey("sk-two").fingerprint
    assert len(ApiKey("sk-one").fingerprint) == 16
