"""Votes on what a run has put into an object store: kept there, and none is lost when several are imported at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import pairwise
from pathlib import Path

import qwave_batch as qb
from qwave_batch.cli.main import main
from tests.integration.stores.conftest import Bucket
from tests.voted_folders import a_pick, a_vote, write_lines

SPEC = """\
version: 1
name: elsewhere
catalog: "2026-10"
prompts: [a lantern, a kite]
matrix: {model: [z-image-turbo, gpt-image-2]}
"""
RATERS = ("Ann", "Bob", "Cy", "Di")


def test_imports_into_a_store_at_once_lose_nothing(tmp_path: Path, bucket: Bucket) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    url = f"{bucket.url}/one"
    qb.run_batch_sync(tmp_path / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=tmp_path / "run", store=url)
    lines = list(qb.open_run(url).lines())
    summary = json.loads(bucket.content("one/summary.json"))
    told = {"folders": [{"id": "of the ledger", "spec_sha256": summary["spec_sha256"]}]}
    pairs = [(one, other) for one, other in pairwise(lines) if one.prompt == other.prompt]

    def imported(rater: str) -> int:
        votes = [a_vote(one.job_id, other.job_id, "left", run=told, rater=rater) for one, other in pairs]
        file = write_lines(tmp_path / f"{rater}.jsonl", [*votes, a_pick(lines[0].job_id, rater=rater)])
        return main(["votes", url, str(file)], StringIO(), StringIO())

    with ThreadPoolExecutor(len(RATERS)) as threads:
        assert list(threads.map(imported, RATERS)) == [0] * len(RATERS)
    kept = [json.loads(line) for line in bucket.content("one/votes.jsonl").splitlines()]
    assert sorted(vote["rater"] for vote in kept) == sorted(RATERS * len(pairs))
    assert len(bucket.content("one/picks.jsonl").splitlines()) == len(RATERS)
    assert bucket.content_type("one/votes.jsonl") == "application/x-ndjson"
    stdout = StringIO()
    assert main(["votes", url, "--json"], stdout, StringIO()) == 0
    assert json.loads(stdout.getvalue())["votes"] == len(kept)
    assert main(["votes", str(tmp_path / "run"), "--json"], again := StringIO(), StringIO()) == 0
    assert again.getvalue() == stdout.getvalue()
