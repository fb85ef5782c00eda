"""``qwave-batch where``: which job, spec and folder made an image, and the smallest spec that makes the job again."""

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.options import add_json, an_address

if TYPE_CHECKING:
    from qwave_batch.folders import ImageOrigin, OriginSearch

USAGE = "IMAGE|SHA256 [DIR...] [options]"

STRANGE = 1
"""The exit status for an image that none of the folders made."""

_NOTES = {
    "left_plan": "the plan of this folder no longer holds the job",
    "reads_inputs": "it names files in inputs/ as seen from the current folder: save it here; outside of the git "
    "work tree, read them with --allow-read DIR",
    "inputs_in_store": "it names files as inputs/NAME, which lie in the store: copy them beside it",
    "input_missing": "an image that the job was given is not in the folder's inputs/ any more",
    "signed_addresses": "the addresses of its images were signed for a time: sign them anew before a run",
    "own_catalog": "this catalog does not ship: name its folder with --catalog-path",
    "with_repeats": "the job is the last of these repeats: run it alone with --only",
    "with_parents": "the job is made from others: the spec makes those too, a stage for each",
    "parent_gone": "the folder no longer holds a job that it is made from, so there is no spec of it",
    "not_restored": "the folder does not hold all that the request was made of, so there is no spec of this job alone",
}
"""By the note on a spec: the words about it."""


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument(
        "image", metavar="IMAGE|SHA256", type=an_address, help="a file, also an exported and marked one, or a hash"
    )
    parser.add_argument(
        "folders",
        metavar="DIR",
        nargs="*",
        default=[],
        type=an_address,
        help="run folders, folders that hold some, or stores; else the run folder around the file, and all below the "
        "current folder",
    )
    add_json(parser, "job, folder, spec hash, line and spec")


def execute(args: Namespace, console: Console) -> int:
    """Print the spec of the job that made an image; 1 when no job in the folders did."""
    found = qb.folders.find_origins(args.image, args.folders)
    for error in found.unread:
        console.say(*wrap(console.err.shown(f"passed over: {error}"), console.err.width, hang="    "))
    if not found.origins:
        searched = count(found.searched, "run folder") if found.searched else "no run folder, name one"
        console.say(console.err.shown(f"no job made {args.image} (looked in {searched})"))
    if args.json:
        console.print_json(found.as_json())
    else:
        console.print(_draw(found, console.out))
    return 0 if found.origins else STRANGE


def _draw(found: "OriginSearch", terminal: Terminal) -> Iterator[str]:
    """Yield the spec of the first origin, below all of them as comments, so that the whole is a spec."""
    for number, origin in enumerate(found.origins):
        if number:
            yield "#"
        yield from (f"# {terminal.shown(line)}" for line in _facts(origin))
    if found.origins:
        yield from (found.origins[0].spec or "").splitlines()


def _facts(origin: "ImageOrigin") -> Iterator[str]:
    place = "no line of" if origin.number is None else f"line {origin.number:,} of"
    yield f"job {origin.job_id}, {place} {_on_a_line(origin.folder)}/manifest.jsonl"
    image = f"image {_on_a_line(origin.path)}, " if origin.path else ""
    yield f"{image}prompt {_on_a_line(origin.prompt_id)}, model {_on_a_line(origin.model)}"
    yield f"spec {_on_a_line(origin.spec_name or '-')}, sha256 {origin.spec_sha256 or '-'}"
    yield from (_NOTES[note] for note in origin.notes)


def _on_a_line(text: object) -> str:
    return " ".join(str(text).splitlines())
