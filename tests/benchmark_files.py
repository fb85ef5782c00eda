"""Invented prompts in the shapes of the benchmarks' own files, laid out as in a checkout of each repository.

    invented = write_benchmark("geneval", tmp_path / "geneval")
    run_cli("bench", "import", "geneval", invented.files, "-o", tmp_path / "spec.yaml")

``invented.prompts`` is what must come of it, written by hand: the ``meta`` of each prompt is ``prompt.meta``.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from qwave_batch.model.jsontypes import Json, JsonObject

BRACES = 'a sign that reads "{{ row.prompt }}" {% if x %} {# no #} {fox} ${HOME}'
"""Looks like a template in every way."""
TWO_LINES = "a poster with two lines:\nthe first, 'quoted'\n"
"""Ends with a line end of its own."""
SEPARATORS = "tea\u2028and\u2029rice, e\u0301 and é"
"""Line separators of Unicode, and one letter in two forms."""
PADDED = "  a heron between two spaces  "
LONG = "a lighthouse at noon, " * 14
"""More than 300 characters, and a blank at the end."""
TWICE = "a red bench"
"""Stands twice in a set."""


@dataclass(frozen=True, kw_only=True)
class InventedPrompt:
    """A row of the invented files, and what import makes of it."""

    id: str
    """The prompt's id in the spec."""
    prompt: str
    meta: JsonObject
    tags: tuple[str, ...] = ()
    inputs: tuple[bytes, ...] = ()
    """The input images of an edit."""


@dataclass(frozen=True, kw_only=True)
class InventedBenchmark:
    """The files of a benchmark."""

    name: str
    files: Path
    """A folder like a checkout of the benchmark's repository."""
    images: int
    """How many images of each prompt its scorer reads."""
    prompts: tuple[InventedPrompt, ...]
    """In the order of the spec."""
    action: str = "generate"


@dataclass(kw_only=True)
class _Writer:
    name: str
    folder: Path
    images: int
    action: str = "generate"
    prompts: list[InventedPrompt] = field(default_factory=list)
    """Their meta without what depends on all of them."""

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file of the checkout."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def add(
        self,
        id: str,  # noqa: A002  # the word of specs
        prompt: str,
        *,
        entry: JsonObject,
        part: str | None = None,
        tags: Sequence[str] = (),
        inputs: Sequence[bytes] = (),
        **more: Json,
    ) -> None:
        """State what comes of a row; ``part`` is its set."""
        meta = {"set": part, "entry": entry, **more}
        self.prompts.append(InventedPrompt(id=id, prompt=prompt, meta=meta, tags=tuple(tags), inputs=tuple(inputs)))

    def done(self) -> InventedBenchmark:
        """Return the benchmark."""
        sets = Counter(prompt.meta["set"] for prompt in self.prompts)
        numbers = {part: count() for part in sets}
        prompts = tuple(
            replace(prompt, meta=self._whole(prompt.meta, next(numbers[part]), sets[part]))
            for prompt in self.prompts
            for part in [prompt.meta["set"]]
        )
        return InventedBenchmark(
            name=self.name, files=self.folder, images=self.images, prompts=prompts, action=self.action
        )

    def _whole(self, meta: JsonObject, number: int, of: int) -> JsonObject:
        return {"benchmark": self.name, "number": number, "of": of, "n": self.images, **meta}


def write_benchmark(name: str, folder: Path) -> InventedBenchmark:
    """Write the files of a benchmark into a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text("Not a prompt.\n", encoding="utf-8")
    return _WRITERS[name](folder)


def json_lines(rows: Sequence[JsonObject]) -> str:
    """Return a JSONL as the benchmarks write them, with letters of other scripts as they are."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a CSV with quotes where they are needed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def picture(colour: str, *, form: str = "PNG", size: tuple[int, int] = (96, 64)) -> bytes:
    """Return a small input image, which is not square."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def _geneval(folder: Path) -> InventedBenchmark:
    made = _Writer(name="geneval", folder=folder, images=4)
    include: Json = [{"class": "bench", "count": 1}]
    rows: list[JsonObject] = [
        {"tag": "single_object", "include": include, "prompt": TWICE},
        {"tag": "color_attr", "include": include, "prompt": BRACES},
        {"tag": "counting", "include": include, "exclude": [{"class": "cup", "count": 3}], "prompt": TWO_LINES},
        {"tag": "single_object", "include": include, "prompt": TWICE},
    ]
    made.write("prompts/evaluation_metadata.jsonl", json_lines(rows))
    made.write("prompts/generation_prompts.txt", "".join(f"{row['prompt']}\n" for row in rows))
    for number, row in enumerate(rows):
        made.add(f"{number:05}", str(row["prompt"]), entry=row, tags=[str(row["tag"])])
    return made.done()


def _geneval2(folder: Path) -> InventedBenchmark:
    made = _Writer(name="geneval2", folder=folder, images=1)
    prompts = ["four white kettles in front of three plastic owls", BRACES, SEPARATORS]
    rows: list[JsonObject] = [
        {
            "prompt": prompt,
            "atom_count": 3,
            "vqa_list": [["How many kettles are in the image?", "four"], ["Are the kettles white?", "Yes"]],
            "skills": ["count", "attribute"],
        }
        for prompt in prompts
    ]
    made.write("geneval2_data.jsonl", json_lines(rows))
    for number, prompt in enumerate(prompts):
        made.add(
            f"{number:05}",
            prompt,
            entry={"atom_count": 3, "skills": ["count", "attribute"]},
            tags=["atoms 3"],
            questions=[
                {"id": "0", "question": "How many kettles are in the image?", "answer": "four"},
                {"id": "1", "question": "Are the kettles white?", "answer": "Yes"},
            ],
        )
    return made.done()


def _dpg(folder: Path) -> InventedBenchmark:
    made = _Writer(name="dpg", folder=folder, images=4)
    prompts = {"12": TWICE, "COCOval000285": BRACES, "whoops7": "a kettle.\nIt whistles.", "zz1": TWICE}
    columns = ("item_id", "text", "keywords", "proposition_id", "dependency", "category_broad", "category_detailed")
    rows: list[list[str]] = []
    for item, prompt in prompts.items():
        made.write(f"dpg_bench/prompts/{item}.txt", f"{prompt}\n")
        rows += [
            [item, prompt, "", "1", "0", "entity", "whole", "entity - whole (bench)", "Is there a bench?"],
            [item, prompt, "", "2", "1", "attribute", "color", "attribute - color (red)", "Is the bench red?"],
        ]
    made.write("dpg_bench/dpg_bench.csv", csv_text([*columns, "tuple", "question_natural_language"], rows))
    for item, prompt in prompts.items():
        made.add(
            item,
            prompt,
            entry={"item_id": item},
            questions=[
                {"id": "1", "question": "Is there a bench?", "answer": "yes", "dependency": "0"},
                {"id": "2", "question": "Is the bench red?", "answer": "yes", "dependency": "1"},
            ],
        )
    return made.done()


def _t2i_compbench(folder: Path) -> InventedBenchmark:
    made = _Writer(name="t2i-compbench", folder=folder, images=10)
    prompts = {"color": ["a green bench and a red kettle", 'a "blue" owl: it sleeps '], "3d_spatial": [TWICE, TWICE]}
    for category in ("color", "3d_spatial"):
        made.write(f"examples/dataset/{category}_val.txt", "".join(f"{prompt}\n" for prompt in prompts[category]))
        made.write(f"examples/dataset/{category}_train.txt", "not of the test\n")
        for number, prompt in enumerate(prompts[category]):
            made.add(f"{category}-{number:03}", prompt, part=category, entry={"category": category}, tags=[category])
    return made.done()


_FOLDERS = {"Anime_Stylization": "anime", "Portrait": "human", "Text_Rendering": "text"}


def _oneig(folder: Path) -> InventedBenchmark:
    made = _Writer(name="oneig", folder=folder, images=4)
    rows = [
        ("Anime_Stylization", "000", TWICE, "T, P", "short", "abstract_expressionism"),
        ("Portrait", "000", BRACES, "NP", "short", "None"),
        ("Anime_Stylization", "001", TWO_LINES, "T, P", "short", "None"),
        ("Text_Rendering", "000", TWICE, "NP", "long", "None"),
    ]
    columns = ("category", "id", "prompt_en", "type", "prompt_length", "class")
    made.write("OneIG-Bench.csv", csv_text(columns, rows))
    chinese = [("Multilingualism", "000", "红色的长椅", "None")]
    made.write("OneIG-Bench-ZH.csv", csv_text(("category", "id", "prompt_cn", "class"), chinese))
    for category, id_, prompt, _, _, style in rows:
        made.add(
            f"{_FOLDERS[category]}-{id_}",
            prompt,
            part=_FOLDERS[category],
            entry={"category": category, "id": id_, "class": style, "language": "en"},
            tags=[category],
        )
    return made.done()


def _longtext(folder: Path) -> InventedBenchmark:
    made = _Writer(name="longtext", folder=folder, images=4)
    rows: list[JsonObject] = [
        {
            "category": "sign",
            "length": "short",
            "prompt": prompt,
            "text": ["Closed on Monday", "{{ open }}"],
            "text_length": 26,
            "prompt_id": number,
        }
        for number, prompt in enumerate([BRACES, LONG])
    ]
    made.write("textbench/text_prompts.jsonl", json_lines(rows))
    chinese: JsonObject = {**rows[0], "prompt": "一块牌子", "text": ["星期一休息"]}
    made.write("textbench/text_prompts_zh.jsonl", json_lines([chinese]))
    for number, row in enumerate(rows):
        made.add(
            f"{number:04}",
            str(row["prompt"]),
            part="en",
            entry={"prompt_id": number, "language": "en"},
            tags=["sign"],
            text=row["text"],
        )
    return made.done()


def _wise(folder: Path) -> InventedBenchmark:
    made = _Writer(name="wise", folder=folder, images=1)
    kinds = {1: ("Culture", "Festival", TWICE), 2: ("Culture", "Food", BRACES), 3: ("Time", "Day", TWO_LINES)}
    kinds[4] = ("Time", "Day", TWICE)
    rows: dict[int, JsonObject] = {
        number: {
            "Prompt": prompt,
            "Explanation": "It shows a bench.",
            "Category": category,
            "Subcategory": below,
            "prompt_id": number,
        }
        for number, (category, below, prompt) in kinds.items()
    }
    made.write("data_verified/time.json", json.dumps([rows[4], rows[3]], ensure_ascii=False, indent=2))
    made.write("data_verified/zz_culture.json", json.dumps([rows[1], rows[2]], ensure_ascii=False))
    made.write("data/culture.json", json.dumps([{**rows[1], "Prompt": "not verified"}]))
    for number, (category, below, prompt) in kinds.items():
        made.add(f"{number:04}", prompt, entry={"prompt_id": number}, tags=[category, below])
    return made.done()


def _unigenbench(folder: Path) -> InventedBenchmark:
    made = _Writer(name="unigenbench", folder=folder, images=4)
    prompts = {"en": [TWICE, TWICE], "en_long": [LONG], "zh": ["红色的长椅"], "zh_long": [BRACES]}
    kinds = {"en": '{"Primary Categories": "Art"}', "zh": '{"一级垂类": "艺术"}'}
    for part, texts in prompts.items():
        language = part[:2]
        rows = [[str(number), text, kinds[language]] for number, text in enumerate(texts)]
        columns = ("index", f"prompt_{language}", f"sub_dims_{language}")
        made.write(f"data/test_prompts_{part}.csv", csv_text(columns, rows))
        for number, text in enumerate(texts):
            kind = "Art" if language == "en" else "艺术"
            entry: JsonObject = {"set": part, "index": str(number)}
            made.add(f"{part}-{number:03}", text, part=part, entry=entry, tags=[kind])
    return made.done()


def _hpsv2(folder: Path) -> InventedBenchmark:
    made = _Writer(name="hpsv2", folder=folder, images=1)
    prompts: dict[str, Json] = {
        "anime": [TWICE, BRACES, TWICE],
        "concept-art": [TWO_LINES],
        "paintings": [PADDED],
        "photo": [SEPARATORS],
    }
    for style, texts in prompts.items():
        made.write(f"benchmark/{style}.json", json.dumps(texts))
        assert isinstance(texts, list)
        for number, text in enumerate(texts):
            made.add(f"{style}-{number:05}", str(text), part=style, entry={"style": style}, tags=[style])
    made.write("benchmark/drawbench.json", json.dumps(["a kettle", "an owl"]))
    return made.done()


def _tifa(folder: Path) -> InventedBenchmark:
    made = _Writer(name="tifa", folder=folder, images=1)
    rows: list[JsonObject] = [
        {"id": "coco_301091", "caption": TWICE, "coco_val_id": "380711"},
        {"id": "drawbench_52", "caption": BRACES},
        {"id": "paintskill_1", "caption": TWICE},
    ]
    made.write("tifa_v1.0/tifa_v1.0_text_inputs.json", json.dumps(rows))
    questions: list[JsonObject] = [
        {
            "id": row["id"],
            "caption": row["caption"],
            "question": "is this a bench?",
            "choices": ["yes", "no"],
            "answer": "yes",
            "element_type": "object",
            "element": "bench",
        }
        for row in rows
    ]
    made.write("tifa_v1.0/tifa_v1.0_question_answers.json", json.dumps(questions))
    for row in rows:
        made.add(
            str(row["id"]),
            str(row["caption"]),
            entry={"id": row["id"]},
            questions=[{"id": "0", "question": "is this a bench?", "answer": "yes", "choices": ["yes", "no"]}],
        )
    return made.done()


def _partiprompts(folder: Path) -> InventedBenchmark:
    made = _Writer(name="partiprompts", folder=folder, images=1)
    rows = [
        (TWICE, "Artifacts", "Basic", "Biology-inspired"),
        ('the word "START" in a 12" frame', "Abstract", "Writing & Symbols", ""),
        (BRACES, "Abstract", "Basic", "a note"),
        (TWICE, "Artifacts", "Basic", "a note"),
    ]
    lines = ["Prompt\tCategory\tChallenge\tNote", *("\t".join(row) for row in rows)]
    made.write("PartiPrompts.tsv", "".join(f"{line}\n" for line in lines))
    for number, (prompt, category, challenge, _) in enumerate(rows):
        made.add(
            f"{number:04}",
            prompt,
            entry={"Category": category, "Challenge": challenge},
            tags=[category, challenge],
        )
    return made.done()


def _drawbench(folder: Path) -> InventedBenchmark:
    made = _Writer(name="drawbench", folder=folder, images=1)
    rows = [(TWICE, "Colors"), (BRACES, "Text"), (TWO_LINES, "Text"), (TWICE, "Reddit")]
    made.write("DrawBench.csv", csv_text(("Prompts", "Category"), rows))
    for number, (prompt, category) in enumerate(rows):
        made.add(f"{number:04}", prompt, entry={"Category": category}, tags=[category])
    return made.done()


def _risebench(folder: Path) -> InventedBenchmark:
    made = _Writer(name="risebench", folder=folder, images=1, action="edit")
    rows: list[tuple[str, str, list[tuple[str, bytes]]]] = [
        ("temporal_reasoning", BRACES, [("1.png", picture("red"))]),
        ("causal_reasoning", TWICE, [("1.png", picture("green")), ("1_2.jpg", picture("blue", form="JPEG"))]),
        ("temporal_reasoning", BRACES, [("1.png", picture("red"))]),
    ]
    entries: list[JsonObject] = []
    for number, (category, instruction, images) in enumerate(rows, start=1):
        names: list[Json] = [f"{category}_images/{name}" for name, _ in images]
        for name, (_, content) in zip(names, images, strict=True):
            made.write(f"data/{name}", content)
        index = f"{category}_{number}"
        image = names if len(names) > 1 else names[0]
        entries.append({"index": index, "category": category, "instruction": instruction, "image": image})
        made.add(
            index,
            instruction,
            entry={"index": index, "category": category},
            tags=[category],
            inputs=[content for _, content in images],
        )
    made.write("data/data_total.json", json.dumps(entries, ensure_ascii=False, indent=4))
    return made.done()


def _imgedit(folder: Path) -> InventedBenchmark:
    made = _Writer(name="imgedit", folder=folder, images=1, action="edit")
    images = {"animal/000342021.jpg": picture("red", form="JPEG"), "style/000278574.jpg": picture("blue", form="JPEG")}
    rows: dict[str, Json] = {
        "1082": {"id": "animal/000342021.jpg", "prompt": BRACES, "edit_type": "adjust"},
        "673": {"id": "style/000278574.jpg", "prompt": TWICE, "edit_type": "style"},
        "12": {"id": "animal/000342021.jpg", "prompt": BRACES, "edit_type": "adjust"},
    }
    made.write("Benchmark/Basic/basic_edit.json", json.dumps(rows, indent=4))
    for name, content in images.items():
        made.write(f"Benchmark/Basic/original_images/{name}", content)
    for key, row in rows.items():
        assert isinstance(row, Mapping)
        made.add(
            key,
            str(row["prompt"]),
            entry={"key": key, "id": row["id"], "edit_type": row["edit_type"]},
            tags=[str(row["edit_type"])],
            inputs=[images[str(row["id"])]],
        )
    return made.done()


def _gedit(folder: Path) -> InventedBenchmark:
    made = _Writer(name="gedit", folder=folder, images=1, action="edit")
    rows = [
        ("background_change", "7a01", BRACES, "en", picture("red")),
        ("background_change", "7a01", "换成雪景", "cn", picture("red")),
        ("text_change", "7a03", BRACES, "en", picture("blue", size=(64, 96))),
        ("text_change", "7a04", BRACES, "en", picture("red")),
    ]
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {
        "task_type": pa.array([row[0] for row in rows]),
        "key": pa.array([row[1] for row in rows]),
        "instruction": pa.array([row[2] for row in rows]),
        "instruction_language": pa.array([row[3] for row in rows]),
        "input_image": pa.array([{"bytes": row[4], "path": None} for row in rows], type=image),
        "input_image_raw": pa.array([{"bytes": picture("black"), "path": None} for _ in rows], type=image),
        "Intersection_exist": pa.array([True for _ in rows]),
    }
    for at, name in ((0, "train-00000-of-00002"), (2, "train-00001-of-00002")):
        out = io.BytesIO()
        pq.write_table(pa.table(columns).slice(at, 2), out)
        made.write(f"data/{name}.parquet", out.getvalue())
    for task, key, instruction, language, content in rows:
        made.add(
            f"{language}-{key}",
            instruction,
            entry={"task_type": task, "language": language, "key": key},
            tags=[task, language],
            inputs=[content],
        )
    return made.done()


def _evalscope(folder: Path) -> InventedBenchmark:
    made = _Writer(name="evalscope", folder=folder, images=1)
    rows: list[JsonObject] = [
        {"id": "EvalMuse_1", "prompt": TWICE, "tags": ["bench (object)", "red (color)"]},
        {"id": 2, "prompt": BRACES, "image_path": "/old/2.png"},
        {"id": 3, "prompt": TWO_LINES, "reference_image_path": "ref/3.png"},
        {"id": "x/4", "prompt": TWICE},
    ]
    made.write("prompts.jsonl", json_lines(rows))
    for row in rows:
        entry = {name: value for name, value in row.items() if name != "prompt"}
        made.add(str(row["id"]), str(row["prompt"]), entry=entry)
    return made.done()


_WRITERS: Mapping[str, Callable[[Path], InventedBenchmark]] = {
    "geneval": _geneval,
    "geneval2": _geneval2,
    "dpg": _dpg,
    "t2i-compbench": _t2i_compbench,
    "oneig": _oneig,
    "longtext": _longtext,
    "wise": _wise,
    "unigenbench": _unigenbench,
    "hpsv2": _hpsv2,
    "tifa": _tifa,
    "partiprompts": _partiprompts,
    "drawbench": _drawbench,
    "risebench": _risebench,
    "imgedit": _imgedit,
    "gedit": _gedit,
    "evalscope": _evalscope,
}
NAMES = tuple(_WRITERS)
"""Every benchmark that can be imported."""
