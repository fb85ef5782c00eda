"""Checks where templates name the parent's images and task: those are references, which only some fields can hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.parent_jobs import PARENT
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.template.templates import TemplateValue

_IMAGES = frozenset({"image", "images"})
_TASK = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentUses:
    """The templates of one stage."""

    base: Mapping[str, TemplateValue | None]
    prompts: Sequence[CompiledPrompt]
    matrix: ResolvedMatrix
    where: TemplateValue | None
    path: TemplateValue | None
    catalog: Catalog
    problems: ProblemCollector

    def run(self) -> ValuePath | None:
        """Report uses of references where none can stand; return a place that takes an image, None without one."""
        image_use: ValuePath | None = None
        takes_any = False
        for field, value in self._templates():
            if PARENT in value.bare or any(way[0] == PARENT == way[-1] for way in value.attributes):
                self._note_bare(value)
            for way in sorted(value.attributes):
                if way[0] != PARENT:
                    continue
                takes_any = takes_any or way[-1] in {*_IMAGES, _TASK}
                if self._is_image(way):
                    image_use = image_use or value.where
                    self._check(value, way, field, self.catalog.image_fields, "an image", "for images")
                elif way[-1] == _TASK:
                    self._check(value, way, field, self.catalog.task_fields, "a task", "for the id of a task")
        if not takes_any and not self.problems.has_errors():
            self._note_idle()
        return image_use

    @staticmethod
    def _is_image(way: ValuePath) -> bool:
        return any(step in _IMAGES and way[number - 1] == PARENT for number, step in enumerate(way) if number)

    def _check(
        self, value: TemplateValue, way: ValuePath, field: str | None, fields: frozenset[str], what: str, kind: str
    ) -> None:
        if field in fields:
            return
        shown, names = ".".join(map(str, way)), sorted(fields)
        usual = max(names, key=self._models_with, default="")
        instead = f"put it under request, as {usual}" if usual else f"no model of the catalog has a field {kind}"
        self.problems.add(
            value.where,
            f"{shown} refers to {what} that is made later, and can only stand in a field {kind}",
            allowed=tuple(names),
            suggestion=instead,
        )

    def _models_with(self, field: str) -> int:
        return sum(field in model.fields for model in self.catalog.models.values())

    def _note_bare(self, value: TemplateValue) -> None:
        self.problems.add(
            value.where,
            "parent is a whole job: take one field of it by its name",
            suggestion="such as parent.prompt, parent.axes.seed or parent.image",
        )

    def _note_idle(self) -> None:
        self.problems.add(
            ("from_stage",),
            "no request of this stage takes an image or the task of its parents, so nothing of theirs is sent",
            suggestion='write image_urls: ["{{ parent.image }}"] under request',
            warning=True,
        )

    def _templates(self) -> Iterator[tuple[str | None, TemplateValue]]:
        """Yield the templates that see the parent, each with the request field that it is for; None for others."""
        yield from ((name, value) for name, value in self.base.items() if value)
        for prompt in self.prompts:
            yield from ((name, value) for name, value in prompt.request.items() if value)
            own = (prompt.text, prompt.prompt_id, prompt.where, *prompt.tags, *prompt.meta.values())
            yield from ((None, value) for value in (*own, *prompt.variables.values()) if value)
        for axis in self.matrix.axes:
            for position in range(axis.count if axis.is_listed else 0):
                yield from ((name, value) for name, value in axis.value(position).late.items() if value)
        for entry in self.matrix.includes:
            yield from ((name, value) for name, value in entry.fields.items() if value)
        yield from ((None, value) for value in (self.where, self.path) if value)
