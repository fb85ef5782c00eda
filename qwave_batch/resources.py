"""Finds the files that ship with the package: in a wheel beside the code, in a checkout beside the package."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(relative: str) -> Path:
    """Return the path of a shipped file or folder such as ``schemas/spec.schema.json``."""
    inside = _PACKAGE / relative
    return inside if inside.exists() else _PACKAGE.parent / relative
