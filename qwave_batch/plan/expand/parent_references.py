"""Puts stand-ins for the references of a request to its parents, as its model's schema is asked about it.

In the end an address or a ``data:`` URI is sent, and the id of a task: none of them is known before the parent is made.
The identifying request has the references again.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.task_chain import TaskChain
from qwave_batch.catalog.violation import Violation
from qwave_batch.model.input_references import texts_in, with_texts
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import ParentLink, parent_link, task_reference
from qwave_batch.plan.expand.parent_jobs import ParentJob


@dataclass(frozen=True, slots=True)
class StandIns:
    """The stand-ins of one request, each with its reference."""

    references: Mapping[str, str]
    refused: tuple[Violation, ...]
    """Violations that follow from what the parents are."""

    def restored(self, request: JsonObject) -> dict[str, Json]:
        """Return a request with the references again."""
        known = self.references
        return {name: with_texts(value, lambda text: known.get(text, text)) for name, value in request.items()}

    def as_written(self, found: Violation) -> Violation:
        """Return a violation that shows the references."""
        message, known = found.message, self.references
        for stand_in, reference in known.items():
            message = message.replace(stand_in, reference)
        value = with_texts(found.value, lambda text: known.get(text, text))
        suggestion = found.suggestion
        is_list = found.kind == "bad_value" and isinstance(found.value, list | tuple)
        if suggestion is None and is_list and any(text in known for text in texts_in(found.value)):
            every = f'{found.field}: "{{{{ parent.images }}}}" for all of them, or ' if len(found.path) > 1 else ""
            suggestion = f'write {every}"{{{{ parent.image }}}}" for the first'
        return replace(found, message=message, value=value, suggestion=suggestion)


@dataclass(frozen=True, slots=True)
class ParentReferences:
    """Finds the references in the requests of one spec."""

    catalog: Catalog

    def stood_in(
        self, request: dict[str, Json], model: Model, parent: ParentJob | None
    ) -> tuple[dict[str, Json], StandIns | None]:
        """Return a request with stand-ins for its references, and those; None for a request without references.

        Only a reference to the parent of the cell or to an ancestor counts, and to an image that it makes. Any other
        text of that form is a name of a file like any other; as the id of a task, which the API gives, it is refused.
        """
        if parent is None and request.keys().isdisjoint(self.catalog.task_fields):
            return request, None
        ancestors = {} if parent is None else {job.job.job_id: job for job in parent.with_ancestors()}
        fields = self.catalog.reference_fields
        by_reference: dict[str, str] = {}
        refused: list[Violation] = []
        for name in request.keys() & fields:
            value = request[name]
            for text in () if isinstance(value, Mapping) else texts_in(value):  # a mapping is a pattern of files
                link = parent_link(text)
                if link is not None and _gives(ancestors.get(link.job_id), link):
                    by_reference[text] = _stand_in(link)
                elif link is not None and name in self.catalog.task_fields:
                    refused.append(_of_another_job(name, text))
                elif parent is not None and any(task_reference(job_id) in text for job_id in ancestors):
                    by_reference[text] = _stand_in(ParentLink(parent.job.job_id, 1))
                    refused.append(_not_alone(name, text))
        if not by_reference and not refused:
            return request, None
        stood = {
            name: with_texts(value, lambda text: by_reference.get(text, text)) if name in fields else value
            for name, value in request.items()
        }
        refused += _chain_violations(request, model, ancestors)
        return stood, StandIns({stand_in: text for text, stand_in in by_reference.items()}, tuple(refused))


def _gives(parent: ParentJob | None, link: ParentLink) -> bool:
    """Whether a job has what a reference names."""
    return parent is not None and (link.image or 0) <= parent.most_images


def _not_alone(name: str, text: str) -> Violation:
    return Violation(
        kind="bad_value",
        field=name,
        path=(name,),
        value=text,
        message="an image or task of the parent is made later, so nothing can stand beside it",
        suggestion="write {{ parent.image }} or {{ parent.task }} alone",
    )


def _of_another_job(name: str, text: str) -> Violation:
    return Violation(
        kind="bad_value",
        field=name,
        path=(name,),
        value=text,
        message=f'"{text}" stands for the task of another job, and only a stage can go on from one',
        suggestion="write {{ parent.task }} in a stage with from_stage, or an id that the API gave",
    )


def with_stand_ins(request: JsonObject, fields: Collection[str]) -> dict[str, Json]:
    """Return a request with a stand-in for each reference in some fields, as its model is asked about it."""

    def stood(text: str) -> str:
        link = parent_link(text)
        return text if link is None else _stand_in(link)

    return {name: with_texts(value, stood) if name in fields else value for name, value in request.items()}


def _stand_in(link: ParentLink) -> str:
    if link.image is None:
        return f"task-{link.job_id}"
    return f"https://images.example.com/{link.job_id}/{link.image}.png"


def _chain_violations(request: JsonObject, model: Model, ancestors: Mapping[str, ParentJob]) -> Iterator[Violation]:
    """Yield the reasons for which a model does not go on from the job whose task a request names."""
    chain = model.chain
    link = parent_link(request.get(chain.task_field)) if chain else None
    if chain is None or link is None or link.job_id not in ancestors:
        return
    earlier = ancestors[link.job_id]
    if earlier.job.model != model.name:
        message = f"{model.name} goes on from its own tasks, and the parent is made by {earlier.job.model}"
        yield _of_task(chain, message)
        return
    action = str(request.get("action", model.actions[0]))
    if (wanted := chain.other_sources(action, earlier.job.action)) is not None:
        message = (
            f"{action} goes on from a task of action {' or '.join(wanted)}, and the parent's is {earlier.job.action}"
        )
        yield _of_task(chain, message)
    version = _version(chain, earlier)
    if (versions := chain.other_versions(action, version)) is not None:
        yield _of_task(chain, f"{action} goes on from {', '.join(versions)}, and the parent is of {version}")
    if (number := chain.number_beyond(request, earlier.most_images)) is not None:
        message = f"{chain.image_field} {number} is beyond the {_images(earlier.job.max_images)} of the parent"
        yield Violation(kind="rule", field=chain.image_field, path=(chain.image_field,), value=number, message=message)


def _images(count: int) -> str:
    return "only image" if count == 1 else f"{count} images"


def _of_task(chain: TaskChain, message: str) -> Violation:
    return Violation(kind="rule", field=chain.task_field, path=(chain.task_field,), message=message)


def _version(chain: TaskChain, job: ParentJob) -> str:
    """Return the version that a job is made with: that of the task which it goes on from, else its own."""
    ancestors = {each.job.job_id: each for each in job.with_ancestors()}
    link = parent_link(job.job.request.get(chain.task_field))
    if link is not None and link.job_id in ancestors and link.job_id != job.job.job_id:
        return _version(chain, ancestors[link.job_id])
    own = job.job.request.get(chain.version_field)
    return own if isinstance(own, str) else ""
