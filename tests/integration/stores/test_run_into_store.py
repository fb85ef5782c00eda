"""A run whose results lie in an object store: what is where, what a second run does, and what readers see."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.errors import FolderError
from tests.integration.stores.conftest import KEY_ID, SECRET, Bucket
from tests.integration.stores.faulty_proxy import (
    FORBIDDEN,
    SLOW_DOWN,
    FaultyProxy,
    ResetAfter,
    ResetBefore,
    Slow,
    StoreFault,
)

SPEC_TEXT = """\
version: 1
name: elsewhere
catalog: "2026-05"
request: {aspect_ratio: "1:1"}
prompts: [a lantern, a kite]
matrix: {model: [z-image-turbo, doubao-seedream-5.0-lite]}
output: {path: "{{ model }}/{{ prompt.id }}"}
"""
JOBS = 4


@dataclass(frozen=True, slots=True)
class Run:
    home: Path
    bucket: Bucket

    @property
    def folder(self) -> Path:
        return self.home / "run"

    @property
    def url(self) -> str:
        return f"{self.bucket.url}/runs/one"

    def run(self, text: str = SPEC_TEXT, *, store: str | None = None, adopt: bool = False) -> qb.RunSummary:
        spec = self.home / "spec.yaml"
        spec.write_text(text, encoding="utf-8")
        return qb.run_batch_sync(
            spec,
            connection=qb.Simulated(latency="0"),
            out_dir=self.folder,
            store=store,
            options=qb.RunOptions(adopt=adopt),
        )

    def in_store(self) -> list[str]:
        return [key.removeprefix("runs/one/") for key in self.bucket.below() if "/.qwave/" not in key]

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.bucket.content("runs/one/manifest.jsonl").splitlines()]


@pytest.fixture
def run(tmp_path: Path, bucket: Bucket) -> Run:
    return Run(tmp_path, bucket)


def images_of(lines: list[dict[str, object]]) -> list[str]:
    return sorted(image["path"] for line in lines for image in line["images"])  # type: ignore[attr-defined]


def test_images_manifest_and_summary_lie_in_the_store_and_nothing_for_readers_is_local(run: Run) -> None:
    assert run.run(store=run.url).counts.completed == JOBS
    lines = run.lines()
    assert run.in_store() == sorted([*images_of(lines), "manifest.jsonl", "spec.yaml", "summary.json"])
    assert json.loads(run.bucket.content("runs/one/summary.json"))["completed"] == JOBS
    assert {run.bucket.content_type(f"runs/one/{path}") for path in images_of(lines)} <= {"image/png", "image/jpeg"}
    local = [path.relative_to(run.folder) for path in run.folder.rglob("*") if path.is_file()]
    assert {path.parts[0] for path in local} == {".qwave"}
    assert not list((run.folder / ".qwave" / "partial").iterdir())


def test_its_address_is_read_as_a_folder_is(run: Run) -> None:
    run.run(store=run.url)
    for named in (run.url, Path(run.url), f"{run.url}/"):
        found = qb.open_run(named)
        assert found.address == run.url
        report = found.verify()
        assert report.is_sound, report.problems
        assert (report.counts.files, report.counts.strangers) == (JOBS, 0)
        assert found.status().counts.completed == JOBS
    line = next(iter(qb.open_run(run.url).lines()))
    image = qb.open_run(run.url).open_image(line.images[0])
    assert image is not None
    with image:
        assert len(image.read()) == line.images[0].size_bytes


def test_verify_of_the_address_finds_what_is_lost_damaged_or_a_strangers(run: Run) -> None:
    run.run(store=run.url)
    lost, damaged, *_ = images_of(run.lines())
    run.bucket.remove(f"runs/one/{lost}")
    run.bucket.put(f"runs/one/{damaged}", b"damaged")
    run.bucket.put("runs/one/images/of-somebody.png", b"x")
    for address in (run.url, run.folder):
        counts = qb.open_run(address).verify().counts
        assert (counts.missing, counts.damaged, counts.strangers) == (1, 1, 1)


def test_the_folder_knows_its_store_and_a_second_run_costs_nothing(run: Run) -> None:
    run.run(store=run.url)
    before = {key: run.bucket.content(key) for key in run.bucket.below("runs/one/images/")}
    lost = min(before)
    run.bucket.remove(lost)
    again = run.run()
    assert (again.cost_nusd, again.counts.completed) == (0, JOBS)
    assert {key: run.bucket.content(key) for key in run.bucket.below("runs/one/images/")} == before
    assert qb.open_run(run.url).verify().is_sound


def test_the_spec_may_name_it_and_a_named_one_wins(run: Run) -> None:
    of_spec = SPEC_TEXT.replace("output: {", f'output: {{store: "{run.bucket.url}/of-spec", ')
    run.run(of_spec)
    assert "of-spec/manifest.jsonl" in run.bucket.below()
    with pytest.raises(FolderError, match=r"keeps its images in s3://\S+/of-spec, and .* in s3://\S+/runs/one"):
        run.run(of_spec, store=run.url)
    other = Run(run.home / "other", run.bucket)
    other.home.mkdir()
    assert other.run(of_spec, store=run.url).counts.completed == JOBS
    assert other.run(of_spec).cost_nusd == 0
    assert len(images_of(run.lines())) == JOBS


def test_a_folder_with_images_of_its_own_gets_no_store(run: Run) -> None:
    run.run()
    with pytest.raises(FolderError, match="has its images itself"):
        run.run(store=run.url)
    assert run.bucket.below() == []


def test_what_was_copied_to_another_store_goes_on_there_when_that_is_said(run: Run) -> None:
    run.run(store=run.url)
    for key in run.bucket.below():
        run.bucket.put(key.replace("runs/one", "runs/two"), run.bucket.content(key))
    two = f"{run.bucket.url}/runs/two"
    with pytest.raises(FolderError, match="keeps its images in"):
        run.run(store=two)
    assert run.run(store=two, adopt=True).cost_nusd == 0
    assert run.run().cost_nusd == 0
    assert qb.open_run(two).verify().is_sound


@pytest.mark.parametrize("fault", [SLOW_DOWN, ResetBefore(), ResetAfter(), Slow(0.3)], ids=str)
def test_bad_moments_of_the_store_cost_no_image(run: Run, proxy: FaultyProxy, fault: StoreFault) -> None:
    asked = 0

    def every_fifth(method: str, _path: str) -> StoreFault | None:
        nonlocal asked
        asked += 1
        return fault if asked % 5 == 0 and method in {"PUT", "HEAD"} else None

    proxy.decide = every_fifth
    summary = run.run(store=run.url)
    assert summary.counts.completed == JOBS
    assert len(images_of(run.lines())) == JOBS
    proxy.decide = lambda *_: None
    assert qb.open_run(run.url).verify().is_sound
    assert run.run().cost_nusd == 0


def test_a_manifest_that_another_wrote_meanwhile_is_not_overwritten(run: Run, proxy: FaultyProxy) -> None:
    others = b'{"of": "another"}\n'

    def write_between(method: str, path: str) -> StoreFault | None:
        if method == "PUT" and "/images/" in path and not proxy.requests["written"]:
            proxy.requests["written"] += 1
            run.bucket.put("runs/one/manifest.jsonl", others)
        return None

    run.run(store=run.url)
    again = SPEC_TEXT.replace("a kite", "a kite, a boat")
    proxy.decide = write_between
    with pytest.raises(qb.StorageError, match=r"manifest.jsonl was written by another process"):
        run.run(again)
    assert run.bucket.content("runs/one/manifest.jsonl") == others


def test_a_store_that_is_not_reached_says_nothing_about_the_images(run: Run, proxy: FaultyProxy) -> None:
    run.run(store=run.url)
    found = qb.open_run(run.folder)
    proxy.decide = lambda method, path: FORBIDDEN if "/images/" in path and method in {"GET", "HEAD"} else None
    with pytest.raises(qb.StorageError, match="denies it"):
        found.verify()
    with pytest.raises(qb.StorageError, match="denies it"):
        run.run()
    proxy.decide = lambda *_: None
    asked = proxy.requests["PUT"]
    assert run.run().cost_nusd == 0
    assert not [path for method, path in proxy.paths[-20:] if method == "PUT" and path.endswith((".png", ".jpg"))]
    assert proxy.requests["PUT"] > asked


def test_no_credential_is_written_anywhere(run: Run) -> None:
    run.run(store=run.url)
    written = [path.read_bytes() for path in run.folder.rglob("*") if path.is_file()]
    written += [run.bucket.content(key) for key in run.bucket.below()]
    assert not any(secret.encode() in data for data in written for secret in (KEY_ID, SECRET))
