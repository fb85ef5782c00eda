"""The smallest spec that asks for one job: planned again, it gives the same job id."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qwave_batch.model.input_references import is_reference, with_texts
from qwave_batch.model.job_identity import job_id, sample_hash
from qwave_batch.model.jsontypes import Json, JsonObject

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*", re.ASCII)
_READ_OTHERWISE = frozenset({"null", "true", "false"})
"""Words that YAML takes for values, in any case."""
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that may stand in JSON, and in YAML only as escapes."""
_OPENS_TAG = re.compile(r"\{(?=[{%#])")
_PROMPT = "prompt"
_MOST_TRIED = 1_000_000
"""Of hashes, about a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedJob:
    """A job by what identifies it."""

    request: JsonObject
    """The identifying request."""
    repeat: int = 0
    catalog: str
    """The date of its catalog."""
    overlay: str | None = None
    """The file of the overlay that its model is from; None for a model as the catalog has it."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The files behind the references to images in its request, by how the spec is to name them."""
    has_stable_addresses: bool = False
    """Whether its addresses count without their signatures."""

    @property
    def job_id(self) -> str:
        """The id that planning its spec gives."""
        return job_id(self.request, self.repeat)


def spec_of_job(job: AskedJob) -> str:
    """Return the text of the spec, in YAML.

    A job that is a repeat is one of several equal requests: the spec draws it alone from them by a sample, where a
    sample that does can be found in a second; else it makes all of them up to this one.
    """
    return "".join(f"{line}\n" for line in _lines(job))


def draws_alone(job: AskedJob) -> bool:
    """Whether the spec of a job makes this job alone."""
    return job.repeat == 0 or _sample_seed(job) is not None


def _lines(job: AskedJob) -> Iterator[str]:
    yield "version: 1"
    yield f"name: job-{job.job_id}"
    date = json.dumps(job.catalog)
    overlay = None if job.overlay is None else _text(job.overlay, is_template=False)
    yield f"catalog: {date}" if overlay is None else f"catalog: {{date: {date}, overlay: {overlay}}}"
    if job.has_stable_addresses:
        yield "identity: {addresses: stable}"
    if job.repeat:
        yield f"repeat: {job.repeat + 1}"
        seed = _sample_seed(job)
        if seed is not None:
            yield f"sample: {{count: 1, seed: {seed}}}"
    yield "request:"
    for name, value in job.request.items():
        if name != _PROMPT:
            named = with_texts(value, lambda text: job.files.get(text, text) if is_reference(text) else text)
            yield f"  {_text(name, is_template=False)}: {_value(named)}"
    yield "prompts:"
    yield f"  - {_text(str(job.request[_PROMPT]))}" if _PROMPT in job.request else f"  - id: job-{job.job_id}"


def _value(value: Json) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inside = (f"{_text(name, is_template=False)}: {_value(item)}" for name, item in value.items())
        return f"{{{', '.join(inside)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)


def _text(text: str, *, is_template: bool = True) -> str:
    """Return a text as YAML has it; one that looks like a template is written so that it renders to itself."""
    if _PLAIN.fullmatch(text) and text.lower() not in _READ_OTHERWISE:
        return text
    if is_template and _OPENS_TAG.search(text):
        text = _template_for(text)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _template_for(text: str) -> str:
    """Return the template that renders to a text: its line ends too, which templates read as line feeds."""
    if "endraw" not in text and "\r" not in text:
        return f"{{% raw %}}{text}{{% endraw %}}"
    return _OPENS_TAG.sub("{{ '{' }}", text).replace("\r", "{{ '\\r' }}")


def _sample_seed(job: AskedJob) -> int | None:
    """Return the seed of a sample that draws this job alone from its repeats; None if none was found."""
    wanted = job.job_id
    others = [job_id(job.request, number) for number in range(job.repeat)] if job.repeat < _MOST_TRIED else []
    for seed in range(_MOST_TRIED // job.repeat if others else 0):
        own = sample_hash(seed, wanted)
        if all(sample_hash(seed, other) > own for other in others):
            return seed
    return None
