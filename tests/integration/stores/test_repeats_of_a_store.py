"""Jobs made again from what a run has put into an object store, and both beside each other."""

import json
from io import StringIO
from pathlib import Path

import qwave_batch as qb
from qwave_batch.cli.main import main
from tests.integration.stores.conftest import Bucket

SPEC = """\
version: 1
name: elsewhere
catalog: "2026-10"
request: {seed: 5}
prompts: [a lantern, a kite, a door]
matrix: {model: [flux-2-pro]}
"""


def called(*argv: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    return main(argv, stdout, stderr, environ={"COLUMNS": "400"}), stdout.getvalue(), stderr.getvalue()


def test_a_store_is_repeated_in_a_folder_that_is_named(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    url, again = f"{bucket.url}/one", str(tmp_path / "again")
    qb.run_batch_sync(tmp_path / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=tmp_path / "run", store=url)
    before = bucket.keys()
    status, _, said = called("repro", url, "--sample", "3", "--simulate")
    assert (status, "say where the jobs are made again" in said) == (2, True), said
    status, printed, said = called("repro", url, "--sample", "3", "--simulate", "-o", again, "--json")
    assert status == 0, said
    assert json.loads(printed)["models"]["flux-2-pro"]["verdict"] == "bytes"
    status, printed, said = called("drift", url, again, "--json")
    assert status == 0, said
    assert json.loads(printed)["before"]["folder"] == url
    assert bucket.keys() == before
