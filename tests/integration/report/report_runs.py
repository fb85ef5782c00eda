"""Runs whose reports are tested, made by the simulator, and what a report says of one."""

import json
from pathlib import Path
from typing import Any

from PIL import Image

import qwave_batch as qb
from qwave_batch.model.terms import Completion
from qwave_batch.runs import RunOptions
from tests.integration.report.nasty_prompts import NASTY

SPEC = """\
version: 1
name: teahouse-ab
description: Which model paints the teahouse?
catalog: "2026-10"

prompts:
  - {id: alley, text: "An old alley in autumn, soft light", tags: [street]}
  - {id: canal, text: "A teahouse by a canal in the rain, seen from a bridge", tags: [street, night]}
  - {id: lantern, text: "One paper lantern on a dark stair", tags: [night], meta: {source: sketchbook}}
  - {id: kitchen, text: "Steam over a copper kettle"}
  - {id: alley-again, text: "An old alley in autumn, soft light", tags: [twin]}
  - id: cup-in-snow
    text: The same cup in snow
    tags: [edit]
    request: {action: edit, image_urls: [ref/cup.png]}
  - id: masked
    text: Another handle
    tags: [edit]
    request: {action: edit, image_urls: [ref/cup.png], mask_url: ref/mask.png}

matrix:
  model: [wan2.7-image, flux-2-pro]
  aspect_ratio: ["1:1", "16:9"]
  seed: [1, 2]
  include:
    - {model: gpt-image-2, aspect_ratio: "1:1"}
    - {model: gpt-image-2, aspect_ratio: "9:16"}
    - {model: seedream-5.0-lite, n: 3, aspect_ratio: "16:9"}

unsupported: skip
"""

CHANGED_SPEC = (
    SPEC.replace("An old alley in autumn, soft light", "An old alley in winter, hard light", 1)
    .replace("  - {id: kitchen", "  - {id: garden, text: A garden of moss, tags: [street]}\n  - {id: kitchen")
    .replace(
        '  - {id: lantern, text: "One paper lantern on a dark stair", tags: [night], meta: {source: sketchbook}}\n', ""
    )
)
"""Of ``alley`` the text is another, ``garden`` is new, ``lantern`` is gone, and ``alley-again`` folds no more."""

NASTY_SPEC = r"""
version: 1
name: nasty
description: "<script>document.title = 'taken over'</script> \u2028 \"'&"
catalog: "2026-10"

prompts:
  - {from: nasty.jsonl, id: "{{ row.id }}", text: "{{ row.text }}", tags: ["{{ row.tag }}", "<b>tag</b>"]}

matrix:
  model:
    - {id: "<img src=x onerror=alert(1)>\"'", model: qwen-image-2.0}
    - {id: "'; alert(1) // </script> עברית 123", model: z-image-turbo}
  constructor: ["<i>value</i> & 'quotes' \"too\" ]]> \u202e gnitset"]

output: {path: "{{ job_id }}{{ (constructor | string)[:0] }}"}
"""

FAILED = "prompt_id == 'lantern' and model == 'flux-2-pro' and axes.aspect_ratio == '1:1' and axes.seed == 1"
REFUSED = "prompt_id == 'kitchen' and model == 'gpt-image-2' and axes.aspect_ratio == '1:1'"
UNKNOWN = "prompt_id == 'kitchen' and model == 'wan2.7-image' and axes.aspect_ratio == '1:1' and axes.seed == 2"
PENDING = "prompt_id == 'canal' and model == 'gpt-image-2'"


def make_run(home: Path) -> None:
    """Make a folder in which a job has ended in every way there is."""
    spec = _spec_in(home, SPEC)
    _run(spec, only=FAILED, faults="upstream_bad_request")
    _run(spec, only=REFUSED, faults="prompt_denied")
    _run(spec, only=f"not (({FAILED}) or ({REFUSED}) or ({UNKNOWN}) or ({PENDING}))")
    _run(spec, only=UNKNOWN, faults="task_lost", latency="0.05")  # so that it is polled; the loss ends the run


def make_changed_run(home: Path) -> None:
    """Make a folder of the same spec, changed since."""
    _run(_spec_in(home, CHANGED_SPEC))


def make_nasty_run(home: Path) -> None:
    """Make a folder of 100 jobs whose texts are nasty."""
    rows = (
        json.dumps({"text": text, "id": f"{number} {text[:40]}", "tag": text[:60].strip() or "blank"})
        for number, text in enumerate(NASTY)
    )
    (home / "nasty.jsonl").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    _run(_spec_in(home, NASTY_SPEC))


def data_of(report: Path, name: str) -> Any:
    """The value that a data file of a report hands to the page."""
    text = (report / "data" / f"{name}.js").read_text(encoding="utf-8")
    return json.loads(text.partition(",")[2].rpartition(")")[0])


def _spec_in(home: Path, text: str) -> Path:
    (home / "ref").mkdir()
    Image.new("RGB", (24, 16), "red").save(home / "ref" / "cup.png")
    Image.new("RGBA", (24, 16), (0, 0, 0, 0)).save(home / "ref" / "mask.png")
    spec = home / "spec.yaml"
    spec.write_text(text, encoding="utf-8")
    return spec


def _run(spec: Path, *, only: str | None = None, faults: str = "", latency: str = "0") -> None:
    qb.run_batch_sync(
        spec,
        connection=qb.Simulated(seed=1, latency=latency, faults=faults),
        out_dir=spec.parent / "run",
        options=RunOptions(only=only, completion=Completion.POLL if latency != "0" else None),
    )
