"""The format ``pairs``: inputs from the run folder and from the web, masks, and what is left out."""

import io
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import qwave_batch as qb
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.formats import pairs
from qwave_batch.exports import ExportReport, ExportRequest, ImageChange, ImageForm, LeftOut, export_folders, read_split
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from tests.integration.exports.loading import call
from tests.integration.exports.trap_runs import copied_with_own_catalog, lines_of, made_once, run

SPEC = """\
version: 1
name: edits
catalog: "2026-10"
request: {{action: edit}}
prompts:
  - {{id: one, text: "A cup\\nin snow", tags: [train], request: {{image_urls: [ref/cup.png]}}}}
  - {{id: two, text: Both, tags: [test], request: {{image_urls: [ref/cup.png, ref/test.jpg]}}}}
  - {{id: masked, text: The handle, tags: [train], request: {{image_urls: [ref/cup.png], mask_url: ref/mask.png}}}}
  - {{id: web, text: At night, tags: [train], request: {{image_urls: ["{web}/cup.jpg", "{web}/cup.jpg?again"]}}}}
  - {{id: gone, text: Nothing, tags: [train], request: {{image_urls: ["{web}/gone.png?Signature=secret"]}}}}
  - {{id: page, text: A page, tags: [train], request: {{image_urls: ["{web}/page"]}}}}
  - {{id: plain, text: No input, tags: [test], request: {{action: generate}}}}
matrix: {{model: [gpt-image-2], output_format: [png, jpeg]}}
"""


def picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, form)
    return out.getvalue()


CUP = picture("jpeg")


class _Pictures(BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        body = {"/cup.jpg": CUP, "/cup.jpg?again": CUP, "/page": b"<html>not a picture"}.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Web = tuple[str, list[str]]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """A web server with a picture, and the paths it was asked for."""
    seen: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Pictures", (_Pictures,), {"seen": seen})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def edits(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with edits of every kind, and some of no input; read only."""
    return made_once(
        tmp_path_factory, f"edits-{web[0].rpartition(':')[2]}", lambda home: run(home, SPEC.format(web=web[0]))
    )


@pytest.fixture(scope="module")
def out(edits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pairs of that run."""
    out = tmp_path_factory.mktemp("pairs") / "out"
    report = exported(out, edits)
    assert report.rows == 8
    return out


def exported(out: Path, *folders: Path, **options: Any) -> ExportReport:
    return export_folders(ExportRequest(folders=folders, format="pairs", out=out, **options))


def names(out: Path) -> dict[str, list[str]]:
    return {
        folder.name: sorted(file.name for file in folder.iterdir()) for folder in out.iterdir() if folder.name[0] != "."
    }


def test_what_belongs_together_has_one_name(out: Path, edits: Path) -> None:
    """Of two numbers for each prompt with an input, those of the pairs that could not be made are gaps."""
    endings = {image["path"].rpartition(".")[2] for line in lines_of(edits) for image in line["images"]}
    assert endings == {"png", "jpg"}
    found = names(out)
    assert [name for name in found["target"] if name.endswith(".txt")] == [f"00000{n}.txt" for n in range(8)]
    assert found["control"] == [
        "000000.png", "000001.png", "000002_0.png", "000002_1.jpg", "000003_0.png", "000003_1.jpg", "000004.png",
        "000005.png", "000006_0.jpg", "000006_1.jpg", "000007_0.jpg", "000007_1.jpg",
    ]  # fmt: skip
    assert found["mask"] == ["000004.png", "000005.png"]


def test_inputs_are_the_very_files_that_were_edited(out: Path, edits: Path) -> None:
    ref = edits.parent / "ref"
    assert (out / "control/000000.png").read_bytes() == (ref / "cup.png").read_bytes()
    assert (out / "control/000002_1.jpg").read_bytes() == (ref / "test.jpg").read_bytes()
    assert (out / "mask/000004.png").read_bytes() == (ref / "mask.png").read_bytes()
    assert (out / "control/000006_1.jpg").read_bytes() == CUP
    assert (out / "target/000000.txt").read_text(encoding="utf-8") == "A cup in snow"


def test_what_is_left_out_is_named_or_counted(edits: Path, tmp_path: Path) -> None:
    report = exported(tmp_path / "out", edits)
    assert report.left_out[LeftOut.NO_INPUT] == 2
    assert report.notes.counts == {NoteKind.WITHOUT_INPUT: 4}
    reasons = " ".join(f"{each.about} {each.reason}" for each in report.notes.examples[NoteKind.WITHOUT_INPUT])
    assert "gone" in reasons
    assert "HTTP 404" in reasons
    assert "an HTML page" in reasons
    assert "secret" not in reasons
    assert report.is_complete


def test_exported_again_nothing_is_written_and_nothing_that_is_there_is_fetched(
    out: Path, edits: Path, web: Web
) -> None:
    before = len(web[1])
    again = exported(out, edits)
    assert (again.files.written, again.files.removed) == (0, 0)
    assert not [path for path in web[1][before:] if path.startswith("/cup")]


def test_an_input_that_many_share_is_fetched_once(
    edits: Path, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "_AT_ONCE", 1)
    before = len(web[1])
    exported(tmp_path / "out", edits)
    asked = web[1][before:]
    assert sorted(set(asked)) == sorted(asked)


def test_inputs_follow_the_images_and_masks_keep_their_transparency(edits: Path, tmp_path: Path) -> None:
    exported(tmp_path / "out", edits, image=ImageChange(form=ImageForm.JPEG, max_size=12))
    found = names(tmp_path / "out")
    assert {name.rpartition(".")[2] for name in (*found["target"], *found["control"])} == {"jpg", "txt"}
    assert found["mask"] == ["000004.png", "000005.png"]
    for file in (*(tmp_path / "out/control").iterdir(), *(tmp_path / "out/mask").iterdir()):
        with Image.open(file) as opened:
            assert max(opened.size) == 12
            assert opened.mode == ("RGBA" if file.parent.name == "mask" else "RGB")


def test_splits_have_folders_of_their_own(edits: Path, tmp_path: Path) -> None:
    report = exported(tmp_path / "out", edits, split=read_split("tag:train,test"))
    assert report.splits == {"train": 6, "test": 2}
    assert sorted(folder.name for folder in (tmp_path / "out/train").iterdir()) == ["control", "mask", "target"]
    assert (tmp_path / "out/test/control/000000_1.jpg").is_file()


def test_an_overlay_of_the_spec_says_where_images_are(web: Web, tmp_path: Path) -> None:
    """Its model's field is found in the folder, also in a copy of it without the ledger, the spec and the overlay."""
    picture = {"type": "string", "pattern": "^https?://"}
    schema = {"properties": {"prompt": {"type": "string"}, "sketch": picture}, "required": ["prompt"]}
    (tmp_path / "heron.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    (tmp_path / "overlay.yaml").write_text(
        'as_of: "2026-11-02"\nmodels:\n  heron-1: {schema: heron.schema.json, usd_per_image: "0.25", returns: png}\n',
        encoding="utf-8",
    )
    spec = (
        'version: 1\nname: herons\ncatalog: {date: "2026-10", overlay: overlay.yaml}\nprompts: [A heron]\n'
        f'request: {{model: heron-1, sketch: "{web[0]}/cup.jpg"}}\n'
    )
    run(tmp_path, spec)
    shutil.rmtree(tmp_path / "run" / ".qwave")
    (tmp_path / "run" / "spec.yaml").unlink()
    (tmp_path / "overlay.yaml").unlink()
    report = exported(tmp_path / "out", tmp_path / "run")
    assert report.rows == 1
    assert names(tmp_path / "out")["control"] == ["000000.jpg"]


def test_a_catalog_of_ones_own_says_what_a_mask_is(edits: Path, tmp_path: Path) -> None:
    """One without ``mask_fields`` has inputs only, in the order of the request."""
    copy, catalogs = copied_with_own_catalog(edits, tmp_path)
    wanted = ("export", copy, "--where", "prompt_id == 'masked'", "--to", "pairs")
    status, _, talk = call(*wanted, tmp_path / "mine", "--catalog-path", catalogs)
    assert (status, sorted(names(tmp_path / "mine"))) == (0, ["control", "target"]), talk
    assert len(names(tmp_path / "mine")["control"]) == 4
    assert call(*wanted, tmp_path / "shipped")[0] == 0
    assert sorted(names(tmp_path / "shipped")) == ["control", "mask", "target"]


def test_the_command_names_what_it_left_out_and_ends_well(edits: Path, tmp_path: Path) -> None:
    status, _, talk = call("export", edits, "--to", "pairs", tmp_path / "out")
    assert status == 0
    assert "8 rows" in talk
    assert "left out: 2 images of jobs without an input image" in talk
    assert "4 images left out, since the image that was edited is not to be had" in talk
    assert "image_urls[0] was not fetched: 127.0.0.1 answered HTTP 404" in talk
    assert "secret" not in talk


def test_a_folder_that_names_no_catalog_yet_has_the_image_fields_of_all(edits: Path, out: Path, tmp_path: Path) -> None:
    """The summary comes with the end of the first run."""
    live = Path(shutil.copytree(edits, tmp_path / "live", ignore=shutil.ignore_patterns("summary.json")))
    exported(tmp_path / "out", live)
    assert names(tmp_path / "out") == names(out)


def test_a_copy_of_the_folder_has_the_same_pairs(out: Path, edits: Path, tmp_path: Path) -> None:
    """Without its ledger the folder is a stranger's: its catalog is found, and nothing of this machine is fetched."""
    copy = tmp_path / "copy"
    for name in ("manifest.jsonl", "summary.json", "images", "inputs"):
        source = edits / name
        for file in [source] if source.is_file() else source.rglob("*"):
            target = copy / file.relative_to(edits)
            if file.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
    exported(tmp_path / "out", copy)
    assert names(tmp_path / "out") == names(out)


def test_an_input_that_is_missing_in_the_folder_is_named_and_its_pair_left_out(edits: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for file in edits.rglob("*"):
        if file.is_file() and ".qwave" not in file.parts and not file.name.endswith(".jpeg"):
            (copy / file.relative_to(edits)).parent.mkdir(parents=True, exist_ok=True)
            (copy / file.relative_to(edits)).write_bytes(file.read_bytes())
    report = exported(tmp_path / "out", copy)
    assert not report.is_complete
    assert {each.reason for each in report.notes.examples[NoteKind.UNUSABLE]} == {"image_urls[1] is not in inputs/"}
    assert not list((tmp_path / "out/target").glob("000002.*"))


def test_an_input_that_a_run_at_work_has_not_kept_yet_is_no_fault_of_the_folder(edits: Path, tmp_path: Path) -> None:
    """It keeps the inputs of its newest lines with its next manifest."""
    live = Path(shutil.copytree(edits, tmp_path / "live"))
    for kept in (live / "inputs").glob("*.jpeg"):
        kept.unlink()
    with FolderLock(RunLayout.existing(live)):
        report = exported(tmp_path / "out", live)
    assert report.is_complete
    assert "yet" in " ".join(each.reason for each in report.notes.examples[NoteKind.WITHOUT_INPUT])


def test_a_proxy_that_cannot_be_used_is_told_before_anything_is_written(
    edits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(qb.UsageError, match="HTTPS_PROXY"):
        exported(tmp_path / "out", edits)
    assert not (tmp_path / "out").exists()
