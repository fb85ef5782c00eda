"""The environment that git gets: made from a list of what it needs, so that no key or token is ever in it."""

import os
from collections.abc import Mapping

_KEPT = ("PATH", "LD_LIBRARY_PATH", "DEVELOPER_DIR", "TMPDIR")
"""What every git gets of ours; what a hook set for its own git (``GIT_DIR``, ``GIT_INDEX_FILE``) is not among it."""
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
