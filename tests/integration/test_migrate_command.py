"""``migrate`` on specs of May, and on all that the language has."""

import os
import re
import shutil
from io import StringIO
from pathlib import Path

import pytest
import yaml

import qwave_batch as qb
from qwave_batch.cli.main import main

ROOT = Path(__file__).parents[2]
MAY = ROOT / "tests/specs-2026-05"
HEAD = 'version: 1\nname: s\ncatalog: "2026-05"  # spring\n'
KEPT = "gpt-image-2=gpt-image-2-rev"


def typed(*argv: str | Path) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(arg) for arg in argv], stdout, stderr, environ={"COLUMNS": "300"})
    return status, stdout.getvalue(), stderr.getvalue()


def migrated(file: Path, *options: str) -> tuple[int, str]:
    status, _, talk = typed("migrate", file, "--to", "2026-10", *options)
    return status, talk


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return tmp_path / "spec.yaml"


DECISIONS = {
    "ab-prompts": ["--drop", "seed"],
    "all-vendors": [
        "--use", KEPT, "--use", "imagen-4.0=",
        "--use", "gemini-2.5-flash-image-preview-official=gemini-2.5-flash-image-preview-rev",
    ],
    "bbox-edit": [],
    "benchmark": ["--use", KEPT, "--drop", "seed"],
    "edit-and-inpaint": ["--use", "gpt-image-2=gpt-image-2", "--use", "doubao-seedream-4.5=seedream-5.0-flash"],
    "image-groups": ["--use", "doubao-seedream-4.5="],
    "quickstart": ["--use", KEPT, "--drop", "seed"],
    "search-grounded": [],
}  # fmt: skip
"""The decisions that the author of each spec of May has to take."""


def comments(text: str) -> list[str]:
    return [found.strip() for found in re.findall(r"(?:^|\s)(#[^\n]*)", text)]


def may_spec(name: str, folder: Path) -> Path:
    file = folder / f"{name}.yaml"
    file.write_bytes((MAY / file.name).read_bytes())
    if (MAY / "tables").is_dir():
        (folder / "tables").mkdir()
        for table in (MAY / "tables").iterdir():
            (folder / "tables" / table.name).write_bytes(table.read_bytes())
    return file


@pytest.mark.parametrize("name", DECISIONS)
def test_each_spec_of_may_follows_and_keeps_its_comments(name: str, tmp_path: Path) -> None:
    file = may_spec(name, tmp_path)
    before = file.read_text(encoding="utf-8")
    assert 'catalog: "2026-05"' in before
    status, talk = migrated(file, *DECISIONS[name])
    after = file.read_text(encoding="utf-8")
    assert status == 0, talk
    assert not [problem for problem in qb.check_spec(file) if problem.severity == "error"]
    assert comments(after) == comments(before)
    assert 'catalog: "2026-10"' in after
    assert migrated(file, *DECISIONS[name])[0] == 0
    assert file.read_text(encoding="utf-8") == after


def test_all_specs_of_may_are_among_these() -> None:
    assert {file.stem for file in MAY.glob("*.yaml")} == DECISIONS.keys()


@pytest.mark.parametrize("name", DECISIONS)
def test_a_spec_of_may_with_another_date_gets_only_errors_that_say_what_to_write(name: str, tmp_path: Path) -> None:
    file = may_spec(name, tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace('"2026-05"', '"2026-10"'), encoding="utf-8")
    problems = [problem for problem in qb.check_spec(file) if problem.severity == "error"]
    assert problems
    for problem in problems:
        told = f"{problem.message}; {problem.suggestion}"
        assert re.search(r"use \S+|write \S+|take \S+ out", told), told


@pytest.mark.parametrize(
    "body",
    [
        "request: {model: wan2.7-image, seed: 3}\nprompts:\n  - a # first\n  - {text: b, id: second}\n",
        "matrix:\n  model: [ wan2.7-image ]\n  seed: {start: 1, count: 2}\nprompts: [a]\n",
        "vars: {m: [wan2.7-image]}\nmatrix: {model: '{{ m }}', 'request.resolution': [1K, 2k]}\nprompts: ['x']\n",
        "request:\n  model: qwen-image-2.0\nprompts:\n- text: |\n    # no comment\n    catalog: 2026-05\n",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_spec_without_anything_of_may_changes_its_date_only(spec: Path, body: str, end: str, mark: str) -> None:
    before = f"{mark}{HEAD}{body}".replace("\n", end).encode()
    spec.write_bytes(before)
    assert migrated(spec)[0] == 0
    assert spec.read_bytes() == before.replace(b'"2026-05"', b'"2026-10"', 1)


def test_the_own_catalog_changes_nothing(spec: Path) -> None:
    text = f"{HEAD}request: {{model: gpt-image-2}}\nprompts: [a]\n".replace("2026-05", "2026-10")
    spec.write_text(text, encoding="utf-8")
    before = spec.stat().st_mtime_ns
    assert migrated(spec)[0] == 0
    assert spec.read_text(encoding="utf-8") == text
    assert spec.stat().st_mtime_ns == before


BODY = """\
vars:
  first: doubao-seedream-4.5      # named here
  kind: reference
limits: {models: {doubao-seedream-4.5: {concurrency: 2}, wan2.7-image: {concurrency: 3}}}
request:
  image_urls: ["https://images.example.com/a.png"]
prompts:
  - text: "{{ 'soft' if model == 'doubao-seedream-4.5' else 'hard' }}"
matrix:
  model: ["{{ first }}", {model: 'doubao-seedream-4.0', watermark: false}, wan2.7-image]
  action: [image2image, edit]
  exclude:
    - {model: doubao-seedream-4.5, action: image2image}
  include:
    - {model: wan2.7-image, action: image2image, thinking_mode: true}
"""


def test_names_and_values_are_rewritten_wherever_they_stand(spec: Path) -> None:
    spec.write_text(HEAD + BODY, encoding="utf-8")
    migrated(spec)
    after = spec.read_text(encoding="utf-8")
    assert "first: seedream-4.5      # named here" in after
    assert "kind: reference" in after  # no field takes it
    assert "limits: {models: {seedream-4.5: {concurrency: 2}, wan2.7-image: {concurrency: 3}}}" in after
    assert "if model == 'seedream-4.5' else" in after
    assert "model: [\"{{ first }}\", {model: 'seedream-4.0', watermark: false}, wan2.7-image]" in after
    assert "action: [edit]" in after  # two values that are one now
    assert "- {model: seedream-4.5, action: edit}" in after
    assert "- {model: wan2.7-image, action: edit, thinking_mode: true}" in after


def test_a_value_of_an_axis_that_needs_another_field_too_keeps_its_label(spec: Path) -> None:
    body = "request: {model: gemini-3.1-flash-image-preview}\nprompts: [a]\n"
    body += "matrix:\n  action: [generate, search_grounded]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    assert migrated(spec)[0] == 0
    assert "action: [generate, {id: search_grounded, action: generate, google_search: true}]" in spec.read_text()


@pytest.mark.parametrize(
    ("request_", "now"),
    [
        ("{model: z-image-turbo, n: 1, seed: -1, prompt_extend: false}", "{model: z-image-turbo}"),
        ("{model: gemini-3-pro-image-preview, official_fallback: false}", "{model: gemini-3-pro-image-rev}"),
        ("{sequential_image_generation: disabled, model: doubao-seedream-4.5}", "{model: seedream-4.5}"),
    ],
)
def test_fields_that_said_nothing_go(spec: Path, request_: str, now: str) -> None:
    spec.write_text(f"{HEAD}request: {request_}\nprompts: [a]\n", encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 0, talk
    assert f"request: {now}\n" in spec.read_text(encoding="utf-8")


def test_an_axis_that_said_nothing_goes(spec: Path) -> None:
    body = "request: {model: gemini-3-pro-image-preview}\nprompts: [a]\nmatrix:\n  official_fallback: [false]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 0, talk
    assert "matrix" not in spec.read_text(encoding="utf-8")


def test_a_value_that_is_another_models_choice_stays(spec: Path) -> None:
    """Without ``quality`` one of the two would make another image than with the ``auto`` of May."""
    body = "request: {quality: auto}\nprompts: [a]\nmatrix: {model: [gpt-image-2, gpt-image-1-official]}\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec, "--use", "gpt-image-2=gpt-image-2")
    assert status == 1
    assert 'quality "auto" is not offered by gpt-image-2' in talk
    assert "quality: auto" in spec.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("request_", "place", "word"),
    [
        ("{model: gpt-image-2}", "4:18", "another model"),
        ("{model: imagen-4.0}", "4:18", "is gone"),
        ("{model: gemini-3-pro-image-preview, official_fallback: true}", "4:61", "by its id"),
        ("{model: wan2.7-image, resolution: 4K}", "4:44", "not offered"),
        ("{model: doubao-seedream-5.0-lite, action: group}", "4:18", "up to 15"),
    ],
)
def test_a_decision_is_left_to_the_author_with_its_place(spec: Path, request_: str, place: str, word: str) -> None:
    spec.write_text(f"{HEAD}request: {request_}\nprompts: [a]\n", encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert f"{spec}:{place}" in talk
    assert word in talk
    assert 'catalog: "2026-10"  # spring' in spec.read_text(encoding="utf-8")


def test_skipped_jobs_that_were_made_before_are_told(spec: Path) -> None:
    body = "unsupported: skip\nrequest: {resolution: 4K}\nprompts: [a]\n"
    body += "matrix: {model: [wan2.7-image, doubao-seedream-4.5]}\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert "1 more of the jobs with wan2.7-image would be skipped than before" in talk


def test_a_cell_of_a_table_is_named_with_its_row_and_column(spec: Path) -> None:
    table = spec.with_name("t.csv")
    table.write_text("text,engine\na,wan2.7-image\nb,doubao-seedream-4.5\n", encoding="utf-8")
    body = 'prompts:\n  - {from: t.csv, text: "{{ row.text }}", request: {model: "{{ row.engine }}"}}\n'
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert 't.csv:3:1  model: the column "engine" holds doubao-seedream-4.5' in talk
    assert "write seedream-4.5 in that row" in talk


def test_a_base_is_left_as_it_is_and_named(spec: Path) -> None:
    base = spec.with_name("base.yaml")
    base.write_text(f"{HEAD}request: {{model: doubao-seedream-4.5}}\n", encoding="utf-8")
    spec.write_text("extends: base.yaml\nprompts: [a]\n", encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert re.search(r"base\.yaml:3:10 .*2026-05 stands in a file that the spec extends", talk)
    assert re.search(r"base\.yaml:4:18 .*doubao-seedream-4\.5 stands in a file", talk)
    assert base.read_text(encoding="utf-8").startswith(HEAD)


def test_a_new_file_is_written_and_the_old_one_stays(spec: Path) -> None:
    text = f"{HEAD}request: {{model: doubao-seedream-4.5}}\nprompts: [a]\n"
    spec.write_text(text, encoding="utf-8")
    new = spec.with_name("new.yaml")
    assert migrated(spec, "-o", str(new))[0] == 0
    assert spec.read_text(encoding="utf-8") == text
    assert "model: seedream-4.5" in new.read_text(encoding="utf-8")
    assert migrated(spec, "-o", str(new))[0] == 0  # it is that already
    new.write_text("mine", encoding="utf-8")
    assert migrated(spec, "-o", str(new))[0] == 2
    assert new.read_text(encoding="utf-8") == "mine"


def test_a_dash_is_stdout(spec: Path) -> None:
    text = f"{HEAD}request: {{model: doubao-seedream-4.5}}\nprompts: [a]\n"
    spec.write_text(text, encoding="utf-8")
    status, told, _ = typed("migrate", spec, "--to", "2026-10", "-o", "-")
    assert status == 0
    assert told == text.replace("2026-05", "2026-10").replace("doubao-", "")
    assert spec.read_text(encoding="utf-8") == text


def test_the_mode_stays_and_a_link_stays_a_link(spec: Path) -> None:
    real = spec.with_name("real.yaml")
    real.write_text(f"{HEAD}request: {{model: wan2.7-image}}\nprompts: [a]\n", encoding="utf-8")
    real.chmod(0o604)
    spec.symlink_to(real)
    assert migrated(spec)[0] == 0
    assert spec.is_symlink()
    assert 'catalog: "2026-10"' in real.read_text(encoding="utf-8")
    assert os.stat(real).st_mode & 0o777 == 0o604  # noqa: PTH116


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nname: s\nprompts: [a]\n",
        f"{HEAD}request: {{model: nothing-like-it}}\nprompts: [a]\n",
        f"{HEAD}request: {{model: wan2.7-image, seed: x}}\nprompts: [a]\n",
        f"{HEAD}prompts: [",
        f"{HEAD}prompts: ['{{{{ x']\n",
        "a: &a [*a]\n",
        "",
    ],
)
def test_a_spec_with_mistakes_of_its_own_is_refused(spec: Path, text: str) -> None:
    spec.write_text(text, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 2
    assert "Traceback" not in talk
    assert "bug" not in talk
    assert spec.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "2026-11"], "2026-11"),
        (["--to", "2026-10", "--use", "a"], "OLD=NEW"),
        (["--to", "2026-10", "--use", "wan=wan2.7-image"], 'unknown model "wan"'),
        (["--to", "2026-10", "--use", "wan2.7-image=wan"], 'unknown model "wan"'),
        (["--to", "2026-10", "--use", "wan2.7-image=", "--use", "wan2.7-image="], "twice"),
        (["--to", "2026-10", "--use", "zzz=wan2.7-image"], "neither 2026-05 nor 2026-10 has it"),
        (["--to", "2026-10", "--drop", "sead"], 'did you mean "seed"'),
        (["--to", "2026-10", "--set", "catalog=2026-05"], "would undo"),
        ([], "--to"),
    ],
)
def test_wrong_arguments_are_refused(spec: Path, options: list[str], message: str) -> None:
    text = f"{HEAD}request: {{model: wan2.7-image}}\nprompts: [a]\n"
    spec.write_text(text, encoding="utf-8")
    status, _, talk = typed("migrate", spec, *options)
    assert status == 2
    assert message in talk
    assert spec.read_text(encoding="utf-8") == text


def test_a_catalog_may_follow_one_that_is_not_at_hand(spec: Path) -> None:
    mine = spec.parent / "mine"
    shutil.copytree(ROOT / "schemas/2026-10", mine)
    listing = (mine / "catalog.yaml").read_text(encoding="utf-8")
    listing = listing.replace('catalog: "2026-10"', 'catalog: "2026-12"').replace(
        'since: "2026-05"', 'since: "2026-09"'
    )
    (mine / "catalog.yaml").write_text(listing, encoding="utf-8")
    spec.write_text(HEAD.replace("2026-05", "2026-12") + "request: {model: wan2.7}\nprompts: [a]\n", encoding="utf-8")
    status, _, talk = typed("migrate", spec, "--to", "2026-12", "--catalog-path", mine)
    assert status == 1
    assert 'unknown model "wan2.7"' in talk
    assert "2026-09" not in talk


def test_overrides_take_part_in_the_check(spec: Path) -> None:
    body = "request: {model: '{{ m }}'}\nvars: {m: imagen-4.0}\nprompts: [a]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    assert migrated(spec, "-o", "-")[0] == 1
    assert migrated(spec, "--set", "vars.m=wan2.7-image")[0] == 0


def test_dropped_axes_go_with_what_names_them(spec: Path) -> None:
    body = (
        "request: {model: qwen-image-2.0}\nprompts: [a]\n"
        "matrix:\n  aspect_ratio: ['1:1', '16:9']\n  seed: {start: 1, count: 3}  # luck\n"
        "  exclude:\n    - {seed: 2}\n"
    )
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec, "--drop", "seed")
    after = spec.read_text(encoding="utf-8")
    assert status == 0, talk
    assert yaml.safe_load(after)["matrix"] == {"aspect_ratio": ["1:1", "16:9"]}
    assert "# luck" in after


def test_skipped_jobs_are_told_with_the_field_that_makes_them_so(spec: Path) -> None:
    body = "unsupported: skip\nrequest: {model: gpt-image-1-official, style: oil}\nprompts: [a]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert f"{spec}:5:38  request.style" in talk
    assert "put it into the prompt" in talk
    assert migrated(spec, "--drop", "style")[0] == 0


def test_a_group_becomes_a_number_of_images(spec: Path) -> None:
    body = (
        "request:\r\n  model: doubao-seedream-5.0-lite\r\n  action: group  # four\r\n"
        "  sequential_image_generation: auto # one set\r\n"
        "  sequential_image_generation_options:\r\n    max_images: 4  # of a story\r\nprompts: [a]\r\n"
    )
    spec.write_bytes((HEAD.replace("\n", "\r\n") + body).encode())
    status, talk = migrated(spec)
    assert status == 0, talk
    assert (
        spec.read_bytes()
        .decode()
        .endswith(
            "request:\r\n  model: seedream-5.0-lite\r\n  action: generate  # four\r\n  # one set\r\n"
            "  n: 4  # of a story\r\nprompts: [a]\r\n"
        )
    )


def test_the_date_beside_an_overlay_is_rewritten_and_the_overlay_is_not(spec: Path) -> None:
    overlay = spec.with_name("prices.yaml")
    overlay.write_text('models:\n  wan2.7-image: {usd_per_image: "0.05"}\n', encoding="utf-8")
    body = "request: {model: wan2.7-image}\nprompts: [a]\n"
    spec.write_text('version: 1\nname: s\ncatalog: {date: "2026-05", overlay: prices.yaml}\n' + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 0, talk
    assert 'catalog: {date: "2026-10", overlay: prices.yaml}' in spec.read_text(encoding="utf-8")


def test_a_spec_of_the_newest_catalog_keeps_words_that_an_older_one_used_otherwise(spec: Path) -> None:
    body = "request: {model: midjourney, action: inpaint, ref_task_id: task-1, index: 1}\nprompts: [{id: x}]\n"
    spec.write_text(HEAD.replace("2026-05", "2026-10") + body, encoding="utf-8")
    assert migrated(spec, "--drop", "seed")[0] == 0
    assert "action: inpaint" in spec.read_text(encoding="utf-8")


def test_a_long_table_is_told_by_its_first_cells_and_their_number(spec: Path) -> None:
    rows = "".join(f"a{number},doubao-seedream-4.5\n" for number in range(60))
    spec.with_name("t.csv").write_text(f"text,engine\n{rows}", encoding="utf-8")
    body = 'prompts:\n  - {from: t.csv, text: "{{ row.text }}", request: {model: "{{ row.engine }}"}}\n'
    spec.write_text(HEAD + body, encoding="utf-8")
    _, talk = migrated(spec)
    assert 't.csv:2:1  model: the column "engine" holds doubao-seedream-4.5' in talk
    assert "t.csv has 10 more cells like these" in talk


def test_a_value_that_is_taken_out_takes_along_what_names_it_by_its_label(spec: Path) -> None:
    body = (
        "prompts: [a]\nmatrix:\n  model:\n    - {id: kept, model: wan2.7-image}\n    - {id: old, model: imagen-4.0}\n"
        "  aspect_ratio: ['1:1', '16:9']\n  exclude:\n    - {model: old, aspect_ratio: '1:1'}\n"
        "  include:\n    - {model: old, n: 2}\n    - {model: kept, n: 2}\n"
    )
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec, "--use", "imagen-4.0=")
    assert status == 0, talk
    matrix = yaml.safe_load(spec.read_text(encoding="utf-8"))["matrix"]
    assert matrix["model"] == [{"id": "kept", "model": "wan2.7-image"}]
    assert "exclude" not in matrix
    assert matrix["include"] == [{"model": "kept", "n": 2}]


def test_a_name_that_stands_in_a_block_is_left_and_named(spec: Path) -> None:
    spec.write_text(f"{HEAD}request:\n  model: >-\n    doubao-seedream-4.5\nprompts: [a]\n", encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert f"{spec}:5:10" in talk
    assert "use seedream-4.5" in talk


def test_an_anchor_is_renamed_where_all_that_repeat_it_are_models(spec: Path) -> None:
    body = "prompts:\n  - {text: a, request: {model: &m doubao-seedream-4.5}}\n  - {text: b, request: {model: *m}}\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 0, talk
    assert "model: &m seedream-4.5}}" in spec.read_text(encoding="utf-8")


def test_an_anchor_stays_where_something_else_repeats_it(spec: Path) -> None:
    body = "prompts:\n  - {text: a, request: {model: &m doubao-seedream-4.5}}\n  - {text: *m, request: {model: *m}}\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    assert migrated(spec)[0] == 1
    assert body in spec.read_text(encoding="utf-8")


def test_equal_jobs_that_were_different_ones_are_told(spec: Path) -> None:
    """A field that is dropped now would leave one image where the spec asked for four."""
    body = "prompts: [a]\nunsupported: drop\nmatrix:\n  model: [qwen-image-2.0, wan2.7-image]\n  seed: [1, 2, 3, 4]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert "3 of the 4 jobs with qwen-image-2.0 would be equal to others" in talk
    assert 'qwen-image-2.0 takes no field "seed"' in talk
    assert "wan2.7-image would" not in talk


@pytest.mark.parametrize(
    ("values", "field", "excluded"), [("[auto, high]", "quality", "high"), ("[-1, 5]", "seed", "5")]
)
def test_one_value_of_an_axis_stays_for_the_models_that_take_it(
    spec: Path, values: str, field: str, excluded: str
) -> None:
    models = "[gpt-image-1-official, gpt-image-2]" if field == "quality" else "[wan2.7-image, gpt-image-2]"
    body = f"prompts: [a]\nmatrix:\n  model: {models}\n  {field}: {values}\n"
    spec.write_text(f"{HEAD}{body}  exclude: [{{model: gpt-image-2, {field}: {excluded}}}]\n", encoding="utf-8")
    status, talk = migrated(spec, "--use", KEPT)
    assert status == 1
    assert f'gpt-image-2-rev takes no field "{field}"' in talk
    assert f"{field}: {values}\n" in spec.read_text(encoding="utf-8")


def test_the_images_of_a_group_that_was_switched_off_are_not_asked_for(spec: Path) -> None:
    group = "sequential_image_generation_options: {max_images: 3}"
    body = (
        f"request: {{model: doubao-seedream-5.0-lite, sequential_image_generation: disabled, {group}}}\nprompts: [a]\n"
    )
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 0, talk
    assert "request: {model: seedream-5.0-lite}\n" in spec.read_text(encoding="utf-8")
    spec.write_text(HEAD + body.replace("sequential_image_generation: disabled, ", ""), encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert "give more images: up to 3 in place of up to 1" in talk


@pytest.mark.parametrize(
    ("written", "now"),
    [
        ('catalog: "2026-05"', 'catalog: "2026-10"'),
        ("catalog: >-\n  2026-05", "catalog: >-\n  2026-10"),
        ("catalog: {date: 2026-05}", "catalog: {date: 2026-10}"),
        ("vars: {d: &d '2026-05'}\ncatalog: *d", "vars: {d: &d '2026-05'}\ncatalog: \"2026-10\""),
        ("catalog: &d 2026-05\ndescription: *d", "catalog: &d 2026-10\ndescription: *d"),
    ],
)
def test_the_date_is_rewritten_however_it_is_written(spec: Path, written: str, now: str) -> None:
    body = "request: {model: doubao-seedream-4.5}\nprompts: [a]\n"
    spec.write_text(f"version: 1\nname: s\n{written}\n{body}", encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 0, talk
    expected = f"version: 1\nname: s\n{now}\n{body.replace('doubao-', '')}"
    assert spec.read_text(encoding="utf-8") == expected


def test_a_field_is_added_where_the_next_one_is_taken_out(spec: Path) -> None:
    body = "request: {model: gemini-3.1-flash-image-preview, action: search_grounded, seed: 5}\nprompts: [a]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    assert migrated(spec, "--drop", "seed")[0] == 0
    assert "action: generate, google_search: true}" in spec.read_text(encoding="utf-8")


MEANT = "say which is meant: gpt-image-2-rev, or gpt-image-2 as it is now"


def test_a_name_with_another_meaning_is_told_where_a_table_has_it(spec: Path) -> None:
    (spec.parent / "models.csv").write_text("model\nwan2.7-image\ngpt-image-2\n", encoding="utf-8")
    body = "prompts:\n  - from: models.csv\n    text: a {{ row_number }}\n    request: {model: '{{ row.model }}'}\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert "models.csv:3:1" in talk
    assert MEANT in talk


@pytest.mark.parametrize("model", ["gpt-image-{{ v }}", "{{ 'gpt-image-2' if v == 2 else 'wan2.7-image' }}"])
def test_a_name_with_another_meaning_is_told_where_a_template_makes_it(spec: Path, model: str) -> None:
    spec.write_text(f'{HEAD}vars: {{v: 2}}\nrequest:\n  model: "{model}"\nprompts: [a]\n', encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert f"{spec}:6:10  request.model" in talk
    assert MEANT in talk


def test_a_name_with_another_meaning_is_told_where_an_override_sets_it(spec: Path) -> None:
    spec.write_text(f"{HEAD}request: {{model: wan2.7-image}}\nprompts: [a]\n", encoding="utf-8")
    status, talk = migrated(spec, "--set", "request.model=gpt-image-2")
    assert status == 1
    assert MEANT in talk
    assert migrated(spec, "--set", "request.model=gpt-image-2")[0] == 0  # the spec follows the catalog by now


@pytest.mark.parametrize(
    ("options", "values"), [((), "[-1]"), (("--drop", "seed"), "[-1]"), (("--drop", "seed"), "[7]")]
)
def test_rules_that_name_the_only_value_of_an_axis_keep_their_other_keys(
    spec: Path, options: tuple[str, ...], values: str
) -> None:
    rules = f"  exclude: [{{model: wan2.7-image, seed: {values[1:-1]}}}]\n"
    rules += f"  include: [{{model: z-image-turbo, seed: {values[1:-1]}, resolution: 2k}}]\n"
    body = f"prompts: [a]\nmatrix:\n  model: [z-image-turbo, wan2.7-image]\n  seed: {values}\n{rules}"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec, *options)
    assert status == 0, talk
    after = spec.read_text(encoding="utf-8")
    assert "exclude: [{model: wan2.7-image}]\n" in after
    assert "include: [{model: z-image-turbo, resolution: 2k}]\n" in after
    assert "seed" not in after


def test_an_exclude_that_names_one_of_two_values_that_are_one_now_is_told(spec: Path) -> None:
    """It would drop the jobs of the other value as well."""
    body = 'prompts: [a]\nrequest: {image_urls: ["https://images.example.com/a.png"]}\nmatrix:\n'
    body += "  model: [wan2.7-image, gpt-image-1-official]\n  action: [image2image, edit]\n"
    spec.write_text(f"{HEAD}{body}  exclude: [{{model: wan2.7-image, action: image2image}}]\n", encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert "1 of the 1 jobs with wan2.7-image would be equal to others, or excluded" in talk


def test_jobs_that_are_no_longer_skipped_are_a_warning(spec: Path) -> None:
    body = "prompts: [a]\nunsupported: skip\nmatrix:\n  model: [doubao-seedream-5.0-lite]\n  resolution: [2K, 4K]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 0
    assert "warning: 1 more of the jobs with seedream-5.0-lite will be made; before, they were skipped" in talk


def test_fewer_images_are_told_beside_jobs_that_are_no_longer_skipped(spec: Path) -> None:
    body = "request: {action: group}\nprompts: [a]\nunsupported: skip\n"
    body += "matrix:\n  model: [doubao-seedream-5.0-lite]\n  resolution: [2K, 4K]\n"
    spec.write_text(HEAD + body, encoding="utf-8")
    status, talk = migrated(spec)
    assert status == 1
    assert "the jobs with seedream-5.0-lite give fewer images: up to 2 in place of up to 15" in talk


def test_images_of_each_prompt_stay_so_many_however_many_requests_make_them(spec: Path) -> None:
    models = "matrix: {model: [qwen-image-2.0, gpt-image-2]}\n"
    spec.write_text(HEAD + "images: 4\nduplicates: keep\nprompts: [a, a, b]\n" + models, encoding="utf-8")
    status, talk = migrated(spec, "--use", KEPT)
    assert status == 0, talk
    now = qb.plans.make_plan(qb.plans.load_spec(spec))
    assert (now.catalog, now.figures.images) == ("2026-10", 24)
    assert now.figures.by_model["gpt-image-2-rev"].jobs == 12  # of May's, each made four images
