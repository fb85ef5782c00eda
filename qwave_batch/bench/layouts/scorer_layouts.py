"""The layout of each benchmark, as its own scorer reads it."""

import json
from collections.abc import Mapping

from qwave_batch.bench.layouts.bench_rows import BenchRow, PlaceFault
from qwave_batch.bench.layouts.scorer_layout import ANY, GRID, Listing, PictureForm, ScorerLayout
from qwave_batch.errors import UnknownName
from qwave_batch.model.jsontypes import Json

_PER_PROMPT = 10
"""Images of a prompt in T2I-CompBench++, whose numbers run on through a category."""
_EVALSCOPE_FILE = "default.jsonl"
"""The name that EvalScope looks for when it is given the folder."""


def _geneval(row: BenchRow, image: int, _: str) -> str:
    return f"{row.number:05}/samples/{image:04}.png"


def _geneval_metadata(row: BenchRow) -> tuple[str, bytes]:
    for key in ("tag", "include", "prompt"):
        if key not in row.entry:
            raise PlaceFault(f'it has no "{key}", which its scorer reads')
    # one object, which the scorer reads as one JSON document although the name says lines
    return f"{row.number:05}/metadata.jsonl", f"{json.dumps(row.entry)}\n".encode()


def _numbered(row: BenchRow, _: int, __: str) -> str:
    return f"images/{row.number:05}.png"


def _numbered_images(row: BenchRow, image: int, _: str) -> str:
    return f"images/{_id_of(row, image)}.png"


def _id_of(row: BenchRow, image: int) -> str:
    return f"{row.number:05}" if row.images == 1 else f"{row.number:05}_{image}"


def _by_prompt(row: BenchRow, _: int, path: str) -> tuple[str, Json]:
    return row.prompt, path


def _by_id(row: BenchRow, _: int, path: str) -> tuple[str, Json]:
    return row.text("id"), path


def _dpg(row: BenchRow, _: int, __: str) -> str:
    item = row.text("item_id")
    if "." in item:
        raise PlaceFault(f'its item_id "{item}" has a dot, and its scorer reads ids up to the first one')
    return f"{item}.png"


def _t2i_compbench(row: BenchRow, image: int, _: str) -> str:
    prompt = row.name(row.prompt)
    if "_" in prompt:
        raise PlaceFault(f'"{prompt}" has "_" in it, and its scorer reads prompts from file names, up to a "_"')
    return f"{row.name(row.part)}/samples/{prompt}_{row.number * _PER_PROMPT + image:06}.png"


def _oneig(row: BenchRow, _: int, model: str) -> str:
    id_ = row.text("id")
    if not (id_.isascii() and id_.isalnum()):
        raise PlaceFault(f'its id "{id_}" has more than letters and digits, and its scorer looks for it as a glob')
    return f"{row.name(row.part)}/{model}/{id_}.webp"


def _longtext(row: BenchRow, image: int, _: str) -> str:
    return f"{row.index('prompt_id'):04}_{image + 1}.png"


def _wise(row: BenchRow, _: int, __: str) -> str:
    return f"{row.index('prompt_id')}.png"


def _unigenbench(row: BenchRow, image: int, model: str) -> str:
    return f"{row.name(row.part)}/{model}/{row.index('index')}_{image}.png"


def _hpsv2(row: BenchRow, _: int, __: str) -> str:
    return f"{row.name(row.part)}/{row.number:05}.jpg"


def _drawbench(row: BenchRow, _: int, model: str) -> str:
    return f"{model}/{row.number:05}.jpg"


def _risebench(row: BenchRow, _: int, __: str) -> str:
    return f"images/{row.text('category')}/{row.text('index')}.png"


def _imgedit(row: BenchRow, _: int, __: str) -> str:
    return f"{row.text('key')}.png"


def _gedit(row: BenchRow, _: int, model: str) -> str:
    return f"{_gedit_stem(row, model)}.png"


def _gedit_edited(row: BenchRow, model: str) -> str:
    return f"{_gedit_stem(row, model)}_SRCIMG.png"


def _gedit_stem(row: BenchRow, model: str) -> str:
    return f"{model}/fullset/{row.text('task_type')}/{row.text('language')}/{row.text('key')}"


def _evalscope(row: BenchRow, image: int, path: str) -> tuple[str, Json]:
    id_ = row.entry.get("id", row.number)
    return f"{id_} {image}", {**row.entry, "id": id_, "prompt": row.prompt, "image_path": path}


def _partiprompts(row: BenchRow, image: int, path: str) -> tuple[str, Json]:
    id_ = _id_of(row, image)
    tags = [tag for key in ("Category", "Challenge") if isinstance(tag := row.entry.get(key), str) and tag]
    return id_, {"id": id_, "prompt": row.prompt, "image_path": path, "tags": tags}


_RAISES = "its scorer ends with an error where an image is missing"
_SHIFTS = "its scorer silently takes the next image for one that is missing"

LAYOUTS: Mapping[str, ScorerLayout] = {
    "geneval": ScorerLayout(path=_geneval, images=None, beside=_geneval_metadata),
    "geneval2": ScorerLayout(
        path=_numbered,
        images=1,
        listing=Listing(path="image_paths.json", entry=_by_prompt, is_rooted=True),
        no_skip={ANY: _RAISES},
    ),
    "dpg": ScorerLayout(path=_dpg, images=GRID, is_grid=True),
    "t2i-compbench": ScorerLayout(
        path=_t2i_compbench,
        images=_PER_PROMPT,
        no_skip={"complex": "its 3-in-1 score finds the images of a prompt by their place"},
    ),
    "oneig": ScorerLayout(
        path=_oneig,
        images=GRID,
        form=PictureForm.WEBP,
        is_grid=True,
        has_models=True,
        drops_black=True,
        is_found_by_prefix=True,
    ),
    "longtext": ScorerLayout(path=_longtext, images=4),
    "wise": ScorerLayout(path=_wise, images=1),
    "unigenbench": ScorerLayout(path=_unigenbench, images=4, has_models=True, no_skip={ANY: _RAISES}),
    "hpsv2": ScorerLayout(
        path=_hpsv2,
        images=1,
        form=PictureForm.JPEG,
        no_skip={ANY: _SHIFTS},
        by_part={"drawbench": "drawbench"},
    ),
    "drawbench": ScorerLayout(
        path=_drawbench, images=1, form=PictureForm.JPEG, has_models=True, no_skip={ANY: _SHIFTS}
    ),
    "tifa": ScorerLayout(
        path=_numbered, images=1, listing=Listing(path="images.json", entry=_by_id), no_skip={ANY: _RAISES}
    ),
    "partiprompts": ScorerLayout(
        path=_numbered_images,
        images=None,
        listing=Listing(path=_EVALSCOPE_FILE, entry=_partiprompts, is_lines=True, is_rooted=True),
    ),
    "risebench": ScorerLayout(path=_risebench, images=1, no_skip={ANY: _RAISES}),
    "imgedit": ScorerLayout(
        path=_imgedit, images=1, no_skip={ANY: "its scorer can't average once an image was missing"}
    ),
    "gedit": ScorerLayout(path=_gedit, images=1, has_models=True, edited=_gedit_edited),
    "evalscope": ScorerLayout(
        path=_numbered_images,
        images=None,
        listing=Listing(path=_EVALSCOPE_FILE, entry=_evalscope, is_lines=True, is_rooted=True),
    ),
}
"""The layouts by the name of the benchmark."""


def layout_named(benchmark: str) -> ScorerLayout:
    """Return the layout of a benchmark.

    Raises:
        UnknownName: there is none of that name.
    """
    if benchmark not in LAYOUTS:
        raise UnknownName("benchmark", benchmark, LAYOUTS, hint=f"there is {', '.join(LAYOUTS)}")
    return LAYOUTS[benchmark]
