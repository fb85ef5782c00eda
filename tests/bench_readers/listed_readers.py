"""Strict readers of layouts with a list of pictures, and of those of edits."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

from qwave_batch.model.jsontypes import JsonObject
from tests.bench_readers.strict_pictures import Given, Misread, Pictures, insist, only, picture

_CSV_TABS = "excel-tab"


def _files(folder: Path) -> set[str]:
    """Return the paths of all files below a folder, in which there is no empty one."""
    found = set()
    for entry in folder.rglob("*"):
        if entry.is_dir():
            insist(any(entry.iterdir()), f"{entry} is empty")
        else:
            found.add(str(entry.relative_to(folder)))
    return found


def read_geneval2(given: Given) -> Pictures:
    """One object of paths by prompts, opened as they stand; a prompt that is missing ends the scorer."""
    listed = json.loads((given.out / "image_paths.json").read_text())
    lines = given.official("geneval2_data.jsonl").read_text().split("\n")
    prompts = [json.loads(line)["prompt"] for line in lines if line]
    insist(list(listed) == prompts, f"the list has the prompts {list(listed)}")
    paths = {Path(path) for path in listed.values()}
    insist(all(path.is_absolute() for path in paths), f"where {paths} lie depends on where the scorer is started")
    insist(len(paths) == len(prompts), "two prompts have one picture")
    relative = {str(path.relative_to(given.out.resolve())) for path in paths}
    insist(_files(given.out) == {"image_paths.json", *relative}, f"{_files(given.out)} and not {relative}")
    return {(place, 0): picture(Path(listed[prompt]), "PNG") for place, prompt in enumerate(prompts)}


def read_tifa(given: Given) -> Pictures:
    """One object of paths by ids, relative to its own folder; an id that is missing ends the scorer."""
    listed = json.loads((given.out / "images.json").read_text())
    questions = json.loads(given.official("tifa_v1.0/tifa_v1.0_question_answers.json").read_text())
    ids = list(dict.fromkeys(str(question["id"]) for question in questions))
    insist(list(listed) == ids, f"the list has the ids {list(listed)}")
    insist(_files(given.out) == {"images.json", *listed.values()}, f"{_files(given.out)}")
    return {(place, 0): picture(given.out / listed[id_], "PNG") for place, id_ in enumerate(ids)}


def read_evalscope(given: Given) -> Pictures:
    """JSON lines with an id, a prompt and the path of its picture each, opened as it stands."""
    lines = given.official("prompts.jsonl").read_text().split("\n")
    official = [json.loads(line) for line in lines if line]
    read = _lines_of_evalscope(given)
    for row, line in zip(official, read, strict=True):
        insist({**row, "image_path": ""} == {**line, "image_path": ""}, f"{line} is not {row}")
    return _pictures_of_evalscope(read)


def read_partiprompts(given: Given) -> Pictures:
    """Lines as EvalScope reads them, in the order of the prompts, with category and challenge as tags."""
    with given.official("PartiPrompts.tsv").open(newline="") as file:
        official = list(csv.DictReader(file, dialect=_CSV_TABS, quoting=csv.QUOTE_NONE))
    read = _lines_of_evalscope(given)
    for row, line in zip(official, read, strict=True):
        insist(line["prompt"] == row["Prompt"], f"{line} is not {row}")
        insist(line["tags"] == [row["Category"], row["Challenge"]], f"{line} is not {row}")
    return _pictures_of_evalscope(read)


def _lines_of_evalscope(given: Given) -> list[JsonObject]:
    lines = (given.out / "default.jsonl").read_text().split("\n")
    insist(lines[-1] == "", "the last line has no end")
    read: list[JsonObject] = [json.loads(line) for line in lines[:-1]]
    paths = {Path(str(line["image_path"])) for line in read}
    insist(all(path.is_absolute() for path in paths), f"where {paths} lie depends on where the scorer is started")
    insist(len(paths) == len({str(line["id"]) for line in read}) == len(read), "two lines share a picture or an id")
    relative = {str(path.relative_to(given.out.resolve())) for path in paths}
    insist(_files(given.out) == {"default.jsonl", *relative}, f"{_files(given.out)} and not {relative}")
    return read


def _pictures_of_evalscope(lines: list[JsonObject]) -> Pictures:
    return {(place, 0): picture(Path(str(line["image_path"])), "PNG") for place, line in enumerate(lines)}


def read_risebench(given: Given) -> Pictures:
    """The picture of each index in the folder of its category; one that is missing ends the scorer."""
    rows = json.loads(given.official("data/data_total.json").read_text())
    insist(
        _files(given.out) == {f"images/{row['category']}/{row['index']}.png" for row in rows}, f"{_files(given.out)}"
    )
    return {
        (place, 0): picture(given.out / "images" / row["category"] / f"{row['index']}.png", "PNG")
        for place, row in enumerate(rows)
    }


def read_imgedit(given: Given) -> Pictures:
    """The picture of each key."""
    keys = list(json.loads(given.official("Benchmark/Basic/basic_edit.json").read_text()))
    only(given.out, [f"{key}.png" for key in keys])
    return {(place, 0): picture(given.out / f"{key}.png", "PNG") for place, key in enumerate(keys)}


def read_gedit(given: Given) -> Pictures:
    """The picture of each key, and the image that was edited beside it."""
    only(given.out, given.models)
    only(given.out / given.model, ["fullset"])
    rows = [row for part in sorted(given.official("data").iterdir()) for row in pq.read_table(part).to_pylist()]
    found, names = {}, set()
    for place, row in enumerate(rows):
        stem = f"fullset/{row['task_type']}/{row['instruction_language']}/{row['key']}"
        names |= {f"{stem}.png", f"{stem}_SRCIMG.png"}
        edited = picture(given.out / given.model / f"{stem}_SRCIMG.png", "PNG")
        with Image.open(io.BytesIO(row["input_image"]["bytes"])) as official:
            if edited.tobytes() != official.convert("RGB").tobytes():
                raise Misread(f"{stem}_SRCIMG.png is another image than was edited")
        found[place, 0] = picture(given.out / given.model / f"{stem}.png", "PNG")
    insist(_files(given.out / given.model) == names, f"{_files(given.out)}")
    return found
