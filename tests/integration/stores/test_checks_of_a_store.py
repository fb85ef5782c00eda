"""``check`` of what a run has put into an object store: read from there, and written there."""

import json
from io import BytesIO, StringIO
from pathlib import Path

from PIL import Image

import qwave_batch as qb
from qwave_batch.cli.main import main
from tests.integration.stores.conftest import Bucket

SPEC = """\
version: 1
name: elsewhere
catalog: "2026-10"
prompts: [a lantern, a kite, a wall]
matrix: {model: [z-image-turbo]}
"""


def test_a_store_is_checked_and_keeps_what_was_found(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    url = f"{bucket.url}/one"
    qb.run_batch_sync(tmp_path / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=tmp_path / "run", store=url)
    assert main(["check", url], StringIO(), StringIO()) == 0
    assert bucket.content("one/checks.jsonl") == b""

    lost, white = (key for key in bucket.below("one/images/") if "wall" not in key)
    bucket.remove(lost)
    out = BytesIO()
    Image.new("RGB", (256, 256), "white").save(out, "JPEG")
    bucket.put(white, out.getvalue())  # not the one on record
    stdout = StringIO()
    assert main(["check", url, "--json"], stdout, StringIO()) == 1
    found = json.loads(stdout.getvalue())
    assert sorted(each["path"] for each in found) == sorted(key.removeprefix("one/") for key in (lost, white))
    assert {each["kind"] for each in found} == {"undecodable"}
    assert [json.loads(line) for line in bucket.content("one/checks.jsonl").splitlines()] == found
    with qb.folders.open_run(tmp_path / "run").check() as report:
        assert [each.finding.as_json() for each in report.findings()] == found
