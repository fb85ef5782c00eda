"""How wide a stream is, and whether a person looks at it; apart from ``Terminal``, so that the overview loads fast."""

import os
from collections.abc import Mapping
from typing import TextIO

_NO = frozenset({"", "0", "false", "no"})
_OF_SINGLE_ONES = (
    "APPVEYOR", "BITBUCKET_BUILD_NUMBER", "BUILDKITE", "CIRCLECI", "CIRRUS_CI", "CODEBUILD_BUILD_ID",
    "CONTINUOUS_INTEGRATION", "DRONE", "GITEA_ACTIONS", "GITHUB_ACTIONS", "GITLAB_CI", "GO_PIPELINE_NAME", "HUDSON_URL",
    "JENKINS_URL", "SEMAPHORE", "TEAMCITY_VERSION", "TF_BUILD", "TRAVIS", "WOODPECKER", "bamboo_buildKey",
)  # fmt: skip
"""Variables that single CI systems set, some of them instead of ``CI``."""


PLAIN_WIDTH = 80
"""Columns of a stream that tells no width."""
_NARROWEST = 40


def width_of_stream(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return how many columns to draw in: at least 40, and as ``COLUMNS`` says where it is set."""
    columns = environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return max(_NARROWEST, int(columns))
    return max(_NARROWEST, (columns_of(stream) if is_drawn_for_people(stream, environ) else None) or PLAIN_WIDTH)


def columns_of(stream: TextIO) -> int | None:
    """Return the current width of a stream's terminal; None when it has no width, or is not a terminal."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def is_drawn_for_people(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal, and not the log of a CI that calls itself one."""
    return stream.isatty() and not is_ci(environ)


def is_ci(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment is a CI's; ``CI`` decides if it is set, even to false."""
    said = environ.get("CI", "").strip().casefold()
    if said:
        return said not in _NO
    return any(environ.get(name, "").strip().casefold() not in _NO for name in _OF_SINGLE_ONES)
