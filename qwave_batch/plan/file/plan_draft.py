"""The lines of a plan before their hashes: they wait on disk, since the first line of the file has the hash of all."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self

from qwave_batch.plan.expand.entries import ExpandedEntry
from qwave_batch.plan.expand.jobs import JobMaker
from qwave_batch.plan.file.line_writer import LineWriter
from qwave_batch.plan.file.plan_seal import Seal, header_line
from qwave_batch.spec.template.templates import TemplateFault

_PIECE_BYTES = 1 << 16


class PlanDraft:
    """A temporary file of lines. ``take`` fills it while a plan is counted, so that the plan is not expanded again."""

    def __init__(self, beside: Path | None) -> None:
        """Make one in a folder, or among the system's temporary files.

        Raises:
            OSError: The disk refuses.
        """
        self._waiting: IO[bytes] = TemporaryFile("w+b", dir=beside)  # noqa: SIM115 - closed with the draft
        self._writer: LineWriter | None = None
        self.is_whole = True
        """Whether it has all lines; a line that lists duplicates would have to wait for them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.close()

    def take(self, maker: JobMaker, entry: ExpandedEntry, *, is_new: bool) -> None:
        """Add the line of an entry, as long as no entry is a duplicate and the disk takes it."""
        if not self.is_whole:
            return
        if self._writer is None or self._writer.maker is not maker:  # each stage has its own
            self._writer = LineWriter(maker)
        if not is_new:
            self._give_up()
            return
        try:
            self.add(self._writer.opened(entry))
        except (OSError, TemplateFault):  # which come again where the lines are written after all
            self._give_up()

    def _give_up(self) -> None:
        self.is_whole = False
        self._waiting.close()

    def add(self, opened: str) -> None:
        """Add a line, without its end."""
        self._waiting.write(opened.encode("utf-8", "backslashreplace") + b"\n")

    def closed(self, header: str) -> Iterator[str]:
        """Yield the whole file: the first line, which begins with ``header``, then the lines with their hashes."""
        whole, lines = Seal(header), Seal(header)
        self._waiting.seek(0)
        while piece := self._waiting.read(_PIECE_BYTES):
            whole.add(piece.replace(b"\n", b""))
        yield header_line(header, whole.whole()) + "\n"
        self._waiting.seek(0)
        for raw in self._waiting:
            opened = raw[:-1].decode("utf-8")
            yield f"{opened}{lines.close(opened)}\n"
