"""The address of a dataset on the Hub: ``hf://datasets/OWNER/NAME``."""

import re
from dataclasses import dataclass

from qwave_batch.errors import UsageError

_FORM = "hf://datasets/OWNER/NAME"
_SCHEME = "hf://"
_OTHER_KINDS = frozenset({"models", "spaces", "buckets", "kernels"})
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", re.ASCII)
_LONGEST = 96


@dataclass(frozen=True, slots=True)
class HubDataset:
    """A repository of a dataset."""

    owner: str
    """A user or an organization."""
    name: str

    @property
    def repo_id(self) -> str:
        """Return ``OWNER/NAME``."""
        return f"{self.owner}/{self.name}"

    def __str__(self) -> str:
        return f"{_SCHEME}datasets/{self.repo_id}"


def read_hub_address(text: str) -> HubDataset:
    """Return the dataset that an address names.

    Raises:
        UsageError: the text is another address.
    """
    scheme, _, rest = text.partition("://")
    if scheme != "hf" or not rest:
        raise _wrong(text, "an address on the Hub begins with hf://datasets/")
    kind, *names = rest.rstrip("/").split("/")
    if kind in _OTHER_KINDS:
        raise _wrong(text, f"a run is pushed to a dataset, and {kind} hold other things")
    if kind != "datasets":
        raise _wrong(text, 'it lacks the word "datasets"', _guess([kind, *names]))
    if "@" in rest:
        raise _wrong(text, "it names a revision, which is told apart from the address")
    match names:
        case [owner, name]:
            pass
        case []:
            raise _wrong(text, "it names no owner and no dataset")
        case [_]:
            raise _wrong(text, "it lacks the owner, who is a user or an organization, or the dataset's name")
        case _:
            raise _wrong(text, "it goes on after the dataset's name", _guess(names))
    for word, what in ((owner, "an owner"), (name, "a dataset")):
        _check_name(text, word, what)
    return HubDataset(owner, name)


def _check_name(text: str, word: str, what: str) -> None:
    if not _NAME.fullmatch(word) or "--" in word or ".." in word or word.endswith(".git"):
        raise _wrong(
            text,
            f'"{word}" cannot be the name of {what}: it has letters, digits, "-", "_" and ".", begins and ends with '
            'a letter or a digit, holds neither "--" nor ".." and does not end with ".git"',
        )
    if len(word) > _LONGEST:
        raise _wrong(text, f"the name of {what} has at most {_LONGEST} characters")


def _guess(names: list[str]) -> str:
    """Return the address that was probably meant, where its parts look like one."""
    if len(names) >= 2 and all(_NAME.fullmatch(name) for name in names[:2]):  # noqa: PLR2004 - owner and name
        return f"{_SCHEME}datasets/{names[0]}/{names[1]}"
    return _FORM


def _wrong(text: str, reason: str, instead: str = _FORM) -> UsageError:
    return UsageError(f'"{text}" is not the address of a dataset: {reason}; write {instead}')
