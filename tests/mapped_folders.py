"""A run folder with images of all kinds, and the three commands that look at them, for workers of any kind."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import qwave_batch as qb
from qwave_batch.api.worker_opening import Executor
from qwave_batch.executors.workers import AHEAD, FromNode, Item, Result, Setup, Work, Workers
from qwave_batch.folder.workspace import PRIVATE
from qwave_batch.model.clock import SystemClock
from tests.unit.report.pictured_folder import picture, pictured_folder

IMAGES = 17
FAULTY = 8
"""Of the images of a damaged folder."""
OPEN_AT = 1_795_334_400.0


class NoonClock(SystemClock):
    """Stands still, so that two reports have one date."""

    def now(self) -> float:
        return OPEN_AT


def sound_folder(root: Path, images: int = IMAGES) -> Path:
    """Write a folder with a workspace, and without a ledger."""
    pictured_folder(root, [picture(number) for number in range(images - 1)] + [picture(0)])
    (root / PRIVATE).mkdir()
    return root


def damaged_folder(root: Path) -> Path:
    """Write one whose images are damaged in all ways, and some not."""
    sound_folder(root)
    images = root / "images" / "m"
    (images / "1.png").unlink()
    (images / "2.png").write_bytes((images / "3.png").read_bytes()[:-20])
    first, second = (images / "4.png").read_bytes(), (images / "5.png").read_bytes()
    (images / "4.png").write_bytes(second)
    (images / "5.png").write_bytes(first)
    (images / "6.png").unlink()
    (images / "6.png").symlink_to(images / "7.png")
    (images / "8.png").unlink()
    (images / "8.png").mkdir()
    (images / "9.png").write_bytes(b"GIF89a")
    (images / "10.png").write_bytes(b"")
    (images / "11.png").chmod(0o600)
    return root


def again(folder: Path) -> Path:
    """Make a folder as it was before any command."""
    for path in ("report", f"{PRIVATE}/looks.sqlite", "checks.jsonl"):
        found = folder / path
        if found.is_dir():
            shutil.rmtree(found)
        else:
            found.unlink(missing_ok=True)
    return folder


@dataclass(frozen=True)
class Answer:
    """Everything that a command says and leaves."""

    said: object
    left: Mapping[str, bytes]


def verified(folder: Path, executor: Executor | None) -> Answer:
    """Verify a folder."""
    report = qb.folders.open_run(folder).verify(executor=executor)
    left = sorted(path.name for path in (folder / PRIVATE).iterdir())
    return Answer((report.as_json(), report.damaged), dict.fromkeys(left, b""))


def checked(folder: Path, executor: Executor | None) -> Answer:
    """Check a folder."""
    with qb.folders.open_run(folder).check(executor=executor) as report:
        said = [each.finding.as_json() for each in report.findings()]
        return Answer(said, {"checks.jsonl": (folder / "checks.jsonl").read_bytes()})


def reported(folder: Path, executor: Executor | None) -> Answer:
    """Report on a folder; what tells files by their times, and revisions, is left out."""
    request = qb.reports.ReportRequest(folders=(str(folder),))
    written = qb.reports.write_report(request, clock=NoonClock(), executor=executor)
    files = {
        path.relative_to(written.out).as_posix(): path for path in sorted(written.out.rglob("*")) if path.is_file()
    }
    left = {name: path.read_bytes() for name, path in files.items() if name != "thumbs/made.txt"}
    return Answer(json.dumps(written.as_json()), left)


Command = Callable[[Path, Executor | None], Answer]
COMMANDS: Mapping[str, Command] = {"verify": verified, "check": checked, "report": reported}

Inner = TypeVar("Inner")


@dataclass
class CountedWorkers:
    """Workers that count the images that they are asked about; something may happen after some shards."""

    workers: Workers
    at_shard: Callable[[], None] | None = None
    shards: int = 0
    """After which ``at_shard`` is called, once."""
    asked: list[int] = field(default_factory=list)
    """The images of each shard."""

    @property
    def count(self) -> int:
        return self.workers.count

    def map(self, work: Work[Setup, Item, Result], items: Iterable[Item], *, ahead: int = AHEAD) -> Iterator[Result]:
        def counted() -> Iterator[Item]:
            for item in items:
                self.asked.append(len(item))  # type: ignore[arg-type]  # a shard
                yield item

        for number, result in enumerate(self.workers.map(work, counted(), ahead=ahead)):
            if self.at_shard is not None and number == self.shards:
                self.at_shard()
            yield result

    def on_each_node(self, work: Work[Setup, Item, Result], item: Item) -> list[FromNode[Result]]:
        return list(self.workers.on_each_node(work, item))
