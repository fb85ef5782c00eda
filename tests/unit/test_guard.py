"""The guard of conftest.py guards."""

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "images.example.com"])
def test_a_test_cannot_leave_this_machine(host: str, request: pytest.FixtureRequest) -> None:
    """The refusal is an error at once, and noted, so that code which swallows it fails its test all the same."""
    with pytest.raises(PermissionError, match=host):
        socket.create_connection((host, 443), timeout=0.2)
    strays = request.getfixturevalue("_stays_on_this_machine")
    assert strays
    strays.clear()


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as line:
        assert line.getpeername() == server.getsockname()
