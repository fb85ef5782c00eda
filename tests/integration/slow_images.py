"""The program with the caps on images lifted, and an API that serves one which takes long: for tests of Ctrl-C."""

import sys
import threading
from pathlib import Path

from qwave_batch.__main__ import entry
from qwave_batch.imaging.formats import jpeg
from qwave_batch.imaging.formats.judging import Content, Effort, Size
from qwave_batch.simulator import server
from qwave_batch.simulator.image_drawing import render

SLOW = Path("slow.jpg")
"""While this file is there, the API serves it in place of each image."""


def serve_slow_images() -> None:
    """Have the simulator serve the slow image, which no honest one does."""

    def render_slowly(image: object, number: int) -> bytes:
        return SLOW.read_bytes() if SLOW.exists() else render(image, number)  # type: ignore[arg-type]

    vars(server)["render"] = render_slowly


def decode_slow_images() -> None:
    """Lift the caps that would refuse the slow image, and tell when and in which thread one is decoded."""
    check = jpeg.check_jpeg

    def tell(content: Content, effort: Effort) -> Size:
        sys.stderr.write(f"decoding in {threading.current_thread().name}\n")
        return check(content, effort)

    vars(jpeg).update(check_jpeg=tell, _MAX_SCANS=sys.maxsize, _MAX_WORK_NS=sys.maxsize)


if __name__ == "__main__":
    serve_slow_images()
    decode_slow_images()
    sys.exit(entry())
