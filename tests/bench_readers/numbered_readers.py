"""Strict readers of layouts that say by names and numbers what a picture is."""

import csv
import json
import re
from pathlib import Path

from PIL import Image

from tests.bench_readers.strict_pictures import Given, Pictures, insist, only, picture, tiles


def read_geneval(given: Given) -> Pictures:
    """Every folder of digits, with one object of metadata, and all of samples/ whose name begins like a picture's."""
    rows = given.official("prompts/evaluation_metadata.jsonl").read_text().splitlines()
    only(given.out, [f"{number:05}" for number in range(len(rows))])
    found = {}
    for number, row in enumerate(rows):
        folder = given.out / f"{number:05}"
        only(folder, ["metadata.jsonl", "samples"])
        insist(json.loads((folder / "metadata.jsonl").read_text()) == json.loads(row), f"{folder}: other metadata")
        names = sorted(entry.name for entry in (folder / "samples").iterdir())
        insist(all(re.match(r"\d+\.png", name) for name in names), f"{folder}: {names}")
        insist(names == [f"{image:04}.png" for image in range(4)], f"{folder}: {names}")
        for image, name in enumerate(names):
            found[number, image] = picture(folder / "samples" / name, "PNG")
    return found


def read_dpg(given: Given) -> Pictures:
    """Every file of the folder, by its name up to the first dot; one size for the whole folder."""
    with given.official("dpg_bench/dpg_bench.csv").open(newline="") as file:
        items = list(dict.fromkeys(row["item_id"] for row in csv.DictReader(file)))
    stems = sorted(entry.name.split(".")[0] for entry in given.out.iterdir())
    insist(stems == sorted(items), f"{stems}, and the items are {sorted(items)}")
    found, sizes = {}, set()
    for entry in given.out.iterdir():
        insist(entry.suffix == ".png", f"{entry} is not one of the files that were asked for")
        grid = picture(entry, "PNG")
        sizes.add(grid.size)
        for image, tile in enumerate(tiles(grid, str(entry))):
            found[items.index(entry.name.split(".")[0]), image] = tile
    insist(len(sizes) == 1, f"the grids have the sizes {sizes}")
    return found


_ONEIG = {
    "Anime_Stylization": "anime",
    "Portrait": "human",
    "General_Object": "object",
    "Text_Rendering": "text",
    "Knowledge_Reasoning": "reasoning",
    "Multilingualism": "multilingualism",
}


def read_oneig(given: Given) -> Pictures:
    """For each id of a class the only file that begins with it."""
    with given.official("OneIG-Bench.csv").open(newline="") as file:
        rows = [(_ONEIG[row["category"]], row["id"]) for row in csv.DictReader(file)]
    only(given.out, {folder for folder, _ in rows})
    found = {}
    for number, (folder, id_) in enumerate(rows):
        place = given.out / folder / given.model
        only(given.out / folder, given.models)
        only(place, [f"{other}.webp" for its_folder, other in rows if its_folder == folder])
        matching = list(place.glob(f"{id_}*"))
        insist(len(matching) == 1, f"{folder}/{id_}: {matching}")
        for image, tile in enumerate(tiles(picture(matching[0], "WEBP"), str(matching[0]))):
            found[number, image] = tile
    return found


def read_t2i_compbench(given: Given) -> Pictures:
    """In each category the prompt and the running number of every name; ten of each prompt, in its file's order."""
    categories = list(dict.fromkeys(str(prompt.meta["set"]) for prompt in given.benchmark.prompts))
    only(given.out, categories)
    found, before = {}, 0
    for category in categories:
        text = given.official(f"examples/dataset/{category}_val.txt").read_text()
        prompts = text.removesuffix("\n").split("\n")
        only(given.out / category, ["samples"])
        numbers = []
        for entry in (given.out / category / "samples").iterdir():
            insist(entry.suffix == ".png", f"{entry.name} is not a picture")
            prompt, digits = entry.name.split("_")[0], entry.name.split("_")[-1].removesuffix(".png")
            insist(bool(re.fullmatch(r"\d{6}", digits)), f"{entry.name} does not end with six digits")
            insist(entry.name == f"{prompt}_{digits}.png", f"{entry.name} has more in its name")
            number = int(digits)
            numbers.append(number)
            insist(number < len(prompts) * 10, f"{entry.name} has a number that no prompt has")
            insist(prompts[number // 10] == prompt, f"{entry.name} has the number of another prompt")
            found[before + number // 10, number % 10] = picture(entry, "PNG")
        insist(sorted(numbers) == list(range(len(prompts) * 10)), f"{category} has the numbers {sorted(numbers)}")
        before += len(prompts)
    return found


def read_longtext(given: Given) -> Pictures:
    """Every PNG of the folder, by its id and its number from 1."""
    lines = given.official("textbench/text_prompts.jsonl").read_text().splitlines()
    ids = [json.loads(line)["prompt_id"] for line in lines]
    only(given.out, [f"{id_:04}_{image}.png" for id_ in ids for image in range(1, 5)])
    return {
        (place, image - 1): picture(given.out / f"{id_:04}_{image}.png", "PNG")
        for place, id_ in enumerate(ids)
        for image in range(1, 5)
    }


def read_wise(given: Given) -> Pictures:
    """The picture of each id in the verified files, of which none but those are there."""
    ids = sorted(
        row["prompt_id"] for file in given.official("data_verified").iterdir() for row in json.loads(file.read_text())
    )
    only(given.out, [f"{id_}.png" for id_ in ids])
    return {(place, 0): picture(given.out / f"{id_}.png", "PNG") for place, id_ in enumerate(ids)}


def read_unigenbench(given: Given) -> Pictures:
    """Four pictures of each index of a set; one that is missing ends the scorer."""
    parts = list(dict.fromkeys(str(prompt.meta["set"]) for prompt in given.benchmark.prompts))
    only(given.out, parts)
    found, before = {}, 0
    for part in parts:
        only(given.out / part, given.models)
        with given.official(f"data/test_prompts_{part}.csv").open(newline="") as file:
            indices = [int(row["index"]) for row in csv.DictReader(file)]
        folder = given.out / part / given.model
        only(folder, [f"{index}_{image}.png" for index in indices for image in range(4)])
        for place, index in enumerate(indices):
            for image in range(4):
                found[before + place, image] = picture(folder / f"{index}_{image}.png", "PNG")
        before += len(indices)
    return found


def read_hpsv2(given: Given) -> Pictures:
    """Every folder as a style that a file of prompts is named after; a JPEG for each prompt, as none is noticed."""
    styles = list(dict.fromkeys(str(prompt.meta["set"]) for prompt in given.benchmark.prompts))
    only(given.out, styles)
    found: dict[tuple[int, int], Image.Image] = {}
    before = 0
    for style in styles:
        prompts = json.loads(given.official(f"benchmark/{style}.json").read_text())
        found.update(_jpegs(given.out / style, len(prompts), before))
        before += len(prompts)
    return found


def read_drawbench(given: Given) -> Pictures:
    """Every folder as a model; a JPEG for each prompt, as none is noticed that is missing."""
    only(given.out, given.models)
    with given.official("DrawBench.csv").open(newline="") as file:
        prompts = len(list(csv.DictReader(file)))
    return _jpegs(given.out / given.model, prompts, 0)


def _jpegs(folder: Path, count: int, before: int) -> Pictures:
    only(folder, [f"{number:05}.jpg" for number in range(count)])
    return {(before + number, 0): picture(folder / f"{number:05}.jpg", "JPEG") for number in range(count)}
