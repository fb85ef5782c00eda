"""Fixtures for every test: no network, no API key, the same examples in CI."""

import gc
import ipaddress
import os
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).parents[1]
REAL_ACCOUNT = ("QWAVE_API_KEY", "WAVE_API_KEY", "WAVEAPI_API_KEY", "QWAVE_BASE_URL")
OWN_TERMINAL = ("COLUMNS", "LINES", "NO_COLOR")
SHORT = "/tmp"
"""A folder with a short path, whatever the folder for temporary files."""
MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
RARELY = (20_000, 10, 50)
"""How many new objects the garbage collector waits for: as often as by default it takes a twelfth of all time."""

# how long an example takes says how busy the machine is, and nothing of what is tested
_ON_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
settings.register_profile("here", _ON_ANY_MACHINE)
settings.register_profile("ci", _ON_ANY_MACHINE, derandomize=True, print_blob=True)
settings.register_profile("thorough", _ON_ANY_MACHINE, max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# hundreds of tests start Python processes: where the environment forbids to keep bytecode, as images for containers do,
# each would compile all its modules, and each run of the tests would compile the tests; elsewhere that of installed
# libraries is used
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(CHECKOUT / ".pytest_cache" / "bytecode"))
sys.dont_write_bytecode = False
sys.pycache_prefix = os.environ.get("PYTHONPYCACHEPREFIX") or None


def takes_all_that_tests_write(folder: Path) -> bool:
    """Whether there is such a folder with room for it, that programs can be started from."""
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


# a run syncs every image and every change of its ledger; that costs a third of its processor time, and longer waits the
# busier the disk is, of which no test sees anything
if "TMPDIR" not in os.environ and takes_all_that_tests_write(MEMORY):
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None

_strays: list[str] = []


def is_loopback(host: object) -> bool:
    """Tell whether a host, as a socket call was given it, is this machine."""
    if host is None or host in {"", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def refuse_to_leave(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse a connection, or the look-up of a name, that leaves this machine."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path is a socket on this machine
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_loopback(host):
        _strays.append(f"{event} {host!r}")
        raise PermissionError(f"a test tried to reach {host!r}")


sys.addaudithook(refuse_to_leave)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Have two workers more than cores: for a third of their time tests wait for processes, sockets and timers."""
    return (yield) + 2


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the tests themselves out of the garbage collector: they are many objects, and live to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*RARELY)
        gc.enable()


@pytest.fixture(autouse=True)
def _stays_on_this_machine() -> Iterator[list[str]]:
    """Fail the test that tried to leave, even where the code under test took the refusal for a broken line."""
    _strays.clear()
    yield _strays
    assert not _strays, _strays


@pytest.fixture(autouse=True, scope="session")
def _no_real_account_and_no_real_terminal() -> None:
    """Take keys and addresses of real accounts, and how wide a terminal is, out of the environment, children's too."""
    for name in REAL_ACCOUNT + OWN_TERMINAL:
        os.environ.pop(name, None)


@pytest.fixture(autouse=True, scope="session")
def _children_hear_signals() -> None:
    """Let children start as on a terminal where this process was started to ignore signals, as under ``nohup``.

    Children inherit ignored signals but not handlers, so a handler that does nothing is installed.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the project's checkout."""
    return CHECKOUT


@pytest.fixture
def short_path() -> Iterator[Path]:
    """An empty folder whose path is short."""
    with TemporaryDirectory(prefix="qwave-", dir=SHORT) as folder:
        yield Path(folder)


@pytest.fixture
def other_file_system(tmp_path: Path) -> Iterator[Path]:
    """An empty folder on another file system than that of the test."""
    here = tmp_path.stat().st_dev
    for place in (MEMORY, Path(SHORT), CHECKOUT.parent):
        if os.access(place, os.W_OK) and place.stat().st_dev != here:
            with TemporaryDirectory(dir=place) as folder:
                yield Path(folder)
            return
    pytest.skip("there is one file system only")


@pytest.fixture(scope="session")
def partiprompts() -> Path:
    """The table of the PartiPrompts benchmark: 1,632 prompts, laid beside the checkout where it is at hand."""
    table = CHECKOUT.parent / "shared" / "data" / "PartiPrompts.tsv"
    if not table.is_file():
        pytest.skip(f"{table} is not there")
    return table
