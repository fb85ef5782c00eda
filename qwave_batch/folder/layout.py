"""Where everything in a run folder stands."""

from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import FolderError, nearest
from qwave_batch.folder.disk import storage_errors

_GITIGNORE = "# The ledger and what is half downloaded: of this machine, and never for git.\n*\n"


@dataclass(frozen=True, slots=True)
class RunLayout:
    """The places of one run folder; only ``create`` touches the disk."""

    root: Path

    @property
    def manifest(self) -> Path:
        """A line per job of the plan."""
        return self.root / "manifest.jsonl"

    @property
    def summary(self) -> Path:
        """Counts, cost, durations and versions of the newest run."""
        return self.root / "summary.json"

    @property
    def spec(self) -> Path:
        """The spec as it was, byte for byte."""
        return self.root / "spec.yaml"

    @property
    def inputs(self) -> Path:
        """What the spec pulled in, and inline pictures of requests."""
        return self.root / "inputs"

    @property
    def images(self) -> Path:
        """The pictures that came."""
        return self.root / "images"

    @property
    def private(self) -> Path:
        """What only this program reads."""
        return self.root / ".qwave"

    @property
    def ledger(self) -> Path:
        """The truth of the folder."""
        return self.private / "ledger.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the one process that works on the folder."""
        return self.private / "lock"

    @property
    def simulator(self) -> Path:
        """The tasks of a simulated run, so that they survive a killed one."""
        return self.private / "simulator.sqlite"

    @property
    def partial(self) -> Path:
        """Downloads that are not whole yet; anything in it may be thrown away while nobody holds the lock."""
        return self.private / "partial"

    def partial_of(self, job_id: str, number: int) -> Path:
        """Return where image ``number`` (from 1) of a job is downloaded to before it is placed."""
        return self.partial / f"{job_id}_{number}.part"

    def relative(self, path: Path) -> str:
        """Return a path below the root as manifests write it: relative, with ``/``."""
        return path.relative_to(self.root).as_posix()

    def create(self) -> None:
        """Make the folder and its fixed parts, where they are not there yet.

        Raises:
            FolderError: a file stands where the folder should be, or the folder holds someone else's files.
            StorageError: the disk refuses.
        """
        if self.root.exists() and not self.root.is_dir():
            raise FolderError(f"{self.root} is a file; a run needs a folder: -o DIR")
        if self.root.is_dir() and not is_run_folder(self.root) and _strangers(self.root):
            raise FolderError(
                f"{self.root} is not empty and no run folder (it holds {_strangers(self.root)[0]}); "
                f"name another one: -o {self.root / 'run'}"
            )
        for folder in (self.root, self.private, self.partial, self.images):
            with storage_errors(folder, "make the folder"):
                folder.mkdir(parents=True, exist_ok=True)
        gitignore = self.private / ".gitignore"
        if not gitignore.exists():
            with storage_errors(gitignore):
                gitignore.write_text(_GITIGNORE, encoding="utf-8")

    @classmethod
    def existing(cls, root: Path) -> "RunLayout":
        """Return the layout of a folder that a run has made.

        Raises:
            FolderError: it is none, with the nearest one that is.
        """
        if is_run_folder(root):
            return cls(root)
        if not root.exists():
            raise FolderError(f"there is no folder {root}{_nearest_hint(root)}")
        if not root.is_dir():
            raise FolderError(f"{root} is a file, not a run folder{_nearest_hint(root)}")
        inside = _run_folders_in(root)
        hint = f"; it holds {_few(inside)}" if inside else _nearest_hint(root)
        raise FolderError(f"{root} is no run folder: it has neither manifest.jsonl nor .qwave/ledger.sqlite{hint}")


def is_run_folder(root: Path) -> bool:
    """Whether a run has worked here; a copy without its ledger still counts, by its manifest."""
    layout = RunLayout(root)
    return layout.ledger.is_file() or layout.manifest.is_file() or layout.partial.is_dir()


def _strangers(root: Path) -> list[str]:
    """Names in a folder that no run has made, without the files that systems leave about."""
    return sorted(entry.name for entry in root.iterdir() if entry.name not in {".DS_Store", "desktop.ini", ".gitkeep"})


def _run_folders_in(folder: Path) -> list[str]:
    try:
        return sorted(str(entry) for entry in folder.iterdir() if entry.is_dir() and is_run_folder(entry))
    except OSError:
        return []


def _nearest_hint(root: Path) -> str:
    beside = [Path(name).name for name in _run_folders_in(root.parent)]
    guess = nearest(root.name, beside)
    if guess is not None:
        return f'; did you mean "{root.parent / guess}"?'
    return f"; run folders beside it: {_few(beside)}" if beside else ""


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown  # noqa: PLR2004
