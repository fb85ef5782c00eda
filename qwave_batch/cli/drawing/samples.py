"""A few jobs of a plan as they would be sent, for people."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cut_to_width, wrap

if TYPE_CHECKING:
    from qwave_batch.plans import JobSample, Json

_SHOWN = 1_000
"""Characters of a prompt, which is a screen or so."""
_UNBROKEN = "\0"
"""Stands for a space at which no line ends: what is shown holds none of these."""


def draw_samples(samples: "Iterable[JobSample]", terminal: Terminal) -> list[str]:
    """Return the lines that show samples: what each goes by, then its prompt; none for none."""
    lines: list[str] = []
    for sample in samples:
        words = (
            cut_to_width(terminal.shown(word), terminal.width - 6, mark=terminal.mark) for word in sample_words(sample)
        )
        who = "  ".join(word.replace(" ", _UNBROKEN) for word in words)
        lines += [
            line.rstrip().replace(_UNBROKEN, " ") for line in wrap(who, terminal.width, indent="  ", hang="      ")
        ]
        lines += wrap(terminal.shown(prompt_words(sample)), terminal.width, indent="    ")
    return ["samples:", *lines, ""] if lines else []


def sample_words(sample: "JobSample") -> list[str]:
    """Return what a sample goes by: stage, prompt id, model, and what varies in the plan."""
    named = [word for word in (sample.stage, sample.prompt_id, sample.model) if word]
    return [*named, *(f"{name} {_value(value)}" for name, value in sample.varies.items())]


def prompt_words(sample: "JobSample") -> str:
    """Return a prompt as it is shown: whole, or its beginning and its length; blanks around it are made visible."""
    prompt = sample.prompt
    if len(prompt) > _SHOWN:
        return f"{prompt[:_SHOWN]}... ({len(prompt):,} characters)"
    inner = prompt.strip(" ")
    if not inner:
        return "\\x20" * len(prompt) or "(no prompt)"
    before = len(prompt) - len(prompt.lstrip(" "))
    return "\\x20" * before + inner + "\\x20" * (len(prompt) - before - len(inner))


def _value(value: "Json") -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
