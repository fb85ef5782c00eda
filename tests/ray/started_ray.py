"""A Ray of this machine's own, for tests: without a dashboard, in a folder of its own, ended with all its processes."""

import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import CHECKOUT, SHORT

OBJECT_STORE = 80 * 1024**2
"""The least that Ray takes is 75 MiB; what workers hand over is small."""
UNGUARDED = {"RAY_AUTH_MODE": "disabled"}
"""For a Ray that is reached by its address alone, as those of most clusters are."""


@dataclass(frozen=True, slots=True)
class StartedRay:
    """A Ray that runs."""

    process: "subprocess.Popen[str]"
    address: str
    folder: Path
    """Sockets, and the logs of all its processes."""

    def logs(self) -> str:
        """Return all that it and its workers have written so far."""
        files = [file for file in self.folder.rglob("logs/**/*") if file.is_file()]
        return "\n".join(file.read_text("utf-8", "replace") for file in files)

    def processes(self, name: str = "") -> list[int]:
        """Return the ids of its processes whose command line has a name in it."""
        return [pid for pid in descendants(self.process.pid) if name in _command(pid)]

    def workers(self) -> list[int]:
        """Return the ids of its workers that have work."""
        return [pid for pid in self.processes("ray::") if not re.search("Agent|IDLE|SPILL", _command(pid))]


@contextmanager
def started_ray(*, cpus: int = 2, code: Path = CHECKOUT) -> Iterator[StartedRay]:
    """Start a Ray, whose workers import the code in a folder, and end it with its block."""
    with TemporaryDirectory(prefix="ray-", dir=SHORT, ignore_cleanup_errors=True) as folder:
        head = ("--head", "--port=0", "--include-dashboard=false", f"--temp-dir={folder}")
        with _node(*head, f"--num-cpus={cpus}", code=code) as process:
            yield StartedRay(process, _address(process), Path(folder))


@contextmanager
def another_node(ray: StartedRay, *, cpus: int = 1) -> Iterator[StartedRay]:
    """Start a node of a Ray, as another machine would, and end it with its block."""
    with _node(f"--address={ray.address}", f"--num-cpus={cpus}") as process:
        _read_until(process, "Ray runtime started")
        yield StartedRay(process, ray.address, ray.folder)


@contextmanager
def _node(*options: str, code: Path = CHECKOUT) -> Iterator["subprocess.Popen[str]"]:
    environ = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    argv = (
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"),
        *(f"--object-store-memory={OBJECT_STORE}", *options),
    )
    process = subprocess.Popen(
        argv,
        env={**environ, "PYTHONPATH": str(code), "PYTHONUNBUFFERED": "1", **UNGUARDED},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _address(process: "subprocess.Popen[str]") -> str:
    return _read_until(process, r"--address='([^']+)'")[1]


def _read_until(process: "subprocess.Popen[str]", pattern: str) -> re.Match[str]:
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError("".join(said))


def descendants(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started, and of those that these have started, in turn."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for child, parent in _running():
        children[parent].append(child)
    found = [*children[pid]]
    for one in found:  # it grows meanwhile
        found += children[one]
    return found


def _running() -> Iterator[tuple[int, int]]:
    """Yield the id and the parent of each process."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):  # it has ended
                stat = (folder / "stat").read_text("utf-8", "replace")
                yield int(folder.name), int(stat.rpartition(")")[2].split()[1])


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""
