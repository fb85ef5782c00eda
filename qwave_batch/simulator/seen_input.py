"""An input image of an order that the API has looked at: what it holds, and whether its address brings it."""

from dataclasses import dataclass

from qwave_batch.simulator.image_content import ImageContent
from qwave_batch.simulator.result_files import NOT_FOUND, ResultFile


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInput:
    """One input image of an order."""

    place: str
    """Its field, and its number there from 0, such as ``image_urls[0]``."""
    address: str = ""
    """The address, for one that is at an address of ours; empty for an image inside the request."""
    content: ImageContent | None = None
    """None for an address that names no file."""
    file: ResultFile | None = None
    """The file at the address."""

    def fault_at(self, moment: float) -> str | None:
        """Return why a vendor that fetches the image at a moment gets none; None where it gets it."""
        if not self.address:
            return None
        reply = NOT_FOUND if self.file is None else self.file.refusal_at(moment)
        return f"{self.place} cannot be fetched: HTTP {reply.status} for {self.address[:2000]}" if reply else None
