"""Pages as text, the code that stands in them, and an API for their commands to talk to."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Settings, Simulator, serve

FENCED = re.compile(r"^( *)```[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n|^\n(?= {4}))+", re.MULTILINE)
INLINE = re.compile(r"(`+)(.+?)\1", re.DOTALL)

CodeWords = Callable[[str], frozenset[str]]


@pytest.fixture(scope="session")
def code_words(checkout: Path) -> CodeWords:
    """A function from a page's name to the words that stand in code on it, in spans or in blocks."""

    def read(page: str) -> frozenset[str]:
        text = (checkout / page).read_text(encoding="utf-8")
        fenced = [match[2] for match in FENCED.finditer(text)]
        rest = FENCED.sub("\n", text)
        indented = [match[0] for match in INDENTED.finditer(rest)]
        inline = [match[2] for match in INLINE.finditer(INDENTED.sub("\n", rest))]
        return frozenset(re.findall(r"[\w.-]*\w", "\n".join([*fenced, *indented, *inline])))

    return read


@pytest.fixture(scope="session")
def other_offers() -> Iterator[str]:
    """The base URL of an embedded API whose models and prices are not those of its catalog."""
    settings = Settings(
        granted_usd=12.5,
        offers={
            "wan2.7-image": {"image_prices": {"default": 0.03}},
            "imagen-5.0": {"image_prices": {"default": 0.06}},
            "qwen-image-2.0": {"image_prices": {"default": 0.0225, "2k": 0.045}},
            "flux-kontext-max": None,
            "z-image-turbo": {"token_prices": {"output": 0.01}},
        },
    )
    told: SimpleQueue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve_until_told() -> None:
        ended = asyncio.Event()
        with Simulator(catalog=open_catalog("2026-10"), settings=settings) as simulator:
            async with serve(simulator) as base_url:
                told.put((base_url, asyncio.get_running_loop(), ended))
                await ended.wait()

    server = threading.Thread(target=lambda: asyncio.run(serve_until_told()))
    server.start()
    base_url, loop, ended = told.get(timeout=30)
    yield base_url
    loop.call_soon_threadsafe(ended.set)
    server.join()
