"""Which account the environment names, and where its key goes."""

import pytest

from qwave_batch.client.connection import KEY_NAMES, Connection
from qwave_batch.errors import UsageError


@pytest.mark.parametrize("name", ["QWAVE_API_KEY", "WAVE_API_KEY", "WAVEAPI_API_KEY"])
def test_each_of_three_names_may_hold_the_key(name: str) -> None:
    assert Connection.from_environ({name: " sk-1 "}).key == "sk-1"


def test_the_first_name_that_is_set_and_not_empty_counts() -> None:
    every = {name: f"of {name}" for name in KEY_NAMES}
    assert Connection.from_environ(every).key == "of QWAVE_API_KEY"
    assert Connection.from_environ({**every, "QWAVE_API_KEY": ""}).key == "of WAVE_API_KEY"
    assert Connection.from_environ({**every, "QWAVE_API_KEY": " ", "WAVE_API_KEY": "\n"}).key == "of WAVEAPI_API_KEY"


def test_without_a_key_all_three_names_are_told() -> None:
    with pytest.raises(UsageError) as refused:
        Connection.from_environ(dict.fromkeys(KEY_NAMES, ""))
    assert str(refused.value) == ("there is no API key: set QWAVE_API_KEY (or WAVE_API_KEY or WAVEAPI_API_KEY)")


def test_an_address_meant_for_other_tools_is_not_followed() -> None:
    """A key goes where its user, a catalog or QWAVE_BASE_URL sends it."""
    environ = {"WAVEAPI_API_KEY": "k", "WAVEAPI_BASE_URL": "https://elsewhere.example/v1"}
    assert Connection.from_environ(environ).base_url is None
    ours = {**environ, "QWAVE_BASE_URL": "https://ours.example/v1"}
    assert Connection.from_environ(ours).base_url == "https://ours.example/v1"
