"""The simulator's images: a quiet landscape per prompt and seed, with model, prompt and seed written on it.

An image is drawn in one channel, from dark ground to light sky, and coloured by a palette derived from the prompt,
which keeps it cheap. The upper part of the channel's range is the band with the model's name.
"""

import io
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Self

from PIL import Image, ImageDraw, ImageFilter, PngImagePlugin

from qwave_batch.catalog.model import Model
from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.simulator import text_drawing
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.image_content import HUES, ImageContent
from qwave_batch.simulator.latency import fraction, pick

CONTENT_TYPES: Mapping[str, str] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
EXTENSIONS: Mapping[str, str] = {"png": "png", "jpeg": "jpg", "webp": "webp"}

_SIDE_OF_1K = 256  # pixels; a quarter of the real thing, so that an image costs a millisecond or two
_LONGEST_PROMPT = 600  # characters kept; more does not fit on any image
_MOST_PIXELS = 32 * 1024 * 1024  # a state file may have been edited; our own images are far below
_GRID_PIXELS = 32
_TOP = 191  # the lightest value of the landscape; the band is above it
_HILLS = ((0.50, 92), (0.60, 58), (0.74, 26))  # position of each ridge from the top, and its lightness
_IS_GROUND = [255 if value <= _HILLS[0][1] + 12 else 0 for value in range(256)]
_FOOT_INK = 150
_SPECKLE = 6
_SPANS = 6  # few enough to be computed once each
_SHARE_OF_PROMPT = 0.45  # the part of the height that a long prompt may take
_RATIO = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
_TIER = re.compile(r"(?<![\d.])([\d.]+)\s*(k|mp|sq)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDesign:
    """Everything that decides the content of one task's images."""

    model: str
    prompt: str
    seed: int | None
    """The seed to show; None when the image is random."""
    variation: str
    """Distinguishes images of equal prompts: the request's hash, and the task if the seed is random."""
    ratio: str
    """``W:H``, never ``auto``."""
    tier: str
    format: str
    """``png``, ``jpeg`` or ``webp``."""
    transparent: bool
    count: int
    """The number of images."""
    version: str = ""
    """The version of the model, for tasks that go on from this one; empty where none was asked for."""
    speckle: str = ""
    """Decides which few pixels differ from those of other tasks with the same request; empty where none do."""
    stamp: str = ""
    """A text in the file, beside the picture; empty without one."""
    inputs: tuple[str, ...] = ()
    """The SHA-256 of each input image that the API has looked at: the picture names them."""
    hue: int | None = None
    """The hue that it takes over from its first input image; None where the prompt decides it."""

    @property
    def extension(self) -> str:
        """The ending of the files' names."""
        return EXTENSIONS[self.format]

    @property
    def content_type(self) -> str:
        """The media type of the files."""
        return CONTENT_TYPES[self.format]

    def as_json(self) -> str:
        """Return the design as the store keeps it."""
        return json.dumps(_CODEC.encode(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the output of ``as_json``; raises ValueError for anything else."""
        order = _CODEC.decode(json.loads(text), cls)
        if (
            max(map(len, (order.model, order.prompt, order.variation, order.ratio, order.tier, order.version)))
            > _LONGEST_PROMPT
            or max(map(len, (order.speckle, order.stamp, *order.inputs))) > _LONGEST_PROMPT
        ):
            raise ValueError("the order of an image is not one of ours")
        wide, high = pixel_size(order.ratio, order.tier)
        if order.format not in EXTENSIONS or not 0 < wide * high <= _MOST_PIXELS:
            raise ValueError("an image of no format or size that is ours was ordered")
        return order


_CODEC = Codec(
    {
        ImageDesign: {
            **dict.fromkeys(("version", "speckle", "stamp"), Key(is_default_written=False, absent="")),
            "inputs": Key(is_default_written=False, absent=()),
            "hue": Key(is_default_written=False, absent=None),
        }
    },
    exact=True,
)
"""Tasks of an earlier program have none of these."""


def design_images(  # noqa: PLR0913 - all by name, and none goes with another
    model: Model,
    request: JsonObject,
    *,
    body_hash: str,
    task_id: str,
    count: int,
    version: str = "",
    inputs: Sequence[ImageContent] = (),
) -> ImageDesign:
    """Return the design of a task's images. Without a seed in the request they vary by task."""
    seed = request.get("seed") if model.takes_seed else None
    seed = int(seed) if isinstance(seed, int | float) and seed >= 0 else None
    asked, tier = _written_size(request) or (
        _setting(model, request, "aspect_ratio", "1:1"),
        _setting(model, request, "resolution", model.native_resolution or "1K"),
    )
    choices = [ratio for ratio in model.ratios if _RATIO.fullmatch(ratio)] or ["1:1"]
    return ImageDesign(
        model=model.name,
        prompt=str(request.get("prompt", ""))[:_LONGEST_PROMPT],
        seed=seed,
        variation=body_hash if seed is not None else f"{body_hash}/{task_id}",
        ratio=asked if _RATIO.fullmatch(asked) else choices[pick(len(choices), body_hash, "ratio")],
        tier=tier,
        format=_format(model.image_format(request)),
        transparent=request.get("background") == "transparent",
        count=count,
        version=version,
        inputs=tuple(one.digest for one in inputs),
        hue=inputs[0].hue if inputs else None,
    )


def unlike_other_tasks(design: ImageDesign, task_id: str, faults: Collection[FaultName]) -> ImageDesign:
    """Return the design of a task whose images differ, as the faults say, from those of the same request."""
    ignores_seed = FaultName.SEED_IGNORED in faults and design.seed is not None
    return replace(
        design,
        variation=f"{design.variation}/{task_id}" if ignores_seed else design.variation,
        speckle=task_id if FaultName.SEED_LOOSE in faults else "",
        stamp=task_id if FaultName.STAMPED_FILE in faults else "",
    )


def _written_size(request: JsonObject) -> tuple[str, str] | None:
    """Return the ratio and the tier of a width and a height in pixels, rounded down to the grid; None without both."""
    match request.get("width"), request.get("height"):
        case int(width), int(height) if min(width, height) >= _GRID_PIXELS:
            wide, high = width // _GRID_PIXELS, height // _GRID_PIXELS
            return f"{wide}:{high}", f"{math.sqrt(wide * high) * _GRID_PIXELS / 1024:.3f}k"
        case _:
            return None


def pixel_size(ratio: str, tier: str) -> tuple[int, int]:
    """Return the width and height of an image: exactly in ratio, its area that of the tier's square."""
    match = _RATIO.fullmatch(ratio)
    wide, high = (float(match[1]), float(match[2])) if match else (1.0, 1.0)
    while wide % 1 or high % 1:  # 9:19.5 is 18:39
        wide, high = wide * 2, high * 2
    common = math.gcd(int(wide), int(high)) or 1
    wide, high = int(wide) // common, int(high) // common
    times = max(1, round(_side(tier) / math.sqrt(max(1, wide * high))))
    return int(wide) * times, int(high) * times


def render(order: ImageDesign, number: int) -> bytes:
    """Return the file of one image, ``number`` counting from 1; the same design always gives the same bytes."""
    wide, high = pixel_size(order.ratio, order.tier)
    page = _lay_out(order, number, wide, high)
    image = _landscape(order, number, page)
    sky = image.point(_IS_GROUND) if order.transparent else None
    band = _band(page)
    image.paste(band, (0, 0))
    if sky is not None:
        sky.paste(255, (0, 0, *band.size))
    for row, text in enumerate([*page.prompt, *page.foot]):
        ink = _TOP if row < len(page.prompt) else _FOOT_INK
        text_drawing.draw(image, (page.margin, page.text_top + row * page.line), text, page.size, ink)
    if order.speckle:
        _speckle(image, f"{order.speckle}/{number}")
    return _encode(image, order, sky)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Position of the text, in pixels."""

    wide: int
    high: int
    size: int
    line: int
    margin: int
    names: list[str]
    prompt: list[str]
    foot: list[str]
    text_top: int


def _lay_out(order: ImageDesign, number: int, wide: int, high: int) -> _Page:
    size = max(10, min(round(math.sqrt(wide * high) / 20), wide // 7, high // 5))
    line, margin = text_drawing.line_height(size), max(4, size // 2)
    room = wide - 2 * margin
    names = text_drawing.wrap_to_pixels(order.model, size, room, 6 if wide < high else 3)
    seed = f"seed {order.seed}" if order.seed is not None else "random"
    which = f"  {number}/{order.count}" if order.count > 1 else ""
    foot = text_drawing.wrap_to_pixels(
        f"{seed}  {order.ratio}  {order.tier}{which}", size, room, 3 if wide < high else 1
    )
    if order.inputs:
        names_of_inputs = " ".join(["from", *(digest[:8] for digest in order.inputs)])
        foot += text_drawing.wrap_to_pixels(names_of_inputs, size, room, 1)
    free = high - line * (len(names) + len(foot)) - 2 * margin
    lines = max(0, min(free // line, round(high * _SHARE_OF_PROMPT / line)))
    prompt = text_drawing.wrap_to_pixels(text_drawing.readable(order.prompt), size, room, lines)
    text_top = high - margin // 2 - line * (len(foot) + len(prompt))
    return _Page(
        wide=wide, high=high, size=size, line=line, margin=margin,
        names=names, prompt=prompt, foot=foot, text_top=text_top,
    )  # fmt: skip


def _side(tier: str) -> float:
    match = _TIER.search(tier)
    number, unit = (float(match[1]), match[2].lower()) if match else (1.0, "k")
    kilopixels = {"k": number, "mp": math.sqrt(number), "sq": number / 1024}[unit]
    return _SIDE_OF_1K * math.sqrt(kilopixels)  # grows slower than the real side: a 4K costs no more than 4 times a 1K


def _landscape(order: ImageDesign, number: int, page: _Page) -> Image.Image:
    wide, high = page.wide, page.high
    image = _sky(high).resize((wide, high), Image.Resampling.NEAREST)
    facts = (order.model, order.variation, number)
    pen = ImageDraw.Draw(image)
    x, y = wide * (0.15 + 0.7 * fraction(*facts, "x")), high * (0.26 + 0.14 * fraction(*facts, "y"))
    radius = math.sqrt(wide * high) * (0.06 + 0.07 * fraction(*facts, "radius"))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_TOP)
    step = max(4, wide // 48)
    lift = max(0.0, high * _HILLS[-1][0] - page.text_top + page.line)  # the text is placed on the dark ground
    for hill, (base, light) in enumerate(_HILLS):
        phase, waves = math.tau * fraction(*facts, "phase", hill), 0.7 + 1.6 * fraction(*facts, "waves", hill)
        swing = min(wide, high) * (0.03 + 0.05 * fraction(*facts, "swing", hill))
        level = high * base - lift * (0.6 if hill == 0 else 1)
        ridge = [
            (at, level + swing * (math.sin(phase + math.tau * waves * at / wide) + 0.4 * math.sin(at / 9)))
            for at in range(0, wide + step, step)
        ]
        pen.polygon([*ridge, (wide, high), (0, high)], fill=light)
    return image.filter(ImageFilter.BoxBlur(1))


@lru_cache(maxsize=64)
def _sky(high: int) -> Image.Image:
    lowest = 112
    column = bytes(lowest + (_TOP - 16 - lowest) * (high - row) // high for row in range(high))
    return Image.frombytes("L", (1, high), column)


def _band(page: _Page) -> Image.Image:
    band = Image.new("L", (page.wide, page.line * len(page.names) + page.margin), _TOP + 1)
    for row, name in enumerate(page.names):
        text_drawing.draw(band, (page.margin, page.margin // 2 + row * page.line), name, page.size, 255)
    return band


def _palette(order: ImageDesign) -> bytes:
    """Colours for each value: the landscape's from dark to light by the prompt, then the band's by the model."""
    hue = pick(HUES, order.prompt, "hue") if order.hue is None else order.hue % HUES
    return _landscape_colours(hue, pick(_SPANS, order.prompt, "span")) + _band_colours(pick(HUES, order.model, "band"))


@lru_cache(maxsize=HUES * _SPANS)
def _landscape_colours(hue: int, span: int) -> bytes:
    turn, width = hue / HUES, 0.10 + 0.12 * span / _SPANS
    lights = [value / _TOP for value in range(_TOP + 1)]
    return b"".join(_rgb(turn + width * (1 - at), 0.13 + 0.80 * at**0.9, 0.42 + 0.18 * at) for at in lights)


@lru_cache(maxsize=HUES)
def _band_colours(hue: int) -> bytes:
    shares = [step / (254 - _TOP) for step in range(255 - _TOP)]
    return b"".join(_rgb(hue / HUES, 0.26 + 0.72 * share, 0.55 * (1 - share)) for share in shares)


def _rgb(hue: float, light: float, saturation: float) -> bytes:
    return bytes(round(255 * part) for part in hls_to_rgb(hue % 1, light, saturation))


def _speckle(image: Image.Image, decides: str) -> None:
    """Change one pixel in a hundred by a few levels, not enough to be seen."""
    rng = Random(decides)  # noqa: S311  # nothing secret depends on it
    for _ in range(image.width * image.height // 100):
        place = rng.randrange(image.width), rng.randrange(image.height)
        level = image.getpixel(place)
        if isinstance(level, int | float) and _SPECKLE <= level <= _TOP - _SPECKLE:
            image.putpixel(place, int(level) + rng.choice((-_SPECKLE, _SPECKLE)))


def _encode(image: Image.Image, order: ImageDesign, sky: Image.Image | None) -> bytes:
    image.putpalette(_palette(order))
    file = io.BytesIO()
    if sky is not None:
        image = image.convert("RGBA")
        image.putalpha(sky)
    elif order.format != "png":
        image = image.convert("RGB")
    match order.format:
        case "png":
            image.save(file, "PNG", compress_level=1, **({"pnginfo": _png_text(order.stamp)} if order.stamp else {}))
        case "webp":
            image.save(file, "WEBP", quality=80, method=0, **({"xmp": order.stamp.encode()} if order.stamp else {}))
        case _:
            image.save(file, "JPEG", quality=88, **({"comment": order.stamp} if order.stamp else {}))
    return file.getvalue()


def _png_text(stamp: str) -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Task", stamp)
    return texts


def _setting(model: Model, request: JsonObject, field: str, otherwise: str) -> str:
    value = request.get(field, model.defaults.get(field, otherwise))
    return value if isinstance(value, str) else otherwise


def _format(asked: str) -> str:
    name = "jpeg" if asked.lower() == "jpg" else asked.lower()
    return name if name in CONTENT_TYPES else "png"
