"""The addresses of a parent's images: which may be passed to another task, and why a job can't be sent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import quote

from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.model.signed_links import unsigned
from qwave_batch.model.task import ResultImage

MARGIN_S = 900.0
"""An address is passed if it lasts at least so much longer: the new task may be queued before it reads the image."""


class NotPassed(Enum):
    """Why a job can't be sent although its parents were made."""

    UNMADE = auto()
    """A parent is not stored, or lacks the image that is needed."""
    UNANSWERED = auto()
    """The API does not say at the moment where an image is."""
    NO_ADDRESS = auto()
    """The API has the image no more, and the model takes nothing but addresses there."""
    SECRET_ADDRESS = auto()
    """So it is, but for addresses with the API key in them."""
    NOT_FOUND = auto()
    """The API does not know the task of a parent, and the model takes nothing but addresses there."""
    DAMAGED = auto()
    """The API gives no address, and the file in the run folder, which the model would take, is damaged or gone."""
    NO_TASK = auto()
    """A parent has no task that a request could name."""


@dataclass(frozen=True, slots=True)
class ListedImages:
    """The images of a task as it has listed them. Times are Unix seconds by the API's clock."""

    images: tuple[ResultImage, ...]
    listed_at: float
    is_found: bool = True
    """Whether the API knows the task."""

    def address_of(
        self, number: int, files: Sequence[StoredFile], *, now: float, lifetime_s: float, margin_s: float = MARGIN_S
    ) -> str | None:
        """Return the address of an image if it is valid for long enough.

        An address with a secret in it does not count: it would become known to the maker of the next image.

        Args:
            number: The image's, from 1.
            files: The images that were stored.
            now: Unix seconds.
            lifetime_s: How long an address lasts if the API does not say.
            margin_s: For how much longer it must be valid.
        """
        image = self._passable(number, files)
        if image is None:
            return None
        ends_at = self.listed_at + lifetime_s if image.expires_at is None else image.expires_at
        return image.url if ends_at - margin_s > now else None

    def is_without(self, number: int, files: Sequence[StoredFile], *, now: float) -> bool:
        """Whether an image had no address a short while ago, so that it need not be asked for again."""
        return self._passable(number, files) is None and now - self.listed_at < MARGIN_S

    def why_not(self, number: int, files: Sequence[StoredFile]) -> NotPassed:
        """Return why an image has no address that could be passed for long enough."""
        if not self.is_found:
            return NotPassed.NOT_FOUND
        image = self._image(number, files)
        is_secret = image is not None and image.masked_url is not None
        return NotPassed.SECRET_ADDRESS if is_secret else NotPassed.NO_ADDRESS

    def _passable(self, number: int, files: Sequence[StoredFile]) -> ResultImage | None:
        image = self._image(number, files)
        is_passable = image is not None and image.url and image.masked_url is None and image.content is None
        return image if is_passable else None

    def _image(self, number: int, files: Sequence[StoredFile]) -> ResultImage | None:
        """Return the image that was stored under a number: some that are listed may not have been."""
        listed = [image for image in self.images if image.is_listed]
        if len(listed) == len(files):
            return listed[number - 1]
        source = unsigned(files[number - 1].image.source_url)  # a ledger of before keeps it with its signature
        return next((image for image in listed if unsigned(image.masked_url or image.url) == source), None)


def public_address(public_url: str, path: str) -> str:
    """Return the address of an artifact in a store that serves it.

    Args:
        public_url: The address of the run folder there.
        path: The artifact's path in the run folder, with ``/``.
    """
    return f"{public_url.rstrip('/')}/{quote(path)}"
