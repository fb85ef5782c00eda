"""Scores and checks of what lies in an object store choose which images go on, wherever they were made."""

from io import StringIO
from pathlib import Path

import qwave_batch as qb
from qwave_batch.cli.main import main
from tests.integration.stores.conftest import Bucket

SPEC = """\
version: 1
name: elsewhere
catalog: "2026-05"
stages:
  - name: draft
    prompts: [a lantern, a kite]
    matrix: {model: [z-image-turbo], seed: [1, 2]}
  - name: night
    from_stage: draft
    where: "{{ not parent.findings }}"
    pick: {n: 1, by: checks.sharpness}
    text: "{{ parent.prompt }}, at night"
    request: {action: edit, image_urls: ["{{ parent.image }}"]}
    matrix: {model: [gpt-image-2]}
"""


def test_what_is_scored_and_checked_in_a_store_decides_the_next_run(tmp_path: Path, bucket: Bucket) -> None:
    spec, url, folder = tmp_path / "spec.yaml", f"{bucket.url}/one", tmp_path / "run"
    spec.write_text(SPEC, encoding="utf-8")

    def run() -> qb.RunSummary:
        return qb.run_batch_sync(spec, connection=qb.Simulated(latency="0"), out_dir=folder, store=url)

    drafts = run()
    assert (drafts.counts.completed, drafts.counts.pending) == (4, 4)
    assert "for a check of the images" in str(drafts.warnings[-1])
    assert main(["check", url], StringIO(), StringIO()) == 0
    assert main(["score", url, "--with", "checks", "--where", "stage == 'draft'"], StringIO(), StringIO()) == 0
    nights = run()
    assert (nights.counts.completed, nights.counts.skipped, nights.counts.pending) == (6, 2, 0)
    assert len(bucket.below("one/images/")) == 6
    assert qb.open_run(url).outlooks() == ()  # the store has no workspace that tells what decides
