"""``score`` of what a run has put into an object store: read from there, and kept there."""

import json
import sys
from io import StringIO
from pathlib import Path

import qwave_batch as qb
import tests.scoring_command
from qwave_batch.cli.main import main
from tests.integration.stores.conftest import Bucket

SPEC = """\
version: 1
name: elsewhere
catalog: "2026-10"
prompts: [a lantern, a kite]
matrix: {model: [z-image-turbo]}
"""
COMMAND = {
    "name": "sizes",
    "version": "1",
    "needs": ["prompt"],
    "outputs": {"bytes": {"range": [1, None]}, "words": {}},
    "command": [sys.executable, tests.scoring_command.__file__],
}


def score(*argv: object) -> dict[str, object]:
    stdout = StringIO()
    status = main(["score", *map(str, argv), "--json"], stdout, StringIO())
    (told,) = json.loads(stdout.getvalue())["folders"]
    return {"status": status, **{name: told[name] for name in ("scored", "reused", "kept", "failed")}}


def test_a_store_is_scored_and_keeps_the_scores(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "sizes.yaml").write_text(json.dumps(COMMAND))
    url, folder = f"{bucket.url}/one", tmp_path / "run"
    qb.run_batch_sync(tmp_path / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=folder, store=url)

    assert score(url, "--with", "checks") == {"status": 0, "scored": 2, "reused": 0, "kept": 0, "failed": 0}
    assert score(folder, "--with", "checks") == {"status": 0, "scored": 0, "reused": 0, "kept": 2, "failed": 0}
    assert score(url, "--with", tmp_path / "sizes.yaml")["scored"] == 2, "the command is given files"
    assert bucket.content_type("one/scores.jsonl") == "application/x-ndjson"
    lines = [json.loads(line) for line in bucket.content("one/scores.jsonl").splitlines()]
    assert [line.get("scores", {}).get("bytes") is not None for line in lines] == [False] * 4 + [True] * 2

    bucket.remove(bucket.below("one/images/")[0])
    assert score(url, "--with", tmp_path / "sizes.yaml", "--param", "turn=2") == {
        "status": 1,
        "scored": 1,
        "reused": 0,
        "kept": 0,
        "failed": 1,
    }
