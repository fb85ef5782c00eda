"""AVIF, TIFF, BMP and JPEG 2000: decoded in a process of their own, which the system holds to time and memory.

Nobody asks for these formats, so they are rare. Their headers do not bound what a decode takes, and some of their
decoders let no other thread run meanwhile.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from qwave_batch.imaging.formats.judging import (
    LARGE_DECODE,
    MAX_PIXELS,
    BadImage,
    Content,
    Effort,
    NotRead,
    Size,
    check_image_size,
    memory,
)

_CPU_S = 5
_WALL_S = 60.0
_MEMORY_BYTES = 900 * 2**20
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def bare_environment() -> dict[str, str]:
    """Return the part of the environment that an interpreter may need to start; it has no key of any API."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


_DECODE = """
import sys
try:
    import resource
    for limit, most in ((resource.RLIMIT_AS, int(sys.argv[1])), (resource.RLIMIT_CPU, int(sys.argv[2])),
                        (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))
except (ImportError, ValueError, OSError):
    pass
import importlib, io, json, warnings
warnings.simplefilter("ignore")
sys.path[:] = json.loads(sys.argv[5])
try:
    from PIL import Image
    plugin = importlib.import_module("PIL." + sys.argv[4])
    name = sys.argv[6]
    if name == "AVIF":
        plugin.DEFAULT_MAX_THREADS = 1
        if not plugin.SUPPORTED:
            raise ImportError
except ImportError:
    print(json.dumps("unread"))
    sys.exit()
try:
    Image.MAX_IMAGE_PIXELS = None
    image = Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=(name,))
    if image.size[0] * image.size[1] <= int(sys.argv[3]):
        image.load()
    small = None
    if sys.argv[7] == "small":
        small = importlib.import_module("qwave_batch.imaging.formats.shrinking").picture_as_json(image)
    print(json.dumps([*image.size, small]))
except MemoryError:
    print(json.dumps("memory"))
except Exception:
    print(json.dumps("damaged"))
"""


@dataclass(frozen=True, slots=True)
class _PillowFormat:
    """How Pillow calls a format."""

    plugin: str
    name: str
    title: str


_PILLOW_FORMATS = {
    "avif": _PillowFormat("AvifImagePlugin", "AVIF", "AVIF"),
    "tiff": _PillowFormat("TiffImagePlugin", "TIFF", "TIFF"),
    "bmp": _PillowFormat("BmpImagePlugin", "BMP", "BMP"),
    "jpeg2000": _PillowFormat("Jpeg2KImagePlugin", "JPEG2000", "JPEG 2000"),
}


def check_apart(image_format: str, content: Content, effort: Effort) -> Size:
    """Return the size of an image of such a format whose first, or only, image is whole.

    Raises:
        BadImage: it is damaged, or takes too much.
        NotRead: the library at hand does not read the format.
    """
    effort.check()
    reader = _PILLOW_FORMATS[image_format]
    wanted = "" if content.shrinker is None else "small"
    arguments = (_MEMORY_BYTES, _CPU_S, MAX_PIXELS, reader.plugin, json.dumps(sys.path), reader.name, wanted)
    with memory(LARGE_DECODE + 1):  # one process at a time
        told = _told(content.data, [str(argument) for argument in arguments], reader)
    match told:
        case [int(width), int(height), small]:
            check_image_size((width, height))
            if content.shrinker is not None:
                content.shrinker.take_made(small)
            return width, height
        case "unread":
            raise NotRead
        case "memory":
            raise BadImage(f"{reader.title} takes more than {_MEMORY_BYTES // 2**20} MiB of memory to decode")
        case _:
            raise BadImage(f"{reader.title} does not decode")


def _told(data: bytes, arguments: list[str], reader: _PillowFormat) -> object:
    try:
        ended = subprocess.run(  # noqa: S603 - our own interpreter, and nothing of the file in its arguments
            [sys.executable, "-I", "-c", _DECODE, *arguments],
            input=data,
            capture_output=True,
            timeout=_WALL_S,
            check=False,
            env=bare_environment(),
        )
    except subprocess.TimeoutExpired:
        ended = None
    except OSError:
        raise NotRead from None
    if ended is None or ended.returncode < 0:  # by a signal of the system, as a rule for its time
        raise BadImage(f"{reader.title} takes more than {_CPU_S} s of processor time to decode, or ends its decoder")
    try:
        return json.loads(ended.stdout)
    except ValueError:
        return "damaged"
