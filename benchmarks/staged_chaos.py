"""How many jobs wait for a parent that is not made, in the chain of three stages that chaos.py --stages runs?

The stages have as many jobs as the spec of chaos.py without them, so that its figures compare.
"""

from collections.abc import Iterable, Mapping
from typing import Any

SPEC = """
version: 1
name: chaotic
catalog: "2026-05"
stages:
  - name: draft
    prompts: [a lantern, a kite]
    matrix: {model: [z-image-turbo], seed: [1, 2]}
    request: {aspect_ratio: "1:1"}
  - name: night
    from_stage: draft
    text: "{{ parent.prompt }} at night"
    request: {model: wan2.7-image, action: edit, image_urls: ["{{ parent.image }}"], n: 2, seed: 7}
  - name: poster
    from_stage: night
    text: "{{ parent.prompt }}, as a poster"
    request: {action: edit, image_urls: ["{{ parent.images[1] }}", "{{ parent.parent.image }}"], seed: 7}
    matrix: {model: [gpt-image-2, doubao-seedream-4.5]}
timeout: 2
completion: COMPLETION
limits: {concurrency: SLOTS}
"""


def waiting_for_parents(lines: Iterable[Mapping[str, Any]]) -> int:
    """Return how many jobs of a manifest are not made, and have a parent that is not made."""
    open_jobs: set[str] = set()
    waiting = 0
    for line in lines:  # parents stand before their children
        if line["status"] in {"completed", "unknown"}:
            continue
        open_jobs.add(line["job_id"])
        waiting += any(link["job_id"] in open_jobs for link in line.get("parents", ()))
    return waiting
