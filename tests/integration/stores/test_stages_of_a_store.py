"""A run of stages into an object store: the images of parents come from there, and all that reads a run finds them."""

from pathlib import Path

import qwave_batch as qb
from qwave_batch.api.export_folders import export_folders
from tests.integration.stores.conftest import Bucket

SPEC = """\
version: 1
name: chain
catalog: "2026-05"
stages:
  - {name: draft, prompts: [A stall, An alley], request: {model: qwen-image-2.0, n: 2}}
  - name: night
    from_stage: draft
    text: "{{ parent.prompt }}, at night"
    request: {model: gpt-image-2, action: edit, image_urls: ["{{ parent.images[1] }}"]}
"""


def test_children_find_the_images_of_their_parents_in_a_store(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    store = f"{bucket.url}/chain"
    connection = qb.Simulated(seed=1, latency="0")
    summary = qb.run_batch_sync(tmp_path / "spec.yaml", connection=connection, out_dir=tmp_path / "run", store=store)
    assert summary.exit_status == 0
    for address in (tmp_path / "run", store):
        assert qb.folders.open_run(address).verify().problems == ()
        assert list(qb.folders.open_run(address).status().counts.stages) == ["draft", "night"]
    lines = list(qb.folders.open_run(store).lines())
    request = qb.exports.ExportRequest(folders=(store,), format="pairs", out=tmp_path / "out")
    assert export_folders(request).rows == 2
    for number, draft in enumerate(line for line in lines if line.stage == "draft"):
        control = (tmp_path / f"out/control/{number:06}.png").read_bytes()
        assert control == bucket.content(f"chain/{draft.images[1].path}")
    night = lines[-1]
    (origin,) = qb.folders.find_origins(night.images[0].sha256, [store]).origins
    assert "from_stage: draft" in str(origin.spec)
