"""What a run was made with: versions of the software, and the state of the git work tree that its spec is in."""

import platform
from importlib.metadata import PackageNotFoundError, version

from qwave_batch.git.state import GitState, GitUnknown, git_state, look_at_git

__all__ = ["GitState", "GitUnknown", "git_state", "look_at_git", "versions"]


def versions() -> dict[str, str | None]:
    """Return the versions that an image's making may depend on, by name."""
    return {
        "qwave-batch": _version_of("qwave-batch"),
        "python": platform.python_version(),
        "pillow": _version_of("pillow"),
        "aiohttp": _version_of("aiohttp"),
    }


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a checkout
        return None
