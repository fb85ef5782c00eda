"""Workers look at images in an object store, which they read by its address alone."""

from pathlib import Path

import qwave_batch as qb
from qwave_batch.executors.workers import Workers
from tests.integration.stores.conftest import Bucket
from tests.integration.stores.test_checks_of_a_store import SPEC
from tests.local_workers import LocalWorkers


def said(address: str | Path, out: Path, executor: Workers | None) -> list[object]:
    """Return what all three commands say and leave."""
    folder = qb.folders.open_run(address)
    verified = folder.verify(executor=executor)
    with folder.check(executor=executor) as report:
        checked = [each.finding.as_json() for each in report.findings()]
    request = qb.reports.ReportRequest(folders=(str(address),), out=out)
    written = qb.reports.write_report(request, executor=executor)
    thumbnails = {path.name: path.read_bytes() for path in (out / "thumbs").rglob("*.webp")}
    return [verified.as_json(), checked, [each.reason for each in written.without_thumbnail], thumbnails]


def test_workers_say_of_a_store_what_this_process_does(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    url = f"{bucket.url}/one"
    qb.run_batch_sync(tmp_path / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=tmp_path / "run", store=url)
    lost, cut, _ = bucket.below("one/images/")
    bucket.remove(lost)
    bucket.put(cut, bucket.content(cut)[:-20])
    here, there = said(url, tmp_path / "here", None), said(url, tmp_path / "there", LocalWorkers(2))
    assert there == here
    assert len(there[1]) == 2  # type: ignore[arg-type]  # findings
    assert said(tmp_path / "run", tmp_path / "bound", LocalWorkers(2))[1:] == here[1:]
