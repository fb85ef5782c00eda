"""``bench import``: a benchmark's own files become a spec and its table, or are refused with file and row."""

import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from qwave_batch.cli.main import main
from qwave_batch.model.jsontypes import JsonObject
from tests.benchmark_files import NAMES, csv_text, json_lines, picture, write_benchmark

CHEAP = "z-image-turbo"


def typed(*argv: str | Path) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(arg) for arg in argv], stdout, stderr, environ={"COLUMNS": "300"})
    return status, stdout.getvalue(), stderr.getvalue()


def rows_of(spec: Path) -> list[dict[str, object]]:
    lines = spec.with_suffix(".prompts.jsonl").read_bytes().split(b"\n")
    return [json.loads(line) for line in lines if line]


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "spec.yaml"


@pytest.fixture
def refuse(out: Path) -> Callable[..., str]:
    """Import what is not right; return the words, having checked that nothing was written."""

    def refused(name: str, *more: str | Path) -> str:
        status, printed, talk = typed("bench", "import", name, *more, "-o", out)
        assert (status, printed) == (2, "")
        assert names_in(out.parent) == []
        return talk

    return refused


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_keeps_prompts_entries_and_order(name: str, tmp_path: Path, out: Path) -> None:
    invented = write_benchmark(name, tmp_path / name)
    status, _, talk = typed("bench", "import", name, invented.files, "-o", out)
    assert status == 0, talk
    assert invented.prompts
    for row, expected in zip(rows_of(out), invented.prompts, strict=True):
        assert (row["id"], row["prompt"], row["tags"]) == (expected.id, expected.prompt, list(expected.tags))
        made = {"benchmark": name, "n": invented.images}
        assert made | {key: row[key] for key in expected.meta if key not in made} == expected.meta
        images = row.get("images", [])
        assert isinstance(images, list)
        assert [(out.parent / image).read_bytes() for image in images] == list(expected.inputs)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "imgedit"])
def test_files_named_one_by_one_are_as_good_as_a_checkout(name: str, tmp_path: Path, out: Path) -> None:
    invented = write_benchmark(name, tmp_path / name)
    files = [file for file in invented.files.rglob("*") if file.is_file() and file.name != "README.md"]
    kept = [file for file in files if name != "wise" or file.parent.name == "data_verified"]
    assert typed("bench", "import", name, invented.files, "-o", out)[0] == 0
    other = out.with_name("other.yaml")
    assert typed("bench", "import", name, *kept, "-o", other)[0] == 0
    assert [row["prompt"] for row in rows_of(other)] == [row["prompt"] for row in rows_of(out)]


def test_a_folder_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    files = write_benchmark("imgedit", tmp_path / "imgedit").files
    spec = tmp_path / "new/deeper/spec.yaml"
    assert typed("bench", "import", "imgedit", files, "-o", spec)[0] == 0
    assert names_in(spec.parent) == ["spec.inputs", "spec.prompts.jsonl", "spec.yaml"]


def test_a_second_import_changes_nothing_and_another_one_is_refused(tmp_path: Path, out: Path) -> None:
    files = write_benchmark("tifa", tmp_path / "tifa").files
    call = ("bench", "import", "tifa", files, "-o", out)
    assert typed(*call)[0] == 0
    assert typed(*call)[0] == 0
    before = out.read_bytes()
    status, _, talk = typed(*call, "--first-seed", "7")
    assert status == 2
    assert "spec.yaml is there already, and nothing was written" in talk
    assert "--overwrite" in talk
    assert out.read_bytes() == before
    assert typed(*call, "--first-seed", "7", "--overwrite")[0] == 0
    assert yaml.safe_load(out.read_text())["vars"] == {"first_seed": 7}


def test_the_way_on_is_told_with_license_and_repository(tmp_path: Path, out: Path) -> None:
    files = write_benchmark("geneval2", tmp_path / "geneval2").files
    status, printed, talk = typed("bench", "import", "geneval2", files, "-o", out, "--model", CHEAP)
    assert (status, printed) == (0, "")
    assert "license: CC BY-NC 4.0; https://github.com/facebookresearch/GenEval2" in talk
    assert f"qwave-batch run {out} --set 'matrix.model=[{CHEAP}]'" in talk


def test_a_license_among_the_files_is_told_where_none_is_known(tmp_path: Path, out: Path) -> None:
    files = write_benchmark("geneval", tmp_path / "geneval").files
    (files / "LICENSE").write_text("MIT License\n")
    assert "license: MIT License" in typed("bench", "import", "geneval", files, "-o", out)[2]


def test_programs_get_json(tmp_path: Path, out: Path) -> None:
    files = write_benchmark("hpsv2", tmp_path / "hpsv2").files
    found = json.loads(typed("bench", "import", "hpsv2", files, "-o", out, "--json")[1])
    assert found["parts"] == {"anime": 3, "concept-art": 1, "paintings": 1, "photo": 1}
    assert {note["kind"] for note in found["notes"]} == {"other_part", "other_count", "equal_prompts", "chosen_model"}


@pytest.mark.parametrize(("name", "part", "prompts"), [("oneig", "zh", 1), ("longtext", "zh", 1), ("gedit", "cn", 1)])
def test_a_part_is_imported_by_itself(name: str, part: str, prompts: int, tmp_path: Path, out: Path) -> None:
    files = write_benchmark(name, tmp_path / name).files
    status, _, talk = typed("bench", "import", name, files, "-o", out, "--part", part)
    assert status == 0, talk
    assert len(rows_of(out)) == prompts
    assert yaml.safe_load(out.read_text())["name"] == f"{name}-{part}"


def test_a_scorer_that_reads_one_language_gets_one(tmp_path: Path, refuse: Callable[..., str]) -> None:
    files = write_benchmark("oneig", tmp_path / "oneig").files
    assert "en and zh are never in one spec" in refuse("oneig", files, "--part", "en", "--part", "zh")
    assert 'unknown part of oneig "cn"' in refuse("oneig", files, "--part", "cn")


def test_what_is_not_the_benchmark_is_refused(tmp_path: Path, refuse: Callable[..., str]) -> None:
    files = write_benchmark("tifa", tmp_path / "tifa").files
    said = refuse("geneval", files)
    assert "holds nothing of geneval: looked for prompts/evaluation_metadata.jsonl" in said
    assert "https://github.com/djghosh13/geneval" in said


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path, refuse: Callable[..., str]) -> None:
    (tmp_path / "DrawBench.csv").write_text(csv_text(("Text", "Kind"), [("a red bench", "Colors")]))
    said = refuse("drawbench", tmp_path / "DrawBench.csv")
    assert "no Prompts or Prompt or prompts or prompt and no Category or category; it has Text, Kind" in said
    assert "--column prompt=NAME" in said


def test_a_column_that_rows_lack_is_named_too(tmp_path: Path, refuse: Callable[..., str]) -> None:
    row = {"id": "t_1", "category": "t", "instruction": "a", "image": "t/1.png"}
    (tmp_path / "data_total.json").write_text(json.dumps([row]))
    said = refuse("risebench", tmp_path / "data_total.json")
    assert ":1:2: row 1 has no index; it has id, category, instruction, image" in said
    assert "--column index=NAME" in said


def test_columns_can_be_named(tmp_path: Path, out: Path) -> None:
    (tmp_path / "mine.csv").write_text(csv_text(("Text", "Kind"), [("a red bench", "Colors")]))
    columns = ("--column", "prompt=Text", "--column", "category=Kind")
    assert typed("bench", "import", "drawbench", tmp_path / "mine.csv", *columns, "-o", out)[0] == 0
    assert rows_of(out)[0]["prompt"] == "a red bench"
    assert 'unknown column of drawbench "text"' in typed(
        "bench", "import", "drawbench", tmp_path / "mine.csv", "--column", "text=Text", "-o", out
    )[2]  # fmt: skip


BROKEN = [
    (
        '{"tag": "x", "include": [], "prompt": "a"}\n{"tag": "x", "prompt": "b"}\n',
        ":2:1: row 2 has no include; it has tag, prompt",
    ),
    ('{"tag": "x", "include": [], "prompt": 7}\n', ":1:1: row 1: the prompt is a number"),
    ('{"tag": "x", "include": [], "prompt": 1e999}\n', "row 1: prompt cannot be used: "),
    ('{"tag": "x", "include": [], "prompt": " "}\n', ":1:1: row 1: the prompt is empty"),
    ('{"tag": ["x"], "include": [], "prompt": "a"}\n', "row 1: tag is a list, and must be a string or a number"),
    ('{"tag": "x\\u0000", "include": [], "prompt": "a"}\n', "row 1: tag has a NUL character"),
    ('{"tag": "x", "include": [], "prompt": "a"\n', ":1:"),
    ('{"tag": "x", "include": [NaN], "prompt": "a"}\n', "row 1 holds a number or a character that JSON"),
    ('{"tag": "x", "include": [], "prompt": "\\ud800"}\n', "row 1 cannot be read: half of a surrogate pair"),
    ('{"tag": "x", "include": [], "prompt": "a\\u0000"}\n', "row 1: the prompt has a NUL character"),
    ("\n", "has no prompts"),
]


@pytest.mark.parametrize(("content", "words"), BROKEN)
def test_broken_rows_are_told_with_their_place(
    content: str, words: str, tmp_path: Path, refuse: Callable[..., str]
) -> None:
    file = tmp_path / "evaluation_metadata.jsonl"
    file.write_text(content)
    said = refuse("geneval", file)
    assert words in said
    assert str(file) in said


def test_a_byte_order_mark_in_a_prompt_is_kept(tmp_path: Path, out: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text(json.dumps({"id": 1, "prompt": "a\ufeffb"}))
    assert typed("bench", "import", "evalscope", tmp_path, "-o", out)[0] == 0
    assert rows_of(out)[0]["prompt"] == "a\ufeffb"
    assert typed("validate", out)[0] == 0


def test_equal_ids_are_told_with_both_rows(tmp_path: Path, refuse: Callable[..., str]) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text(json_lines([{"id": 1, "prompt": "a"}, {"id": "1", "prompt": "b"}]))
    assert 'prompts.jsonl:2:1: row 2: the id "1" is that of row 1 too' in refuse("evalscope", file)


def test_several_files_that_could_be_meant_are_named(tmp_path: Path, refuse: Callable[..., str]) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(json_lines([{"id": 1, "prompt": "a"}]))
    said = refuse("evalscope", tmp_path)
    assert "2 files could be *.jsonl" in said
    assert "b.jsonl" in said


OF_PORTRAIT = "category,id,prompt_en,class\nPortrait,1,a,None\nPortrait,{},b,None\n"
OF_WISE = {"Prompt": "a", "Category": "b", "Subcategory": "c"}
OF_GENEVAL2: JsonObject = {"prompt": "a", "atom_count": 1, "skills": [], "vqa_list": []}
MISREAD = [
    ("t2i-compbench", {"color_val.txt": "a red bench\na_b\n"}, 'row 2: "a_b" has "_" in it'),
    ("t2i-compbench", {"color_val.txt": "a red bench\na/b\n"}, "row 2: \"a/b\" names its image, and a slash can't be"),
    ("t2i-compbench", {"color_val.txt": "a\tb\n"}, "another sign that steers a terminal can't be in a name"),
    ("t2i-compbench", {"color_val.txt": f"{'x' * 241}\n"}, "a name has 240 bytes at most"),
    ("dpg", {"dpg_bench/prompts/a.b.txt": "a"}, 'row 1: its item_id "a.b" has a dot'),
    ("dpg", {"dpg_bench/prompts/é.txt": "a", "dpg_bench/prompts/E\u0301.txt": "b"}, 'its image would be "'),
    ("oneig", {"OneIG-Bench.csv": OF_PORTRAIT.format("1-2")}, 'row 2: its id "1-2" has more than letters and digits'),
    ("oneig", {"OneIG-Bench.csv": OF_PORTRAIT.format("12")}, "row 2: human/model/12 begins with human/model/1,"),
    ("wise", {"data_verified/a.json": json.dumps([{**OF_WISE, "prompt_id": "x"}])}, "its scorer wants a whole number"),
    ("geneval2", {"geneval2_data.jsonl": 2 * json_lines([OF_GENEVAL2])}, 'image would be "a", as that of "00000"'),
]  # fmt: skip
"""Files of which the scorer could not read, or not tell apart, the images, with words of the refusal."""


@pytest.mark.parametrize(("name", "files", "words"), MISREAD)
def test_a_row_whose_image_its_scorer_would_misread_is_refused_before_it_is_paid_for(
    name: str, files: Mapping[str, str], words: str, tmp_path: Path, refuse: Callable[..., str]
) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert words in " ".join(refuse(name, tmp_path).split())


def test_blanks_of_all_widths_and_joined_emoji_can_name_a_file(tmp_path: Path, out: Path) -> None:
    (tmp_path / "color_val.txt").write_text("a\u00a0red\u3000cup \U0001f468\u200d\U0001f469\n")
    assert typed("bench", "import", "t2i-compbench", tmp_path, "-o", out)[0] == 0


def test_a_category_that_the_scorer_has_no_folder_for_is_refused(tmp_path: Path, refuse: Callable[..., str]) -> None:
    columns = ("category", "id", "prompt_en", "class")
    (tmp_path / "OneIG-Bench.csv").write_text(csv_text(columns, [("Poster", "000", "a", "None")]))
    assert '"Poster" is not one of Anime_Stylization' in refuse("oneig", tmp_path)


CUT_SHORT = picture("red")[:-20]


def edit_list(image: object) -> str:
    return json.dumps([{"index": "t_1", "category": "t", "instruction": "a", "image": image}])


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("t/lost.png", "row 1: its input image t/lost.png is not there"),
        ("../secret.png", "is not a name below the benchmark's own folders"),
        ("/etc/hostname", "is not a name below the benchmark's own folders"),
        ("data_total.json", "is not an image that a model takes"),
        ("data/cut.png", "row 1: its input image is not a whole image: PNG is cut short"),
        ([], "is neither the name of a file nor an image"),
        (7, "is neither the name of a file nor an image"),
    ],
)
def test_input_images_that_cannot_be_used_are_told(
    image: object, words: str, tmp_path: Path, refuse: Callable[..., str]
) -> None:
    (tmp_path / "secret.png").write_bytes(picture("red"))
    (tmp_path / "data/data").mkdir(parents=True)
    (tmp_path / "data/data/cut.png").write_bytes(CUT_SHORT)
    (tmp_path / "data/data_total.json").write_text(edit_list(image))
    assert words in refuse("risebench", tmp_path / "data")


def test_a_broken_image_in_the_last_row_leaves_nothing_behind(tmp_path: Path, refuse: Callable[..., str]) -> None:
    files = write_benchmark("gedit", tmp_path / "gedit").files
    last = max((files / "data").iterdir())
    rows = pq.read_table(last).to_pylist()
    rows[-1]["input_image"] = {"bytes": b"<html>not found</html>", "path": None}
    pq.write_table(pa.Table.from_pylist(rows), last)
    assert f"{last}:1:1: row 2: its input image is not an image that a model takes: an HTML page" in refuse(
        "gedit", files
    )


def test_a_pointer_in_place_of_the_prompt_is_told(tmp_path: Path, refuse: Callable[..., str]) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 120\n"
    (tmp_path / "12.txt").write_text(pointer)
    assert "LFS" in refuse("dpg", tmp_path)


def test_line_ends_of_windows_belong_to_the_files(tmp_path: Path, out: Path) -> None:
    (tmp_path / "color_val.txt").write_bytes(b"a red bench\r\na blue owl\r\n")
    assert typed("bench", "import", "t2i-compbench", tmp_path, "-o", out)[0] == 0
    assert [row["prompt"] for row in rows_of(out)] == ["a red bench", "a blue owl"]
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/1.txt").write_bytes(b"a red bench\r\n")
    other = out.with_name("dpg.yaml")
    assert typed("bench", "import", "dpg", tmp_path / "texts", "-o", other)[0] == 0
    assert [row["prompt"] for row in rows_of(other)] == ["a red bench"]


def test_models_are_checked_against_the_catalog(tmp_path: Path, refuse: Callable[..., str]) -> None:
    files = write_benchmark("imgedit", tmp_path / "imgedit").files
    assert 'unknown model "z-image"' in refuse("imgedit", files, "--model", "z-image")
    said = refuse("imgedit", files, "--model", CHEAP)
    assert f"{CHEAP} does not do what imgedit asks for" in said
    assert "it takes only addresses in image_urls" in refuse("imgedit", files, "--model", "flux-2-pro")
    twice = ("--model", "gpt-image-2", "--model", "gpt-image-2")
    assert "a model is named twice" in refuse("imgedit", files, *twice)


def test_a_model_without_shapes_is_told_where_the_scorer_needs_squares(tmp_path: Path, out: Path) -> None:
    files = write_benchmark("dpg", tmp_path / "dpg").files
    model = "grok-imagine-1.5-edit-rev"
    _, _, talk = typed("bench", "import", "dpg", files, "-o", out, "--model", model, "--model", CHEAP)
    assert f"note: {model}: it takes no shape, so its images may not be square" in talk
    assert f"note: {CHEAP}" not in talk


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-o", "spec.txt"], "does not end in .yaml"),
        (["-o", "spec.yaml", "--column", "prompt"], "does not read OURS=THEIRS"),
        (["-o", "spec.yaml", "--first-seed", "-1"], "is not a whole number"),
        (["-o", "spec.yaml", "--catalog", "1999-01"], 'unknown catalog "1999-01"'),
        ([], "the following arguments are required: -o/--out"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], words: str, tmp_path: Path) -> None:
    files = write_benchmark("tifa", tmp_path / "tifa").files
    status, _, talk = typed("bench", "import", "tifa", files, *options)
    assert status == 2
    assert words in talk


def test_an_action_that_does_not_exist_has_a_suggestion() -> None:
    assert 'unknown action "improt"; did you mean "import"?' in typed("bench", "improt")[2]
    assert "say what to do: list, import" in typed("bench")[2]


def test_the_list_names_all_with_what_a_program_needs() -> None:
    found = json.loads(typed("bench", "list", "--json")[1])
    assert {each["name"] for each in found} == set(NAMES)
    table = typed("bench", "list")[1].splitlines()
    assert {line.split()[0] for line in table[2:]} == set(NAMES)


def test_all_of_a_benchmark_is_told_by_its_name() -> None:
    status, printed, talk = typed("bench", "list", "geneval2")
    assert (status, talk) == (0, "")
    assert all(word in printed for word in ("CC BY-NC 4.0", "geneval2_data.jsonl", "facebookresearch/GenEval2"))
    assert 'did you mean "dpg"?' in typed("bench", "list", "dgp")[2]


def test_the_official_prompts_are_read_to_the_last_character(partiprompts: Path, out: Path) -> None:
    """The real table has bare quotes, equal prompts, and 1,632 rows."""
    status, _, talk = typed("bench", "import", "partiprompts", partiprompts, "-o", out, "--model", CHEAP)
    assert status == 0
    assert "official files" not in talk
    lines = partiprompts.read_text(encoding="utf-8").split("\n")[1:]
    expected = [line.split("\t")[0] for line in lines if line]
    assert [row["prompt"] for row in rows_of(out)] == expected
