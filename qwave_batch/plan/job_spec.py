"""The smallest spec that asks for one job: planned again, it gives the same job id.

A job that is made from others comes with them: a stage of one job for its parent, for the parent's own, and so on.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qwave_batch.model.input_references import is_reference, with_texts
from qwave_batch.model.job_identity import job_id, sample_hash
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import ParentLink, parent_links_in

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
    stage: str = ""
    """The stage of its folder's spec, for a job with a parent and for such a parent."""
    parent: "AskedJob | None" = None
    """The job of an earlier stage that it is made from."""

    @property
    def job_id(self) -> str:
        """The id that planning its spec gives."""
        return job_id(self.request, self.repeat)

    @property
    def chain(self) -> tuple["AskedJob", ...]:
        """The jobs that it is made from, the first one first, and itself."""
        return (self,) if self.parent is None else (*self.parent.chain, self)


def spec_of_job(job: AskedJob) -> str:
    """Return the text of the spec, in YAML.

    A job that is a repeat is one of several equal requests: the spec draws it alone from them by a sample, where a
    sample that does can be found in a second; else it makes all of them up to this one.
    """
    return "".join(f"{line}\n" for line in _lines(job))


def draws_alone(job: AskedJob) -> bool:
    """Whether the spec of a job makes this job alone, and what it is made from."""
    return all(each.repeat == 0 or _sample_seed(each) is not None for each in job.chain)


def _lines(job: AskedJob) -> Iterator[str]:
    yield "version: 1"
    yield f"name: job-{job.job_id}"
    date = json.dumps(job.catalog)
    overlay = next((each.overlay for each in job.chain if each.overlay is not None), None)
    named = None if overlay is None else _text(overlay, is_template=False)
    yield f"catalog: {date}" if named is None else f"catalog: {{date: {date}, overlay: {named}}}"
    if any(each.has_stable_addresses for each in job.chain):
        yield "identity: {addresses: stable}"
    if job.parent is None:
        yield from _block(job)
        return
    yield "stages:"
    for each in job.chain:
        yield f"  - name: {_text(each.stage, is_template=False)}"
        if each.parent is not None:
            yield f"    from_stage: {_text(each.parent.stage, is_template=False)}"
        yield from (f"    {line}" for line in _block(each))


def _block(job: AskedJob) -> Iterator[str]:
    """Yield the lines of a spec, or of a stage of one, that ask for a job."""
    if job.repeat:
        yield f"repeat: {job.repeat + 1}"
        seed = _sample_seed(job)
        if seed is not None:
            yield f"sample: {{count: 1, seed: {seed}}}"
    yield "request:"
    templates = _templates_of(job)
    for name, value in job.request.items():
        if name != _PROMPT:
            named = with_texts(value, lambda text: job.files.get(text, text) if is_reference(text) else text)
            yield f"  {_text(name, is_template=False)}: {_value(named, templates)}"
    prompt = _text(str(job.request[_PROMPT])) if _PROMPT in job.request else None
    if job.parent is None:
        yield "prompts:"
        yield f"  - id: job-{job.job_id}" if prompt is None else f"  - {prompt}"
    elif prompt is not None:
        yield f"text: {prompt}"


def _templates_of(job: AskedJob) -> dict[str, str]:
    """Return the templates that give the references to what a job is made from, by reference."""
    names = {each.job_id: ".".join(["parent"] * depth) for depth, each in enumerate(reversed(job.chain)) if depth}
    found = (each for each in parent_links_in(job.request) if each[1].job_id in names)
    return {text: _template_of(link, names[link.job_id]) for text, link in found}


def _template_of(link: ParentLink, name: str) -> str:
    if link.image is None:
        return f"{{{{ {name}.task }}}}"
    return f"{{{{ {name}.image }}}}" if link.image == 1 else f"{{{{ {name}.images[{link.image - 1}] }}}}"


def _value(value: Json, templates: Mapping[str, str]) -> str:
    if isinstance(value, str):
        return json.dumps(templates[value]) if value in templates else _text(value)
    if isinstance(value, Mapping):
        inside = (f"{_text(name, is_template=False)}: {_value(item, templates)}" for name, item in value.items())
        return f"{{{', '.join(inside)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item, templates) for item in value)}]"
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
