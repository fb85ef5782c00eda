"""Starts git, in an environment built for it, with limited time and output."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from typing import IO, cast

from qwave_batch.errors import UsageError

_KEPT = ("PATH", "LD_LIBRARY_PATH", "DEVELOPER_DIR", "TMPDIR")
"""Variables that every git process inherits, without those that a hook sets for its own git (``GIT_DIR``, ...)."""
_KEPT_FOR_USER = ("HOME", "XDG_CONFIG_HOME")
_FIXED = {
    "LC_ALL": "C",
    "GIT_ALLOC_LIMIT": "512m",  # of one piece of memory: an object may claim to be any size
    "GIT_ALLOW_PROTOCOL": "none",  # the name of no protocol: nothing is fetched, and no helper of a protocol runs
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}


def environment(ours: Mapping[str, str], *, git_dir: str, **more: str) -> dict[str, str]:
    """Return the environment of a git that reads no configuration but the one in ``git_dir``.

    Args:
        ours: The environment of this program.
        git_dir: The git directory, and its home.
        more: Further variables.
    """
    own = {"GIT_DIR": git_dir, "HOME": git_dir, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return {**_kept(ours), **_FIXED, **own, **more}


def users_environment(ours: Mapping[str, str], *, git_dir: str) -> dict[str, str]:
    """Return the environment of a git that reads the user's and the system's configuration.

    It is for ``git config`` alone, which runs nothing of what it reads.
    """
    theirs = {name: value for name, value in ours.items() if name in _KEPT_FOR_USER or name.startswith("GIT_CONFIG")}
    return {**_kept(ours), **_FIXED, **theirs, "GIT_DIR": git_dir}


def absolute_entries(path: str) -> str:
    """Return a ``PATH`` without its relative entries, which may lead into a stranger's folder."""
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if os.path.isabs(entry))  # noqa: PTH117 - a text


def _kept(ours: Mapping[str, str]) -> dict[str, str]:
    kept = {name: ours[name] for name in _KEPT if name in ours}
    return {**kept, "PATH": absolute_entries(ours.get("PATH", os.defpath))}


if sys.platform == "linux":
    import resource

MOST_ITEM_BYTES = 1_000_000  # of one answer among many, such as a path
_MOST_DATA_BYTES = 2 << 30
_PIECE_BYTES = 1 << 16


class GitMissing(UsageError):
    """Git is not installed."""


class GitRefused(UsageError):
    """Git has no answer, takes too long for it, or is not asked because of what the repository says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """Git, with what it is to find in its environment."""

    program: str
    folder: str
    """Its working directory."""
    environ: Mapping[str, str]
    """All of its environment, see ``environment``."""

    def ask(self, *arguments: str, timeout_s: float, most_bytes: int = MOST_ITEM_BYTES, given: bytes = b"") -> bytes:
        """Return what git prints.

        Raises:
            GitRefused: it fails, takes longer, or prints more.
        """
        with self.started(*arguments, timeout_s=timeout_s, given=given) as running:
            answer = running.output.read(most_bytes + 1)
            if len(answer) > most_bytes:
                raise GitRefused(f"git {arguments[0]} prints more than {most_bytes:,} bytes")
            running.check_end()
        return answer

    def items(self, *arguments: str, timeout_s: float) -> Iterator[bytes]:
        r"""Yield what git prints, cut at each ``\0``, while it prints it.

        Raises:
            GitRefused: it fails, takes longer, or an item has no end.
        """
        with self.started(*arguments, timeout_s=timeout_s) as running:
            rest = b""
            while piece := running.output.read1(_PIECE_BYTES):
                *whole, rest = (rest + piece).split(b"\0")
                yield from whole
                if len(rest) > MOST_ITEM_BYTES:
                    raise GitRefused(f"git {arguments[0]} prints more than {MOST_ITEM_BYTES:,} bytes for one answer")
            running.check_end()

    @contextmanager
    def started(self, *arguments: str, timeout_s: float, given: bytes | None = b"") -> Iterator["RunningGit"]:
        """Yield git at work; it is stopped when the block ends, or the time is up.

        Args:
            arguments: The command with its arguments.
            timeout_s: How long it may run.
            given: Its standard input; None leaves it open for requests.

        Raises:
            GitRefused: it cannot be started.
        """
        with tempfile.TemporaryFile() as stdin:
            stdin.write(given or b"")
            stdin.seek(0)
            process = self._start(arguments, subprocess.PIPE if given is None else stdin)
        timer = threading.Timer(max(timeout_s, 0.0), _stop, (process,))
        timer.daemon = True
        timer.start()
        try:
            yield RunningGit(process=process, command=arguments[0], timeout_s=timeout_s)
        finally:
            timer.cancel()
            _stop(process)
            with suppress(BrokenPipeError):  # of a question that nobody reads any more
                process.__exit__(None, None, None)

    def _start(self, arguments: tuple[str, ...], stdin: int | IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            process = subprocess.Popen(  # noqa: S603 - an absolute path, and no shell reads the arguments
                (self.program, *arguments),
                cwd=self.folder,
                env=self.environ,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is ours to handle, and what git starts ends with it
            )
        except (OSError, ValueError) as error:  # an argument that is too long, or holds a NUL
            raise GitRefused(f"git {arguments[0]} cannot be started: {error}") from error
        if sys.platform == "linux":
            with suppress(OSError, ValueError):  # it has ended already, or has a lower limit
                resource.prlimit(process.pid, resource.RLIMIT_DATA, (_MOST_DATA_BYTES, _MOST_DATA_BYTES))
        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningGit:
    """Git at work."""

    process: subprocess.Popen[bytes]
    command: str
    timeout_s: float

    @property
    def output(self) -> BufferedReader:
        """Its standard output."""
        return cast("BufferedReader", self.process.stdout)

    def put(self, question: bytes) -> None:
        """Give it a question, when its input was left open.

        Raises:
            GitRefused: it has ended.
        """
        stdin = cast("BufferedWriter", self.process.stdin)
        try:
            stdin.write(question)
            stdin.flush()
        except BrokenPipeError:
            raise GitRefused(f"git {self.command} ended early, or took too long") from None

    def check_end(self) -> None:
        """Wait for its end, after all of its output was read.

        Raises:
            GitRefused: it fails, or took too long.
        """
        status = self.process.wait()
        if status < 0:
            raise GitRefused(f"git {self.command} did not end in {self.timeout_s:.0f} seconds")
        if status:
            raise GitRefused(f"git {self.command} failed")


def find_git() -> str:
    """Return the path of git.

    Raises:
        GitMissing: it is not installed.
    """
    git = shutil.which("git", path=absolute_entries(os.environ.get("PATH", os.defpath)))
    if git is None:
        raise GitMissing("a git revision can only be read where git is installed")
    return git


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill it with all that it started, such as the real git where ``git`` is a script."""
    if process.returncode is None:  # its number is not given to another process before it was waited for
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
