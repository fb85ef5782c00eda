"""The text that galleries and web interfaces read: prompts first, then one line of ``name: value`` pairs."""

import json
import re

from qwave_batch.export.marks.mark_facts import MarkFacts

_JOB = re.compile(r"(?:^|, )Job ID: ([0-9a-f]{16})(?:,|$)")
_SET_APART = frozenset(",:\n")
"""A value with one of these is written as a JSON string, which readers take apart."""


def gallery_text(facts: MarkFacts) -> str:
    """Return the text of an image; readers take the last line for pairs when it has at least three."""
    pairs = {
        "Seed": facts.seed,
        "Size": f"{facts.width}x{facts.height}",
        "Model": facts.model,
        "Job ID": facts.job_id,
    }
    line = ", ".join(f"{name}: {_value(str(value))}" for name, value in pairs.items() if value is not None)
    if not facts.has_prompt:
        return line
    negative = f"Negative prompt: {facts.negative_prompt}" if facts.negative_prompt else ""
    return "\n".join(part.replace("\0", "\ufffd") for part in (facts.prompt, negative, line) if part)


def job_in_gallery_text(text: str) -> str | None:
    """Return the job id that the last line of a text names; None for a text of others."""
    found = _JOB.search(text.rstrip("\0").rpartition("\n")[2])
    return found[1] if found else None


def _value(text: str) -> str:
    return text if _SET_APART.isdisjoint(text) else json.dumps(text, ensure_ascii=False)
