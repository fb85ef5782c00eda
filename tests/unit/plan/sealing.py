"""Plan files with hashes that are right, whatever they say: as somebody writes them who means to."""

import json
from collections.abc import Sequence
from typing import Any

from qwave_batch.plan.file.plan_seal import OWN, WHOLE, Seal, header_line, opened_line


def sealed(lines: Sequence[dict[str, Any]]) -> str:
    """Return the text of a plan's file: header and jobs as given, but for their number and hashes."""
    header, *jobs = [{name: value for name, value in line.items() if name not in {OWN, WHOLE}} for line in lines]
    opened = opened_line({**header, "jobs": len(jobs)})
    seal = Seal(opened)
    closed = []
    for job in jobs:
        text = json.dumps(job)[:-1]
        closed.append(text + seal.close(text))
    return "".join(f"{line}\n" for line in (header_line(opened, seal.whole()), *closed))
