"""The folder that a plan is run in: the named one, or the default; and an earlier one beside the spec."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.client.connection import AnyConnection, Simulated
from qwave_batch.errors import FolderError, UsageError
from qwave_batch.folder.layout import is_run_folder
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.store_url import is_store_url
from qwave_batch.plan.file.plan_file import AnyPlan, SavedPlan

RUNS = Path("runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlace:
    """The folder of a run, before anything is written there."""

    folder: Path
    """As it was named, or as the plan comes to."""
    is_new: bool
    """Whether no run has worked there yet."""
    beside_spec: Path | None = None
    """A folder where the spec was probably run already, from another folder: a new one would pay for all anew."""

    @property
    def whole(self) -> Path:
        """The folder as a whole path."""
        return Path(os.path.abspath(self.folder))  # noqa: PTH100 - as people know it: links are not followed

    def check(self) -> None:
        """Raise for a new folder while the same spec was run elsewhere: the user has to say which one is meant."""
        if self.beside_spec is not None:
            raise FolderError(
                f"the spec was run in {self.beside_spec} before, and from the current folder a new run folder would "
                f"begin, {self.whole}, where everything is paid for anew; nothing was sent. Say which one is meant; "
                "output.folder in the spec, found from the spec's own folder, settles it for good",
                next_steps=(
                    Advice(NextStep.GO_ON_IN_FOLDER, str(self.beside_spec)),
                    Advice(NextStep.BEGIN_IN_FOLDER, str(self.whole)),
                ),
            )


def run_place(plan: AnyPlan, connection: AnyConnection, out_dir: str | Path | None = None) -> RunPlace:
    """Return where a plan is run; it looks at the disk.

    Args:
        plan: The plan.
        connection: The API that it is run against; what is simulated costs nothing and has a folder of its own.
        out_dir: The folder that was named, with which nothing else is looked for.
    """
    if out_dir is not None and is_store_url(str(out_dir)):
        raise UsageError(
            "the run folder is named by the address of a store; a run has a local folder for its ledger, and keeps "
            "its images in a store that is named as such",
            next_steps=(NextStep.NAME_STORE,),
        )
    if out_dir is not None:
        return RunPlace(folder=Path(out_dir), is_new=not is_run_folder(Path(out_dir)))
    folder = default_folder(plan, connection)
    is_new = not is_run_folder(folder)
    is_settled = plan.output_folder is not None or isinstance(connection, Simulated)
    other = None if is_settled or not is_new else _elsewhere(plan, folder)
    return RunPlace(folder=folder, is_new=is_new, beside_spec=other)


def default_folder(plan: AnyPlan, connection: AnyConnection) -> Path:
    """Return the folder that a plan is run in by default: the one its spec names, else one below ``runs/``."""
    folder = plan.output_folder or RUNS / plan.name
    return folder.with_name(f"{folder.name}-simulated") if isinstance(connection, Simulated) else folder


def _elsewhere(plan: AnyPlan, folder: Path) -> Path | None:
    """Return the run folder of this name that is nearest to the plan's own file and is not ``folder``."""
    here = os.path.realpath(folder)
    for base in _bases(plan):
        found = base / RUNS / plan.name
        with suppress(OSError):  # a name that no file can have: a plan's file may hold anything
            if os.path.realpath(found) != here and is_run_folder(found):
                return found
    return None


def _bases(plan: AnyPlan) -> Iterator[Path]:
    """Yield the folders from which the plan may have been run: its file's, and those above it in a git work tree.

    For a plan file, those of its spec count, too. If a link leads to a file, both locations do.
    """
    files = (plan.file if isinstance(plan, SavedPlan) else None, plan.spec_file)
    typed = [os.path.abspath(file) for file in files if file is not None]  # noqa: PTH100 - as it was named
    for place in dict.fromkeys(Path(each) for file in typed for each in (file, os.path.realpath(file))):
        yield place.parent
        above = place.parents
        tree = next((number for number, base in enumerate(above) if os.path.lexists(base / ".git")), None)
        yield from above[1 : tree + 1] if tree is not None else ()
