"""Reports of what a run has put into an object store: with the run, and later from the store's address alone."""

from io import StringIO
from pathlib import Path

import qwave_batch as qb
from qwave_batch.cli.main import main
from tests.integration.stores.conftest import Bucket
from tests.integration.stores.faulty_proxy import FaultyProxy
from tests.integration.stores.test_checks_of_a_store import SPEC


def originals(report: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in (report / "full").rglob("*") if path.is_file())


def test_a_run_into_a_store_keeps_its_report_beside_its_ledger(
    tmp_path: Path, bucket: Bucket, proxy: FaultyProxy
) -> None:
    """Its images go into the report from memory: not one of them is downloaded for it."""
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    url = f"{bucket.url}/one"
    summary = qb.run_batch_sync(
        tmp_path / "spec.yaml",
        connection=qb.Simulated(latency="0"),
        out_dir=tmp_path / "run",
        store=url,
        options=qb.RunOptions(report=True),
    )
    assert summary.warnings == ()
    assert not [path for method, path in proxy.paths if method == "GET" and "/images/" in path]
    images = sorted(bucket.content(key) for key in bucket.below("one/images/"))
    assert len(images) == 3
    assert originals(tmp_path / "run/report") == images
    assert len(list((tmp_path / "run/report/thumbs").rglob("*.webp"))) == 3

    assert main(["report", url, "-o", str(tmp_path / "other")], StringIO(), StringIO()) == 0
    assert originals(tmp_path / "other") == images
    for path in (tmp_path / "run/report/thumbs").rglob("*.webp"):
        assert (tmp_path / "other" / path.relative_to(tmp_path / "run/report")).read_bytes() == path.read_bytes()
