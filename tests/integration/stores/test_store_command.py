"""The commands over a store: what is said, with which exit status, and that nothing is sent before it is usable."""

import json
import os
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from tests.integration.stores.conftest import KEY_ID, SECRET, Bucket
from tests.integration.stores.faulty_proxy import (
    FORBIDDEN,
    WITHOUT_CONDITIONS,
    WRONG_REGION,
    FaultyProxy,
    Refusal,
    ResetBefore,
    StoreFault,
)

SPEC = """\
version: 1
name: small
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [a lantern, a kite]
"""


def call(*argv: object) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    environ = {**os.environ, "COLUMNS": "600"}
    status = main([str(argument) for argument in argv], stdout, stderr, environ=environ)
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(home: Path) -> Callable[..., tuple[int, str, str]]:
    return lambda *more: call("run", home / "small.yaml", "--simulate", "-o", home / "out", *more)


Run = Callable[..., tuple[int, str, str]]


def test_a_run_says_where_its_images_are_and_the_address_is_read(run: Run, bucket: Bucket, home: Path) -> None:
    url = f"{bucket.url}/runs/one"
    status, _, said = run("--store", url)
    assert (status, f"2 images in {url}" in said) == (0, True), said
    assert run()[0] == 0
    status, shown, _ = call("status", url, "--json")
    assert (status, json.loads(shown)["folder"], json.loads(shown)["completed"]) == (0, url, 2)
    status, shown, _ = call("verify", url, "--json")
    assert (status, json.loads(shown)["sound"], json.loads(shown)["files"]) == (0, True, 2)
    assert call("verify", home / "out")[0] == 0
    assert call("export", url, "--to", "jsonl", "rows.jsonl")[0] == 0
    lines = [json.loads(line) for line in (home / "rows.jsonl").read_text().splitlines()]
    assert sorted(line["sha256"] for line in lines) == sorted(
        image["sha256"]
        for line in bucket.content("runs/one/manifest.jsonl").splitlines()
        for image in json.loads(line)["images"]
    )


def test_an_image_of_the_address_leads_to_its_job(run: Run, bucket: Bucket, home: Path) -> None:
    url = f"{bucket.url}/runs/one"
    run("--store", url)
    lines = [json.loads(line) for line in bucket.content("runs/one/manifest.jsonl").splitlines()]
    status, told, _ = call("where", lines[1]["images"][0]["sha256"], url, "--json")
    found = json.loads(told)
    assert (status, found["job_id"], found["folder"], found["line"]) == (0, lines[1]["job_id"], url, 2)
    (home / "again.yaml").write_text(found["spec"])
    status, told, _ = call("plan", home / "again.yaml", "--json")
    assert [sample["job_id"] for sample in json.loads(told)["samples"]] == [lines[1]["job_id"]]


def test_an_export_of_the_address_has_the_images(run: Run, bucket: Bucket, home: Path) -> None:
    url = f"{bucket.url}/runs/one"
    run("--store", url)
    assert call("export", url, "--to", "sidecar", "pairs")[0] == 0
    exported = {path.read_bytes() for path in (home / "pairs").iterdir() if path.suffix in {".png", ".jpg", ".webp"}}
    assert exported == {bucket.content(key) for key in bucket.below("runs/one/images/")}
    status, _, said = call("export", url, "--to", "sidecar", "links", "--files", "symlink")
    assert (status, "can't lead into an object store" in said) == (2, True)


def test_an_export_from_a_store_that_fails_ends_and_does_not_leave_images_out(
    run: Run, bucket: Bucket, proxy: FaultyProxy
) -> None:
    url = f"{bucket.url}/runs/one"
    run("--store", url)
    proxy.decide = lambda _method, path: FORBIDDEN if "/images/" in path else None
    status, _, said = call("export", url, "--to", "sidecar", "pairs")
    assert (status, "denies it" in said) == (4, True), said


REFUSALS = [
    (FORBIDDEN, 2, "the store denies it (403 AccessDenied)"),
    (Refusal(403, "SignatureDoesNotMatch"), 2, "does not accept the credentials (403 SignatureDoesNotMatch)"),
    (Refusal(404, "NoSuchBucket"), 2, "there is no bucket"),
    (WRONG_REGION, 2, "another region"),
    (WITHOUT_CONDITIONS, 2, "ignores the conditions of writes"),
    (ResetBefore(), 4, "is not reached"),
    (Refusal(503, "SlowDown"), 4, "in spite of retries (503 SlowDown)"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[2])
def test_a_store_that_cannot_be_used_ends_a_run_before_anything_is_sent_or_made(
    run: Run, home: Path, bucket: Bucket, proxy: FaultyProxy, refusal: tuple[StoreFault, int, str]
) -> None:
    fault, exit_status, words = refusal
    proxy.always(fault)
    status, _, said = run("--store", f"{bucket.url}/runs/one")
    assert status == exit_status
    assert words in said
    assert not any(secret in said for secret in (KEY_ID, SECRET, "Traceback", "<Error>", "Debug"))
    assert not (home / "out").exists()
    assert not bucket.below("runs/one/images/")


def test_a_store_that_can_only_be_read_is_found_out_in_time(
    run: Run, home: Path, bucket: Bucket, proxy: FaultyProxy
) -> None:
    proxy.always(FORBIDDEN, "PUT")
    status, _, said = run("--store", bucket.url)
    assert (status, "can't write" in said, (home / "out").exists()) == (2, True, False)


def test_a_bucket_that_fails_in_the_middle_of_a_run_costs_nothing_twice(
    run: Run, bucket: Bucket, proxy: FaultyProxy, home: Path
) -> None:
    url = f"{bucket.url}/runs/one"
    proxy.decide = lambda method, path: FORBIDDEN if method == "PUT" and path.endswith((".png", ".jpg")) else None
    status, _, said = run("--store", url)
    assert (status, "denies it (403 AccessDenied)" in said) == (4, True), said
    assert not bucket.below("runs/one/images/")
    assert list((home / "out").rglob("*.png")) == []
    proxy.decide = lambda *_: None
    status, shown, _ = run("--json")
    assert (status, json.loads(shown)["completed"], json.loads(shown)["requests"]["submit"]) == (0, 2, 0)
    assert call("verify", url)[0] == 0


def test_without_any_keys_the_variables_are_named(
    run: Run, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    status, _, said = run("--store", bucket.url)
    assert (status, "no credentials were found; set AWS_ACCESS_KEY_ID" in said) == (2, True), said


def test_keys_of_a_profile_are_used(run: Run, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_PROFILE", "work")
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        f"[work]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    (home / ".aws" / "config").write_text(f"[profile work]\nregion = eu-west-1\nendpoint_url = {bucket.endpoint}\n")
    assert run("--store", f"{bucket.url}/runs/one")[0] == 0
    assert len(bucket.below("runs/one/images/")) == 2
    monkeypatch.setenv("AWS_PROFILE", "play")
    status, _, said = run()
    assert (status, "the profile play" in said) == (2, True)


@pytest.mark.parametrize("command", ["refetch", "cancel"])
def test_work_on_tasks_of_a_store_without_a_ledger_is_refused(command: str, bucket: Bucket) -> None:
    url = f"{bucket.url}/runs/one"
    status, _, said = call(command, url, "--simulate")
    assert (status, f"{url} came without its ledger" in said) == (2, True), said


def test_prune_needs_the_run_folder_and_says_so(run: Run, bucket: Bucket) -> None:
    url = f"{bucket.url}/runs/one"
    run("--store", url)
    status, _, said = call("prune", url, "--yes")
    assert (status, "so nobody knows what may go" in said) == (2, True), said


def test_an_address_with_a_key_is_refused_everywhere_and_shown_nowhere(run: Run, home: Path) -> None:
    url = f"s3://{KEY_ID}:{SECRET}@bucket/x"
    for status, shown, said in (
        run("--store", url),
        call("status", url),
        call("verify", url),
        call("export", url, "--to", "csv", home / "x.csv"),
        call("refetch", url, "--simulate"),
        call("run", home / "small.yaml", "--simulate", "-o", url),
    ):
        assert status == 2
        assert SECRET not in shown + said
        assert not (home / "out").exists()


def test_the_run_folder_can_not_be_an_address(home: Path) -> None:
    status, _, said = call("run", home / "small.yaml", "--simulate", "-o", "s3://bucket/x")
    assert (status, "name it with --store URL" in said) == (2, True)
    assert sorted(path.name for path in home.iterdir()) == ["small.yaml"]


def test_without_the_library_the_line_that_installs_it_is_named(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("obstore", "obstore.exceptions", "obstore.store"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("obstore_exceptions", "obstore_store"):
        monkeypatch.delitem(sys.modules["qwave_batch.lazy"].__dict__, name, raising=False)
    for status, _, said in (run("--store", "s3://bucket/x"), call("status", "s3://bucket/x")):
        assert (status, "needs obstore: pip install 'qwave-batch[store]'" in said) == (2, True), said
    assert not (home / "out").exists()
