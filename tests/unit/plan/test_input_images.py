"""Image files in requests: found by the rules for all files, checked, and known by their bytes."""

import base64
import hashlib
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.errors import SpecError
from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

HEAD = 'version: 1\nname: refs\ncatalog: "2026-05"\n'
ONE = (
    HEAD
    + "request: {{model: {model}, action: {action}}}\nprompts: [{{text: Snow, request: {{image_urls: [{name}]}}}}]\n"
)


def png(colour: str = "red", size: tuple[int, int] = (8, 8), form: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "desk" / "ref").mkdir(parents=True)
    for name, colour in (("cat", "red"), ("dog", "blue")):
        (tmp_path / "desk" / "ref" / f"{name}.png").write_bytes(png(colour))
    return tmp_path / "desk"


def planned(desk: Path, text: str) -> Plan:
    (desk / "spec.yaml").write_text(text, encoding="utf-8")
    return make_plan(load_spec(desk / "spec.yaml"))


def jobs(plan: Plan) -> list[Job]:
    return [item for item in plan.items() if isinstance(item, Job)]


def one(name: str, model: str = "gpt-image-2", action: str = "edit") -> str:
    return ONE.format(name=f"'{name}'", model=model, action=action)


def refusal(desk: Path, text: str) -> Problem:
    with pytest.raises(SpecError) as raised:
        planned(desk, text)
    errors = [problem for problem in raised.value.problems if problem.severity == "error"]
    assert len(errors) == 1, errors
    return errors[0]


def reference(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", ["ref/cat.png", "./ref/cat.png", "ref/./cat.png"])
def test_a_file_stands_in_its_request_as_the_hash_of_its_bytes(desk: Path, name: str) -> None:
    plan = planned(desk, one(name))
    (job,) = jobs(plan)
    assert job.request["image_urls"] == [reference(png())]
    image = plan.inputs[reference(png())]
    assert (image.format, image.width, image.height, image.size_bytes) == ("png", 8, 8, len(png()))
    assert image.path == (desk / "ref" / "cat.png").resolve()


def test_the_name_of_a_file_never_matters_and_its_bytes_always_do(desk: Path) -> None:
    (before,) = jobs(planned(desk, one("ref/cat.png")))
    (desk / "kitten.bin").write_bytes(png())
    assert jobs(planned(desk, one("kitten.bin")))[0].job_id == before.job_id
    assert jobs(planned(desk, one("ref/dog.png")))[0].job_id != before.job_id
    (desk / "ref" / "cat.png").write_bytes(png("green"))
    assert jobs(planned(desk, one("ref/cat.png")))[0].job_id != before.job_id


def test_the_same_bytes_inline_keep_the_id_of_their_text(desk: Path) -> None:
    """An id of 2026-05, worked out by hand: the request as text, and nothing else."""
    uri = "data:image/png;base64," + base64.b64encode(png()).decode()
    (job,) = jobs(planned(desk, one(uri)))
    whole = f'{{"repeat":0,"request":{{"action":"edit","image_urls":["{uri}"],"model":"gpt-image-2","prompt":"Snow"}}}}'
    assert job.job_id == hashlib.sha256(whole.encode()).hexdigest()[:16]
    assert job.request["image_urls"] == [uri]


def test_a_mask_may_be_a_file(desk: Path) -> None:
    text = one("ref/cat.png", action="inpaint").replace("png']", "png'], mask_url: ref/dog.png")
    (job,) = jobs(planned(desk, text))
    assert job.request["mask_url"] == reference(png("blue"))


def test_columns_and_templates_name_files(desk: Path) -> None:
    (desk / "rows.csv").write_text("picture\nref/cat.png\nref/dog.png\n", encoding="utf-8")
    text = HEAD + (
        "vars: {folder: ref}\nrequest: {model: gpt-image-2, action: edit}\nprompts:\n"
        '  - {from: rows.csv, text: "{{ row.picture }}", request: {image_urls: ["{{ row.picture }}"]}}\n'
        '  - {text: "two", request: {image_urls: ["{{ folder }}/cat.png", "{{ folder }}/dog.png"]}}\n'
    )
    found = [job.request["image_urls"] for job in jobs(planned(desk, text))]
    cat, dog = reference(png()), reference(png("blue"))
    assert found == [[cat], [dog], [cat, dog]]


AXIS = HEAD + "request: {model: gpt-image-2, action: edit}\nprompts: [PROMPT]\nmatrix: {AXIS}\n"


@pytest.mark.parametrize(
    ("prompt", "axis", "labels"),
    [
        (
            '{text: "Snow", request: {image_urls: ["{{ ref }}"]}}',
            "ref: {from: ref/*.png}",
            ["ref/cat.png", "ref/dog.png"],
        ),
        ("Snow", "image_urls: {from: ref/*.png}", ["ref/cat.png", "ref/dog.png"]),
        ("Snow", "image_urls: {from: 'ref/[d]??.png'}", ["ref/dog.png"]),
        ("Snow", "image_urls: [[ref/cat.png], [ref/dog.png]]", [["ref/cat.png"], ["ref/dog.png"]]),
    ],
)
def test_files_of_a_folder_are_an_axis(desk: Path, prompt: str, axis: str, labels: list[object]) -> None:
    (desk / "ref" / ".hidden.png").write_bytes(b"no picture")
    (desk / "ref" / "folder.png").mkdir()
    made = jobs(planned(desk, AXIS.replace("PROMPT", prompt).replace("AXIS", axis)))
    assert [next(iter(job.axes.values())) for job in made] == labels
    pictures = {"cat": reference(png()), "dog": reference(png("blue"))}
    assert [job.request["image_urls"] for job in made] == [
        [pictures[str(label)[-9:].strip("/'[]").removesuffix(".png")[-3:]]] for label in labels
    ]


def test_a_pattern_as_a_value_is_all_its_files_in_one_request(desk: Path) -> None:
    text = HEAD + "request: {model: gpt-image-2, action: edit, image_urls: {from: ref/*.png}}\nprompts: [Snow]\n"
    (job,) = jobs(planned(desk, text))
    assert job.request["image_urls"] == [reference(png()), reference(png("blue"))]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


BOMB = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    + chunk(b"IEND", b"")
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a whole image: neither PNG, JPEG, WebP nor GIF: the file is empty"),
        (b"a picture of a cat\n", "not a whole image: neither PNG, JPEG, WebP nor GIF: plain text"),
        (png()[:-20], "not a whole image"),
        (BOMB, "60000 x 60000 pixels are more than"),
        (png(form="GIF"), "holds GIF, and gpt-image-2 takes PNG, JPEG, WEBP"),
        (png(form="BMP"), "holds BMP, and gpt-image-2 takes PNG, JPEG, WEBP"),
        (png() + b"\0" * 32_000_000, "bytes, and gpt-image-2 takes at most"),
    ],
    ids=["empty", "text", "cut", "bomb", "gif", "bmp", "large"],
)
def test_a_file_that_cannot_be_sent_is_an_error(desk: Path, content: bytes, message: str) -> None:
    (desk / "ref" / "cat.png").write_bytes(content)
    found = refusal(desk, one("ref/cat.png"))
    assert message in found.message
    assert (found.place.file, found.place.line) == (str(desk / "spec.yaml"), 5) if found.place else False


@pytest.mark.parametrize(
    ("name", "message", "suggestion"),
    [
        ("ref/cta.png", "does not exist", 'did you mean "ref/cat.png"?'),
        ("Ref/cat.png", "does not exist", 'write "ref/cat.png"'),
        ("ref", "is a folder", "name a file inside it"),
        ("~/cat.png", "starts with ~", "write the path"),
        ("file:///tmp/cat.png", "is a file: URL", 'write "/tmp/cat.png"'),
        (r"ref\cat.png", "has backslashes", 'write "ref/cat.png"'),
        (r"C:\cat.png", "is a Windows path", "write the path"),
        ("../secret.png", "is outside the spec's folder", None),
        ("ref/link.png", "is outside the spec's folder", None),
        ("ref/pipe.png", "is a named pipe", None),
        ("sha256:" + "0" * 64, "does not exist", None),
    ],
)
def test_a_name_that_leads_nowhere_is_an_error(desk: Path, name: str, message: str, suggestion: str | None) -> None:
    (desk.parent / "secret.png").write_bytes(png())
    (desk / "ref" / "link.png").symlink_to(desk.parent / "secret.png")
    os.mkfifo(desk / "ref" / "pipe.png")
    found = refusal(desk, one(name))
    assert message in found.message
    assert suggestion is None or suggestion in str(found.suggestion)
    assert found.path == "prompts[0].request.image_urls[0]"
    assert found.place is not None
    assert (found.place.line, found.place.column) == (5, 47)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("ref/*.jpg", "fits no file"),
        ("reff/*.png", "there is no folder"),
        ("../*.png", "is outside the spec's folder"),
        ("ref", "is not a pattern"),
        (".git/*", "is in a .git folder"),
    ],
)
def test_a_pattern_that_fits_nothing_is_an_error(desk: Path, pattern: str, message: str) -> None:
    found = refusal(desk, AXIS.replace("PROMPT", "Snow").replace("AXIS", f"image_urls: {{from: '{pattern}'}}"))
    assert message in found.message
    assert found.path == "matrix.image_urls.from"


def test_a_picture_that_git_lfs_has_not_fetched_is_told_as_such(desk: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    (desk / "ref" / "cat.png").write_text(pointer, encoding="utf-8")
    found = refusal(desk, one("ref/cat.png"))
    assert found.message == '"ref/cat.png" is a Git LFS pointer, and its data has not been downloaded'
    assert found.suggestion == "run git lfs pull"


def test_a_pattern_in_the_place_of_a_name_is_told_how_it_is_written(desk: Path) -> None:
    found = refusal(desk, one("ref/*.png"))
    assert found.suggestion == "write {from: 'ref/*.png'} for all files that it fits"
    fixed = f"{HEAD}request: {{model: gpt-image-2, action: edit, image_urls: {{from: 'ref/*.png'}}}}\nprompts: [Snow]\n"
    assert len(planned(desk, fixed).inputs) == len(["cat", "dog"])
    assert "write an entry" in str(refusal(desk, one("ref/*.jpg")).suggestion)


def test_a_file_whose_name_is_not_utf8_is_found_by_no_pattern_of_text(desk: Path) -> None:
    (desk / "ref" / os.fsdecode(b"b\xff.png")).write_bytes(png())
    made = jobs(planned(desk, AXIS.replace("PROMPT", "Snow").replace("AXIS", "image_urls: {from: ref/c*.png}")))
    assert len(made) == 1
    found = refusal(desk, AXIS.replace("PROMPT", "Snow").replace("AXIS", "image_urls: {from: ref/*.png}"))
    assert "UTF-8" in found.message


def test_a_model_that_takes_addresses_only_names_those_that_take_files(desk: Path) -> None:
    found = refusal(desk, one("ref/cat.png", model="qwen-image-2.0", action="image2image"))
    assert '"ref/cat.png" is a file, and qwen-image-2.0 takes only addresses in image_urls' in found.message
    assert "https address" in str(found.suggestion)
    assert "gemini-3-pro-image-preview" in str(found.suggestion)
    assert "qwen" not in str(found.suggestion)


def test_such_a_model_is_skipped_where_the_spec_says_so(desk: Path) -> None:
    text = (
        HEAD + "unsupported: skip\nprompts: [{text: Snow, request: {image_urls: [ref/cat.png], action: image2image}}]\n"
    )
    made = jobs(planned(desk, text + "matrix: {model: [qwen-image-2.0, gpt-image-2]}\n"))
    assert [job.skip is None for job in made] == [False, True]
    assert made[0].skip is not None
    assert "takes only addresses" in made[0].skip.message
    assert made[0].skip.field == "image_urls"


def test_a_missing_file_is_an_error_whatever_is_skipped(desk: Path) -> None:
    assert (
        "does not exist" in refusal(desk, one("ref/cta.png").replace("prompts", "unsupported: skip\nprompts")).message
    )


def test_every_pass_gives_the_same_jobs_even_if_a_file_changes(desk: Path) -> None:
    plan = planned(desk, one("ref/cat.png"))
    before = jobs(plan)
    (desk / "ref" / "cat.png").write_bytes(png("green"))
    assert jobs(plan) == before


def test_a_mask_has_the_size_of_the_first_image_where_the_model_says_so(desk: Path) -> None:
    text = one("ref/cat.png").replace("png']", "png'], mask_url: ref/mask.png").replace("2026-05", "2026-10")
    (desk / "ref" / "mask.png").write_bytes(png(size=(8, 8)))
    assert len(jobs(planned(desk, text))) == 1
    (desk / "ref" / "mask.png").write_bytes(png(size=(9, 8)))
    found = refusal(desk, text)
    assert found.message.startswith("mask_url has 9 x 8 pixels, and the first of image_urls 8 x 8")
    assert found.path == "prompts[0].request.mask_url"


@pytest.mark.parametrize(
    ("fields", "message", "value"),
    [
        ("model: gpt-image-2, image_urls: ref/cat.png", 'image_urls "ref/cat.png" is not a list', "ref/cat.png"),
        (
            "model: gpt-image-2, image_urls: [ref/cat.png], mask_url: [ref/dog.png]",
            'mask_url ["ref/dog.png"] is neither',
            ["ref/dog.png"],
        ),
        ("model: z-image-turbo, image_urls: {from: 'ref/*.png'}", "takes no field", ["ref/cat.png", "ref/dog.png"]),
    ],
)
def test_a_refusal_shows_the_names_of_files_and_not_what_is_sent_for_them(
    desk: Path, fields: str, message: str, value: object
) -> None:
    with pytest.raises(SpecError) as raised:
        planned(desk, f"{HEAD}request: {{action: edit, {fields}}}\nprompts: [Snow]\n")
    found = {problem.message: problem.value for problem in raised.value.problems}
    assert [told for text, told in found.items() if message in text] == [value]
    assert not any("data:image" in text for text in found)
