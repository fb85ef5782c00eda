"""A fresh, claimed ledger and jobs to put in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Job

CLAIM = FolderClaim(spec_name="tea", backend="simulator", path="/runs/tea", host="here", key="secret-key")


def make_job(index: int, **fields: object) -> Job:
    facts: dict[str, object] = {
        "job_id": f"{index:016x}",
        "index": index,
        "prompt_id": f"p{index}",
        "prompt": f"Tea number {index}, 茶",
        "model": "z-image-turbo",
        "action": "generate",
        "request": {"model": "z-image-turbo", "prompt": f"Tea number {index}, 茶"},
        "path": f"tea/{index}",
        "estimated_nusd": 1_000_000,
    }
    return Job(**{**facts, **fields})  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path) as opened:
        opened.claim(CLAIM)
        yield opened


@pytest.fixture
def claim() -> FolderClaim:
    return CLAIM


@pytest.fixture
def job_of() -> Callable[..., Job]:
    return make_job
