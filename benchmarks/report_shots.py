"""How does the report look: every page, light and dark, at 390 and at 1440 pixels?

A run of the simulator with votes of two made-up raters gives a report, and Chromium takes pictures of its pages; with
`--report` those of a report that is there. Look at each of them after a change of the page.

    python -m benchmarks.report_shots OUT
    python -m benchmarks.report_shots OUT --report runs/teahouse-ab/report --only grid --only vote
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, groupby, product
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

import qwave_batch as qb
from benchmarks.folder import CHECKOUT
from qwave_batch.scoring.score_lines import KeptLine
from qwave_batch.scoring.scorer import Better, Output, ScoreError
from tests.chromium import BROWSERS, Chromium, PageGuard, find_chromium, home_of
from tests.scored_folders import a_score, a_scorer, write_scores

WIDTHS = {390: 844, 1440: 900}
THEMES = ("light", "dark")
PATIENCE_MS, SETTLE_MS = 5_000, 700
RATERS = {"ada": 0.92, "ben": 0.85}
"""How surely each rater takes the image of the model that is the better one."""
SPEC = """\
version: 1
name: teahouse-ab
description: Which model paints the teahouse?
catalog: "2026-10"
prompts:
  - {id: alley, text: "An old alley in autumn, soft light", tags: [street]}
  - {id: canal, text: "A teahouse by a canal in the rain, seen from a bridge", tags: [street, night]}
  - {id: lantern, text: One paper lantern on a dark stair, tags: [night]}
  - {id: kettle, text: Steam over a copper kettle, tags: [still life]}
  - {id: garden, text: "A garden of moss after rain, a stone path leads to a low gate", tags: [garden]}
  - {id: market, text: "A morning market under paper umbrellas, fish and greens on ice", tags: [street, people]}
  - {id: potter, text: "A potter at her wheel, side light, clay on her hands", tags: [people]}
  - {id: sign, text: 'A wooden sign that says "OPEN UNTIL TEN"', tags: [text]}
  - {id: snow, text: "Two umbrellas in deep snow, seen from a roof", tags: [night]}
  - {id: ferry, text: The last ferry leaves at dusk, tags: [people, night]}
  - {id: bowl, text: "A chipped tea bowl, mended with gold", tags: [still life]}
  - {id: bridge, text: "An arched bridge and its reflection, flat colours, as a woodblock print"}
matrix:
  model: [wan2.7-image, flux-2-pro, gpt-image-2, seedream-5.0-lite]
  aspect_ratio: ["1:1", "16:9"]
"""
STRENGTHS = ("wan2.7-image", "seedream-5.0-lite", "flux-2-pro", "gpt-image-2")
"""The models of the made-up votes, the weakest first."""


def make_report(home: Path) -> Path:
    """Return the report of a run with votes, made anew; the run stays as it is."""
    folder = home / "teahouse-ab"
    if not folder.exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
        faults = "upstream_bad_request=0.02,prompt_denied=0.01"
        connection = qb.Simulated(seed=8, latency="lognormal(4,0.45)", faults=faults)
        qb.run_batch_sync(home / "spec.yaml", connection=connection, out_dir=folder)
    if not (folder / "votes.jsonl").exists():
        call("report", folder)
        votes = home / "votes.jsonl"
        votes.write_text("".join(f"{json.dumps(vote)}\n" for vote in votes_on(folder)), encoding="utf-8")
        call("votes", folder, votes)
    if not (folder / "scores.jsonl").exists():
        write_scores(folder, scores_of(folder))
    call("report", folder)
    return folder / "report"


def scores_of(folder: Path) -> Iterator[KeptLine]:
    """Yield the scores of two made-up scorers: one reads text and fails on some images, the other answers questions."""
    rng = random.Random(6)
    ocr = a_scorer(
        "ocr", {"cer": Output((0, None), Better.LOWER), "words": Output((0, 1), Better.HIGHER)}, version="3.10"
    )
    judge = a_scorer("judge", {"answers": Output((0, 1), Better.HIGHER)}, version="1", params={"model": "a-judge"})
    yield from (ocr, judge)
    for line in lines_of(folder):
        skill = STRENGTHS.index(line["model"]) / len(STRENGTHS)
        for number, image in enumerate(line["images"]):
            cer = max(0.0, rng.gauss(0.4 - 0.35 * skill, 0.1))
            told = {"sha256": image["sha256"], "image": number}
            if rng.random() < 0.04:
                error = ScoreError("image_too_small", "The image is less than 32 pixels high")
                yield replace(a_score(ocr, line["job_id"], {}, error=error), **told)
            else:
                read = {"read": line["prompt"][: int(40 - 60 * cer)], "wanted": line["prompt"][:40]}
                yield replace(
                    a_score(ocr, line["job_id"], {"cer": cer, "words": max(0.0, 1 - cer)}), **told, details=read
                )
            asked = [(question, rng.random() < 0.4 + skill / 2) for question in QUESTIONS]
            answers = [
                {
                    "id": str(at),
                    "question": question,
                    "expected": "yes",
                    "answer": "yes" if is_so else "no",
                    "right": is_so,
                }
                for at, (question, is_so) in enumerate(asked, start=1)
            ]
            share = sum(is_so for _, is_so in asked) / len(asked)
            score = a_score(judge, line["job_id"], {"answers": share})
            yield replace(score, **told, details={"questions": answers, "raw": [{"text": "1: yes"}]})


QUESTIONS = ("Is the main subject of the prompt in the image?", "Are the colours as asked?", "Is its light as asked?")


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """Return the completed lines of the manifest."""
    text = (folder / "manifest.jsonl").read_text(encoding="utf-8")
    return [line for line in map(json.loads, text.split("\n")[:-1]) if line["status"] == "completed"]


def votes_on(folder: Path) -> list[dict[str, object]]:
    """Return the votes of raters who know the better model more or less surely, on all pairs of a prompt and ratio."""
    index = (folder / "report" / "data" / "index.js").read_text(encoding="utf-8")
    shown = json.loads(index[index.index(",") + 1 : index.rindex(")")])["folders"]
    run = {"folders": [{"id": each["id"], "spec_sha256": each["spec_sha256"]} for each in shown]}
    rng = random.Random(5)
    return [
        {
            "vote": 1,
            "run": run,
            "axis": "model",
            "left": {"job_id": left["job_id"], "image": 0},
            "right": {"job_id": right["job_id"], "image": 0},
            "winner": answer(rng, left["model"], right["model"], surety),
            "criterion": "overall",
            "rater": rater,
            "pair": "~".join(sorted(f"{one['job_id']}.0" for one in (left, right))),
            "at": f"2026-11-28T20:{number % 60:02}:00Z",
        }
        for rater, surety in RATERS.items()
        for number, (left, right) in enumerate(pairs_of(folder, rng))
    ]


def pairs_of(folder: Path, rng: random.Random) -> list[list[dict[str, str]]]:
    """Return the lines of the manifest that differ in their model only, two at a time, with sides drawn by lot."""
    lines = lines_of(folder)

    def place(line: Mapping[str, Mapping[str, str]]) -> tuple[object, object]:
        return line["prompt_id"], line["axes"]["aspect_ratio"]

    groups = groupby(sorted(lines, key=place), key=place)
    return [rng.sample(pair, 2) for _, group in groups for pair in combinations(group, 2)]


def answer(rng: random.Random, left: str, right: str, surety: float) -> str:
    """Return who wins in the eyes of a rater."""
    if rng.random() < 0.1:
        return "tie"
    is_left = STRENGTHS.index(left) > STRENGTHS.index(right)
    return "left" if is_left == (rng.random() < surety) else "right"


def call(*argv: object) -> None:
    """Run a command of this checkout."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1"}
    subprocess.run((sys.executable, "-m", "qwave_batch", *map(str, argv)), check=True, cwd=CHECKOUT, env=environment)


def open_image(page: Page) -> None:
    """Open the first image with the keyboard."""
    page.locator("[role=gridcell]:has(img)").first.press("Enter")


def compare_two(page: Page) -> None:
    """Compare two images of one prompt."""
    for model in STRENGTHS[-2:]:
        page.get_by_role("gridcell", name=f"canal, {model}, completed").first.press("c")
    page.get_by_role("navigation").get_by_text("Compare").click()


def start_votes(page: Page) -> None:
    """Begin to vote."""
    page.get_by_role("textbox", name="Rater").fill("Carla")
    page.get_by_role("button", name="Start").click()


def scroll_details(page: Page) -> None:
    """Open the first image and look at its scores."""
    open_image(page)
    page.locator(".remark").first.scroll_into_view_if_needed()


def scroll_to_scores(page: Page) -> None:
    """Look at the figures of scores."""
    page.get_by_role("figure", name="Scores by model").scroll_into_view_if_needed()


def stay(_: Page) -> None:
    """Do nothing."""


PLACES = "page=grid&rows=prompt&cols=model&supercols=aspect_ratio"
SHOTS: Mapping[str, tuple[str, Callable[[Page], None]]] = {
    "grid": (PLACES, stay),
    "grid-tags": ("page=grid&rows=tag&cols=model&superrows=aspect_ratio&size=small", stay),
    "grid-scores": (f"{PLACES}&showscore=ocr.cer&sort=worst&score=ocr.cer%3Agt%3A0.05", stay),
    "lightbox": (PLACES, open_image),
    "lightbox-scores": (PLACES, scroll_details),
    "compare": (PLACES, compare_two),
    "compare-empty": ("page=compare", stay),
    "vote": ("page=vote", stay),
    "voting": ("page=vote", start_votes),
    "results": ("page=results", stay),
    "figures": ("page=figures", stay),
    "figures-scores": ("page=figures", scroll_to_scores),
}
"""Pages by the names of their pictures: the view, and what is done there first."""


def take(
    browser: Browser, address: str, name: str, picture: Path, *, options: Mapping[str, Any], colours: int
) -> Iterator[str]:
    """Take one picture, and yield what went wrong on the page."""
    fragment, prepare = SHOTS[name]
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    guard = PageGuard(context, home_of(address))
    try:
        page = context.new_page()
        page.goto(f"{address}#{fragment}")
        prepare(page)
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=picture)
        if colours:
            reduce(picture, colours)
        if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            yield f"{picture.name}: {over} px too wide"
    except PlaywrightError as problem:
        yield f"{picture.name}: {problem.message.splitlines()[0]}"
    yield from (f"{picture.name}: {fault}" for fault in guard.faults)
    context.close()


def reduce(picture: Path, colours: int) -> None:
    """Make a picture small enough for documents."""
    with Image.open(picture) as shot:
        small = shot.convert("RGB").quantize(colours, kmeans=3, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


def take_all(chromium: Chromium, report: Path, out: Path, names: Sequence[str], colours: int) -> list[str]:
    """Take the pictures of these names, and return what went wrong."""
    address, faults = (report / "index.html").resolve().as_uri(), list[str]()
    with chromium.at_hand() as browser:
        for (width, height), theme, name in product(WIDTHS.items(), THEMES, names):
            options = {"viewport": {"width": width, "height": height}, "color_scheme": theme}
            picture = out / f"{name}-{width}-{theme}.png"
            faults.extend(take(browser, address, name, picture, options=options, colours=colours))
    return faults


def main(argv: Sequence[str]) -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--only", action="append", choices=list(SHOTS))
    parser.add_argument("--keep", type=Path, help="a folder for the run, which is made there once")
    parser.add_argument("--colours", type=int, default=0, help="in a picture, for small files; 0 for all")
    args = parser.parse_args(argv)
    program = find_chromium(BROWSERS)
    if program is None:
        raise SystemExit("no Chromium on this machine")
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        report = args.report or make_report(args.keep or Path(scratch))
        chromium = Chromium(program)
        faults = take_all(chromium, report, args.out, args.only or list(SHOTS), args.colours)
        chromium.close()
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
