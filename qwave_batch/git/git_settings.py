"""Selects the settings of a repository and of the user that are honoured: those for comparing files, none that run."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.git.git_process import GitRefused

_HEEDED = frozenset(
    f"core.{name}"
    for name in (
        "autocrlf", "checkstat", "eol", "filemode", "ignorecase", "precomposeunicode", "sparsecheckout",
        "sparsecheckoutcone", "symlinks", "trustctime",
    )
)  # fmt: skip
"""Settings for comparing a file in a work tree with the one in git; each has a word as its value."""
USER_SETTINGS = r"^(core\.[a-z]+|safe\.directory)$"
"""The user's own settings that are read, of which only the honoured ones count."""
_WORD = re.compile(r"[A-Za-z0-9]{0,16}")
_NAME = re.compile(r'[^\0-\x1f\x7f"\\]{1,250}')
_TRACKING = {
    "branch": {"remote": re.compile(r"[\w./-]{1,250}"), "merge": re.compile(r"refs/[^\0-\x20\x7f\"\\]{1,250}")},
    "remote": {"fetch": re.compile(r"\+?refs/[^\0-\x20\x7f\"\\:]{1,250}:refs/[^\0-\x20\x7f\"\\:]{1,250}")},
}
"""Settings that define ``@{upstream}``."""
_EXTENSIONS = {
    "compatobjectformat", "noop", "objectformat", "partialclone", "preciousobjects", "refstorage", "relativeworktrees",
    "worktreeconfig",
}  # fmt: skip
"""Kinds of repositories that can be read; a partial clone as far as it is here, since nothing is fetched."""

_OURS = """\
[core]
\tbare = false
\tfsmonitor = false
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tbigFileThreshold = 16m
\tpackedGitWindowSize = 32m
\tpackedGitLimit = 512m
[protocol]
\tallow = never
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""

Setting = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSettings:
    """The settings of a repository's configuration that are honoured."""

    object_format: str
    ref_format: str
    is_bare: bool
    heeded: Mapping[str, str]
    tracking: Sequence[tuple[str, str, str, str]]
    """Section, name, key and value."""

    def as_config(self) -> str:
        """Return the configuration that git reads in place of the repository's."""
        is_plain = self.object_format == "sha1" and self.ref_format == "files"
        lines = [_OURS, f"[core]\n\trepositoryformatversion = {0 if is_plain else 1}\n"]
        if self.object_format != "sha1":
            lines.append(f"[extensions]\n\tobjectFormat = {self.object_format}\n")
        if self.ref_format != "files":
            lines.append(f"[extensions]\n\trefStorage = {self.ref_format}\n")
        lines += (f"[core]\n\t{name.partition('.')[2]} = {word}\n" for name, word in self.heeded.items())
        for section, name, key, value in self.tracking:
            lines.append(f'[{section} "{name}"]\n\t{key} = "{value}"\n')
            if section == "remote":  # without an address it is not a remote; nothing is ever fetched from it
                lines.append("\turl = /dev/null\n")
        return "".join(lines)


def listed(answer: bytes) -> Iterator[Setting]:
    """Yield names and values from what ``git config --null`` prints; one without a value is true."""
    for entry in answer.split(b"\0"):
        if entry:
            name, has_value, value = entry.decode("utf-8", "replace").partition("\n")
            yield name, value if has_value else "true"


def is_true(value: str) -> bool:
    """Return whether git takes a setting's value for true."""
    return value.lower() in {"true", "yes", "on", "1"}


def _heeded_in(settings: Sequence[Setting]) -> dict[str, str]:
    return {name: value for name, value in settings if name in _HEEDED and _WORD.fullmatch(value)}


def settings_of(repository: Sequence[Setting], user: Sequence[Setting]) -> GitSettings:
    """Return the honoured settings; the repository overrides the user.

    Raises:
        GitRefused: the repository is of an unknown kind.
    """
    of_repository = dict(repository)
    for name in of_repository:
        section, _, extension = name.partition(".")
        if section == "extensions" and extension not in _EXTENSIONS:
            raise GitRefused("the repository needs an extension of git that is not known here")
    object_format = of_repository.get("extensions.objectformat", "sha1").lower()
    ref_format = of_repository.get("extensions.refstorage", "files").lower()
    version = of_repository.get("core.repositoryformatversion", "0")
    if object_format not in {"sha1", "sha256"} or ref_format not in {"files", "reftable"} or version not in {"0", "1"}:
        raise GitRefused("the repository has a format that is not known here")
    return GitSettings(
        object_format=object_format,
        ref_format=ref_format,
        is_bare=is_true(of_repository.get("core.bare", "false")),
        heeded={**_heeded_in(user), **_heeded_in(repository)},
        tracking=tuple(_tracking(repository)),
    )


def _tracking(settings: Sequence[Setting]) -> Iterator[tuple[str, str, str, str]]:
    for whole, value in settings:
        section, _, rest = whole.partition(".")
        name, _, key = rest.rpartition(".")
        wanted = _TRACKING.get(section, {}).get(key)
        if wanted and wanted.fullmatch(value) and _NAME.fullmatch(name):
            yield section, name, key, value
