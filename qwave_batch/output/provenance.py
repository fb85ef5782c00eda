"""What a run was made with: versions of the software, and the state of the git work tree that its spec is in."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from qwave_batch.model.jsontypes import Json

_PATIENCE_S = 5.0
# A repository's own configuration must not make us run its programs, nor wait for a password.
_GIT_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_GIT_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """The commit that a spec was at."""

    commit: str
    dirty: bool
    """Whether a tracked file differs from the commit, or the spec itself is not tracked."""

    def as_json(self) -> dict[str, Json]:
        """Return the ``git`` object of summary.json."""
        return {"commit": self.commit, "dirty": self.dirty}


def git_state(spec: Path) -> GitState | None:
    """Return the state of the work tree around a file, or None without git, a work tree, a commit or an answer.

    It starts a process and blocks for some seconds at most: call it in a thread.
    """
    git = shutil.which("git")
    if git is None:
        return None
    folder = spec.resolve().parent
    commit = _ask(git, folder, "rev-parse", "--verify", "HEAD")
    changes = _ask(git, folder, "status", "--porcelain", "--untracked-files=no")
    if commit is None or changes is None:
        return None
    is_tracked = _ask(git, folder, "ls-files", "--error-unmatch", "--", spec.name) is not None
    return GitState(commit=commit.strip(), dirty=bool(changes.strip()) or not is_tracked)


def versions() -> dict[str, str | None]:
    """Return the versions that a picture's making may depend on, by name."""
    return {
        "qwave-batch": _version_of("qwave-batch"),
        "python": platform.python_version(),
        "pillow": _version_of("pillow"),
        "aiohttp": _version_of("aiohttp"),
    }


def _ask(git: str, folder: Path, *question: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and nothing in it that a spec says but its own path
            (git, *_GIT_OPTIONS, *question),
            cwd=folder,
            env={**os.environ, **_GIT_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a checkout
        return None
