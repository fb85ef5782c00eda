"""Whether nobody sits at the terminal: a CI may give its jobs one all the same."""

from collections.abc import Mapping

_NO = frozenset({"", "0", "false", "no"})
_OF_SINGLE_ONES = (
    "APPVEYOR", "BITBUCKET_BUILD_NUMBER", "BUILDKITE", "CIRCLECI", "CIRRUS_CI", "CODEBUILD_BUILD_ID",
    "CONTINUOUS_INTEGRATION", "DRONE", "GITEA_ACTIONS", "GITHUB_ACTIONS", "GITLAB_CI", "GO_PIPELINE_NAME", "HUDSON_URL",
    "JENKINS_URL", "SEMAPHORE", "TEAMCITY_VERSION", "TF_BUILD", "TRAVIS", "WOODPECKER", "bamboo_buildKey",
)  # fmt: skip
"""What single CIs set, some of them in place of ``CI``."""


def is_ci(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment is a CI's; ``CI`` decides where it says anything, also that it is none."""
    said = environ.get("CI", "").strip().casefold()
    if said:
        return said not in _NO
    return any(environ.get(name, "").strip().casefold() not in _NO for name in _OF_SINGLE_ONES)
