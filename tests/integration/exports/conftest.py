"""Run folders to export, made by the simulator once for all workers of a test run."""

import os
from pathlib import Path

import pytest

from tests.integration.exports.trap_runs import OTHER_SPEC, SPEC, made_once, run, vote_on

os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] = "false"  # else a look at a local file is counted on a host far away
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # else the first call of a process asks that host about its caller


@pytest.fixture(scope="session", autouse=True)
def _croissant_keeps_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have Croissant's library, which reads this when it is imported, unpack below the folders of the tests."""
    os.environ["CROISSANT_CACHE"] = str(tmp_path_factory.mktemp("croissant"))


@pytest.fixture(scope="session")
def trap_folder(trap_folders: tuple[Path, Path]) -> Path:
    """A run folder with traps in it; read only.

    66 jobs end completed, failed or skipped: prompt ids that name splits or hold dots, models with dots; jpeg, png and
    webp mixed; one to four images a job. The axis ``level`` has an integer, a fraction and a text, ``nothing`` is
    always null or left out, ``later`` is null in the first rows and a number then; few jobs have a seed. Prompts hold
    emoji, line ends, braces, pipes, and 20,000 characters. There are edits of one input, of two, with a mask, and of
    one on the web that is not there.
    """
    return trap_folders[0]


@pytest.fixture(scope="session")
def other_trap_folder(trap_folders: tuple[Path, Path]) -> Path:
    """A second folder, by an older catalog, with a prompt id and an axis of the first, which has whole numbers here."""
    return trap_folders[1]


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder without a completed job, and so without images; read only."""
    return made_once(
        tmp_path_factory, "nothing-made", lambda home: run(home, OTHER_SPEC, faults="upstream_bad_request")
    )


@pytest.fixture(scope="session")
def trap_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The first folder with traps, on which somebody voted, and the second; read only."""

    def voted(home: Path) -> None:
        run(home, SPEC, faults="upstream_bad_request=0.12")
        vote_on(home / "run")

    return (
        made_once(tmp_path_factory, "traps", voted),
        made_once(tmp_path_factory, "more-traps", lambda home: run(home, OTHER_SPEC)),
    )
