"""Names that mean another model in the newer catalog: a valid spec may have them, and only its author can decide."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qwave_batch.catalog.catalog_changes import CatalogChanges, OtherMeaning
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.migration.spec_rewriting import MODEL, SpecRewriter
from qwave_batch.plan.migration.spec_sites import Role
from qwave_batch.spec.values.value_path import path_text


@dataclass(frozen=True, slots=True)
class OtherMeanings:
    """The names whose meaning the author has not decided."""

    changes: CatalogChanges
    undecided: Mapping[str, OtherMeaning]

    @classmethod
    def of(cls, rewriter: SpecRewriter) -> "OtherMeanings":
        """Return those of a migration; none where the spec follows the catalog already."""
        changes, choices = rewriter.catalog.changes, rewriter.choices
        if changes.since != rewriter.former.date or not rewriter.follows_changes:
            return cls(changes, {})
        decided = {*choices.use, *choices.use.values()}
        return cls(changes, {name: other for name, other in changes.models.items() if name not in decided})

    def in_text(self, rewriter: SpecRewriter) -> Iterator[Problem]:
        """Yield the places of a text that have such a name."""
        for site in rewriter.found:
            name = site.node.string
            if name in self.undecided and site.field == MODEL and site.role is not Role.EXCLUDE:
                yield self.problem(str(name), path_text(site.path), rewriter.place(site.node.resolved))

    def elsewhere(
        self, models: Iterable[str], told: Iterable[Problem], path: str, place: SourcePlace
    ) -> Iterator[Problem]:
        """Yield the models of a plan whose names no place has: those that templates put together, or overrides."""
        known = {problem.value for problem in told}
        for name in models:
            if name in self.undecided and name not in known:
                yield self.problem(name, path, place)

    def problem(self, name: str, path: str, place: SourcePlace | None) -> Problem:
        """Return the question for one place."""
        return Problem(
            message=str(self.changes.meaning_advice(name)),
            path=path,
            place=place,
            value=name,
            suggestion=f"say which is meant: {self.undecided[name].use}, or {name} as it is now",
        )
