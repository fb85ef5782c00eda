"""The input images of edits as an export writes them: read or fetched once, checked, and changed as the images are."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from qwave_batch.export.columns import ImageFacts
from qwave_batch.export.edit_inputs import EditInput, InputRole
from qwave_batch.export.export_inputs import ExportInputs, InputMissing
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.image_change import ImageChange, ImageForm
from qwave_batch.export.image_encoding import UnreadableImage, encode_image
from qwave_batch.export.web_images import FetchedImage, WebAnswer
from qwave_batch.imaging.image_inspection import EXTENSIONS, BadImage, inspect_bytes

_MOST_HELD_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class EncodedInput:
    """An input image as an export writes it."""

    data: bytes = field(repr=False)
    ending: str
    """How its file's name ends, without a dot."""


def rule_for(role: InputRole, rule: ImageChange) -> ImageChange:
    """Return what is done to an input where a rule is for the images made of it.

    It gets their format and size, but no marks: it was not made. A mask keeps its format, since its transparency says
    where to paint.
    """
    if role is InputRole.INPUT:
        return replace(rule, marks=frozenset(), has_prompt=False)
    return ImageChange(form=ImageForm.KEEP, max_size=rule.max_size)


class PairInputs:
    """Gets the inputs of rows; an input that many rows share is got once. Only ``fetch`` belongs to one thread."""

    def __init__(self, inputs: ExportInputs, rule: ImageChange) -> None:
        """Take the inputs of an export, and what is done to its images."""
        self._inputs, self._rule = inputs, rule
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[int, str, InputRole], EncodedInput] = OrderedDict()
        self._held_bytes = 0
        self._answers: dict[tuple[int, str], WebAnswer] = {}
        self._in_use: dict[tuple[int, str, InputRole], EncodedInput] = {}
        """Inputs that rows of the last ``fetch`` need, even if they are dropped meanwhile."""
        self._refused: dict[tuple[int, str], str] = {}
        """Addresses that brought no image, with the reason: they are not asked again."""

    def key_of(self, image: EditInput) -> str:
        """Return a text that stands for the bytes of a web input; it does not show the address, which may be signed."""
        rule = rule_for(image.role, self._rule)
        told = f"{image.source} {rule.form.value} {rule.quality} {rule.max_size}"
        return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()

    def fetch(self, wanted: Iterable[tuple[ExportRow, EditInput]]) -> None:
        """Fetch the web inputs of a few rows side by side; ``get`` returns them until the next call."""
        self._answers, self._in_use = {}, {}
        by_folder: dict[int, dict[str, None]] = {}
        for row, image in wanted:
            known = self._known(row, image)
            if known is not None:
                self._in_use[row.folder, image.source, image.role] = known
            elif not image.is_stored and (row.folder, image.source) not in self._refused:
                by_folder.setdefault(row.folder, {})[image.source] = None
        for folder, addresses in by_folder.items():
            for address, answer in self._inputs.fetched(folder, tuple(addresses)).items():
                self._answers[folder, address] = answer
                if not isinstance(answer, FetchedImage):
                    self._refuse(folder, address, f"was not fetched: {answer.reason}")

    def get(self, row: ExportRow, image: EditInput) -> EncodedInput:
        """Return an input as it is written; calls may come from many threads.

        Raises:
            InputMissing: it is not to be had, or is not an image.
        """
        known = self._known(row, image)
        if known is not None:
            return known
        made = self._encoded(row, image)
        with self._lock:
            if self._held.setdefault((row.folder, image.source, image.role), made) is made:
                self._held_bytes += len(made.data)
            while self._held_bytes > _MOST_HELD_BYTES and len(self._held) > 1:
                _, dropped = self._held.popitem(last=False)
                self._held_bytes -= len(dropped.data)
        return made

    def _known(self, row: ExportRow, image: EditInput) -> EncodedInput | None:
        key = row.folder, image.source, image.role
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key) or self._in_use.get(key)

    def _bytes_of(self, row: ExportRow, image: EditInput) -> bytes:
        if image.is_stored:
            return self._inputs.stored(row, image)
        answer = self._answers.get((row.folder, image.source))
        if isinstance(answer, FetchedImage):
            return answer.read()
        raise InputMissing(f"{image.field} {self._refused[row.folder, image.source]}", is_fault=False)

    def _refuse(self, folder: int, address: str, reason: str) -> None:
        with self._lock:
            self._refused[folder, address] = reason

    def _encoded(self, row: ExportRow, image: EditInput) -> EncodedInput:
        data = self._bytes_of(row, image)
        try:
            info = inspect_bytes(data)
            facts = ImageFacts(
                format=info.format,
                width=info.width,
                height=info.height,
                size_bytes=info.size_bytes,
                sha256=info.sha256,
            )
            data, facts = encode_image(data, facts, rule_for(image.role, self._rule))
        except (BadImage, UnreadableImage) as error:
            reason = f"can't be used: {error}"
            if not image.is_stored:
                self._refuse(row.folder, image.source, reason)
            raise InputMissing(f"{image.field} {reason}", is_fault=image.is_stored) from error
        return EncodedInput(data, EXTENSIONS[facts.format].removeprefix("."))
