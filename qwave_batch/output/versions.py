"""The versions of this program and of what it uses, as summaries name them."""

import platform
from importlib.metadata import PackageNotFoundError, version

PROGRAM = "qwave-batch"


def versions() -> dict[str, str | None]:
    """Return the versions that an image may depend on, by name."""
    return {
        PROGRAM: version_of(PROGRAM),
        "python": platform.python_version(),
        "pillow": version_of("pillow"),
        "aiohttp": version_of("aiohttp"),
    }


def version_of(package: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:  # run from a checkout
        return None
