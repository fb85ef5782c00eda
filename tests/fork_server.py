"""A server that forks processes of the program and has everything loaded: a start costs hundredths of a second."""

import multiprocessing
import multiprocessing.util
import tempfile
from functools import cache
from multiprocessing.context import ForkServerContext

LOADED = (
    *("tests.fork_server", "tests.forked_programs", "tests.integration.doomed", "qwave_batch.__main__"),
    *(f"qwave_batch.cli.commands.{name}" for name in ("export", "init", "models", "plan", "run", "simulator")),
    *(f"qwave_batch.cli.commands.{name}" for name in ("repro", "status", "validate", "verify")),
    *("qwave_batch.api.run_batch", "qwave_batch.api.judge_setup", "qwave_batch.api.simulation"),
    *("qwave_batch.api.run_folder", "qwave_batch.simulator.server", "qwave_batch.client.transport"),
    *("qwave_batch.imaging.formats.jpeg", "qwave_batch.imaging.formats.png"),
    *("PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.GifImagePlugin", "PIL.BmpImagePlugin", "PIL.ImageFont"),
)
"""Modules that a run and the simulator load, at once or when they first need them."""


def context() -> ForkServerContext:
    """Return a context whose processes have everything loaded."""
    found = multiprocessing.get_context("forkserver")
    choose_a_short_path()
    found.set_forkserver_preload(list(LOADED))
    return found


@cache
def choose_a_short_path() -> None:
    """Have multiprocessing keep its sockets where their paths, which may have 107 bytes, are short."""
    usual, tempfile.tempdir = tempfile.gettempdir(), "/tmp"
    try:
        multiprocessing.util.get_temp_dir()
    finally:
        tempfile.tempdir = usual
