"""Warns of ``images`` that take several requests with the same seed: a model that goes by it makes the same again."""

from dataclasses import dataclass, field

from qwave_batch.plan.expand.entries import ExpandedEntry
from qwave_batch.plan.expand.jobs import is_random
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.problem_collector import ProblemCollector


@dataclass(slots=True)
class SameSeeds:
    """Compares the first two requests of a combination, once for each prompt and model of a spec."""

    problems: ProblemCollector
    _first: ExpandedEntry | None = None
    _prompt: CompiledPrompt | None = None
    _compared: set[str] = field(default_factory=set)
    """The models with which the prompt was compared."""

    def see(self, entry: ExpandedEntry) -> None:
        """Look at the next job of a plan."""
        cell, first = entry.cell, self._first
        if cell.images_per_request is None:
            return
        if cell.repeat == 0:
            self._first = entry
            return
        self._first = None
        if first is None or first.cell.case is not cell.case or first.cell.slots != cell.slots:
            return
        if cell.case.prompt is not self._prompt:
            self._prompt = cell.case.prompt
            self._compared.clear()
        model = entry.verdict.model
        if model.name in self._compared:
            return
        self._compared.add(model.name)
        request = entry.request()
        if request.get("seed") == first.request().get("seed") and not is_random(request, model):
            self.problems.add(
                ("images",),
                f"{model.name} is asked more than once for the images of a prompt, each time with the same seed: "
                "a model that goes by its seed gives the same images again",
                suggestion="add repeat * images_per_request to the seed",
                warning=True,
            )
