"""Fields that said nothing, and that a model refuses now: they are taken out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.catalog.catalog_changes import CatalogChanges
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.plan.expand.axes import same_json
from qwave_batch.plan.migration.spec_rewriting import MODEL, RewrittenSpec, SpecRewriter
from qwave_batch.plan.migration.spec_sites import Role, Site
from qwave_batch.spec.values.value_path import path_text


@dataclass(slots=True)
class IdleFields:
    """The fields of one spec's text."""

    rewriter: SpecRewriter
    _changes: CatalogChanges = field(init=False)
    _defaults: list[Mapping[str, Json]] = field(init=False)
    """Those of each model that the spec names."""

    def __post_init__(self) -> None:
        catalog = self.rewriter.catalog
        named = {site.node.string for site in self.rewriter.found if site.field == MODEL}
        self._changes = catalog.changes
        self._defaults = [model.defaults for name, model in catalog.models.items() if name in named]

    def without(self, problems: Sequence[Problem]) -> RewrittenSpec:
        """Return the text without fields that say nothing and that some model refuses, as these problems tell."""
        refused: dict[str, list[Problem]] = {}
        for problem in problems:
            refused.setdefault(problem.path, []).append(problem)
        for site in self.rewriter.found:
            if site.role is Role.AXIS and not self._is_idle_axis(site):
                continue  # models that take the field would lose the jobs with this value
            at_site = refused.get(path_text(site.path))
            if at_site is None and site.role is Role.AXIS:
                at_site = refused.get(path_text(site.path[:-1]))
            if at_site and self._is_idle(site) and all(self._is_about_field(problem, site) for problem in at_site):
                self.rewriter.take_out(site)
                if site.role is Role.AXIS:
                    self._without_rules(site.field)
        text, changes = self.rewriter.edits.result(), tuple(self.rewriter.changes)
        return RewrittenSpec(text=text, changes=changes, columns={}, renames={})

    def _without_rules(self, field: str) -> None:
        """Take an axis that is no more out of the rules that name its value."""
        for site in self.rewriter.found:
            if site.field == field and site.role in {Role.EXCLUDE, Role.INCLUDE} and self._is_idle(site):
                self.rewriter.take_out(site)

    def _is_idle(self, site: Site) -> bool:
        """Whether a value is what happens without the field, for each model that takes it."""
        change, value = self._changes.fields.get(site.field), site.node.value
        if change is None or not change.is_idle(value):
            return False
        return all(same_json(of_model.get(site.field, value), value) for of_model in self._defaults)

    def _is_idle_axis(self, site: Site) -> bool:
        return site.holder is not None and all(
            self._is_idle(each) for each in self.rewriter.found if each.holder is site.holder
        )

    def _is_about_field(self, problem: Problem, site: Site) -> bool:
        """Whether a problem says that the field is not taken, and nothing of its value."""
        told = (self._changes.field_advice(site.field, site.node.value), self._changes.fields[site.field].instead)
        return any(bool(words) and (problem.suggestion or "").startswith(str(words)) for words in told)
