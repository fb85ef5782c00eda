"""Rewrites a spec for another catalog, checks the result, and writes it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import SpecError, UnknownName, UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.model.problem import Problem
from qwave_batch.plan.migration.idle_fields import IdleFields
from qwave_batch.plan.migration.lost_jobs import lost_jobs, model_place
from qwave_batch.plan.migration.other_meanings import OtherMeanings
from qwave_batch.plan.migration.outdated_cells import outdated_cells
from qwave_batch.plan.migration.spec_rewriting import MigrationChoices, Rewrite, RewrittenSpec, SpecRewriter
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.document import Spec
from qwave_batch.spec.inputs.file_access import beside, named_file
from qwave_batch.spec.inputs.text_encoding import BOM, MAX_FILE_BYTES, decode_spec
from qwave_batch.spec.loading import load_spec
from qwave_batch.spec.yaml.source_tree import source_tree

_ROUNDS = 5
"""To take one field out may show that another one says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A spec's text for another catalog, and what is left to its author."""

    catalog: str
    """The date of the catalog that it follows."""
    text: bytes
    """The whole file as it is, or would be, written."""
    changes: tuple[Rewrite, ...]
    """In the order of the file."""
    open: tuple[Problem, ...]
    """All that could not be decided, and stands as it was; empty if the result is a valid spec."""
    warnings: tuple[Problem, ...] = ()
    """The warnings of the result."""
    is_changed: bool = False
    """Whether the text is another one than before."""
    needs_folder: bool = False
    """Whether the spec names files, which are found from its own folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The spec that is migrated, and how it is read."""

    path: Path
    """As the user named it."""
    resolved: Path
    spec: Spec
    overrides: Sequence[str]
    allow_read: Sequence[Path]
    catalogs: CatalogSource

    def plan(self, contents: Mapping[Path, bytes], *more: str) -> Plan:
        """Return the plan of the spec with other contents of its files; raises SpecError."""
        overrides = (*self.overrides, *more)
        spec = load_spec(self.path, overrides=overrides, allow_read=self.allow_read, contents=contents)
        return make_plan(spec, catalogs=self.catalogs)


def migrate_spec(  # noqa: PLR0913  # each is a choice of its own, and has its name
    path: str | Path,
    *,
    to: str,
    use: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    overrides: Sequence[str] = (),
    allow_read: Sequence[Path] = (),
    catalogs: CatalogSource = SHIPPED,
) -> Migration:
    """Return a spec rewritten for another catalog; nothing is written.

    Args:
        path: The spec file.
        to: The date of the catalog.
        use: By the name of a model: the one to take instead; an empty one takes the model out.
        drop: Request fields to take out wherever they are set.
        overrides: ``path.to.key=value`` strings, with which the spec is checked as a run would.
        allow_read: Folders outside the spec's own that it may read from.
        catalogs: The catalogs to look in.

    Raises:
        SpecError: The spec has problems of its own; all of them are listed.
        UsageError: There is no such file, catalog, model or field.
    """
    after = catalogs.at(to)
    spec = load_spec(path, overrides=overrides, allow_read=allow_read)
    if any(override.partition("=")[0].split(".")[0] == "catalog" for override in overrides):
        raise UsageError("an override of catalog would undo the migration; leave it out")
    source = _Source(
        path=Path(path),
        resolved=named_file(path, allow_read)[0].path,
        spec=spec,
        overrides=overrides,
        allow_read=allow_read,
        catalogs=catalogs,
    )
    before, plan = _as_it_is(source, after)
    choices = MigrationChoices(use=dict(use or {}), drop=frozenset(drop))
    _check_choices(choices, before, after)
    return _Migrator(source=source, before=before, after=after, plan=plan, choices=choices).migrate()


def _as_it_is(source: _Source, after: Catalog) -> tuple[Catalog, Plan | None]:
    """Return the catalog of the spec and its plan; no plan for one that names the new catalog and does not fit it."""
    try:
        plan = source.plan({})
    except SpecError:
        if source.spec.catalog != after.date:
            raise
        former = after.changes.since
        return (source.catalogs.at(former) if former in source.catalogs.dates() else after), None
    return plan.catalog_used, plan


def _check_choices(choices: MigrationChoices, before: Catalog, after: Catalog) -> None:
    known = dict.fromkeys((*before.models, *after.models, *after.gone))
    for old, new in choices.use.items():
        if old not in known:
            raise UnknownName("model", old, known, hint=f"neither {before.date} nor {after.date} has it")
        if new:
            after.model(new)
    fields = sorted({*before.fields, *after.fields, *after.changes.fields, *before.callback_fields})
    for name in choices.drop:
        if name not in fields:
            raise UnknownName("field", name, fields, hint=f"neither {before.date} nor {after.date} has it")


@dataclass(slots=True, kw_only=True)
class _Migrator:
    source: _Source
    before: Catalog
    after: Catalog
    plan: Plan | None
    """The plan as the spec stands; None where it does not fit its own catalog."""
    choices: MigrationChoices

    def migrate(self) -> Migration:
        """Return the result."""
        spec = self.source.spec
        if self.plan is not None and self._is_there_already():
            return Migration(
                catalog=self.after.date,
                text=spec.source,
                changes=(),
                open=(),
                warnings=self.plan.warnings,
                needs_folder=bool(spec.files_read),
            )
        first = self._rewritten(spec.source, spec.file)
        sources = {name: (path, _read(path)) for name, path in self._bases()}
        bases = {name: self._rewritten(source, name) for name, (_, source) in sources.items()}
        contents = {path: _encoded(source, bases[name].text) for name, (path, source) in sources.items()}
        text, changes = first.text, list(first.changes)
        for _ in range(_ROUNDS):
            contents[self.source.resolved] = _encoded(spec.source, text)
            refused = self._problems(contents, "unsupported=error")
            rest = IdleFields(self._rewriter(text, spec.file)).without(refused)
            if rest.text == text:
                break
            text = rest.text
            changes += rest.changes
        contents[self.source.resolved] = _encoded(spec.source, text)
        texts = {spec.file: text, **{name: _text(source) for name, (_, source) in sources.items()}}
        return self._checked(contents, changes, [first, *bases.values()], texts)

    def _is_there_already(self) -> bool:
        return self.before.date == self.after.date and not self.choices.use and not self.choices.drop

    def _rewriter(self, text: str, shown_as: str) -> SpecRewriter:
        return SpecRewriter(
            text=text,
            shown_as=shown_as,
            catalog=self.after,
            former=self.before,
            choices=self.choices,
            follows_changes=self.before.date != self.after.date,
        )

    def _rewritten(self, source: bytes, shown_as: str) -> RewrittenSpec:
        decode_spec(source, shown_as)
        return self._rewriter(_text(source), shown_as).rewrite()

    def _bases(self) -> Iterator[tuple[str, Path]]:
        """Yield the files that the spec extends, nearest first, by the names that messages have for them."""
        known = {path: name for name, path in self.source.spec.files_read.items()}
        path, source = self.source.resolved, self.source.spec.source
        while named := source_tree(_text(source)).get("extends"):
            path = (path.parent / named.text).resolve()
            if path not in known:
                return
            yield beside(self.source.spec.file, known[path]), path
            source = _read(path)

    def _problems(self, contents: Mapping[Path, bytes], *overrides: str) -> tuple[Problem, ...]:
        try:
            self.source.plan(contents, *overrides)
        except SpecError as error:
            return tuple(problem for problem in error.problems if problem.severity == "error")
        return ()

    def _checked(
        self,
        contents: Mapping[Path, bytes],
        changes: Sequence[Rewrite],
        files: Sequence[RewrittenSpec],
        texts: Mapping[str, str],
    ) -> Migration:
        """Return the result, checked as a run would; ``texts`` are those of the files as they stand afterwards."""
        spec = self.source.spec
        text = contents[self.source.resolved]
        found: list[Problem] = []
        lost: list[Problem] = []
        warnings: tuple[Problem, ...] = ()
        try:
            plan = self.source.plan(contents)
        except SpecError as error:
            found += [problem for problem in error.problems if problem.severity == "error"]
        else:
            warnings = plan.warnings
            if self.plan is not None:
                unlike = [*lost_jobs(self.plan.figures, plan, files[0].renames, are_fewer=bool(self.choices.drop))]
                lost = [problem for problem in unlike if problem.severity == "error"]
                warnings += tuple(problem for problem in unlike if problem.severity == "warning")
                found += lost
        if lost or any(problem.path == "" for problem in found):
            found += self._skipping_fields(contents)
        meanings = OtherMeanings.of(self._rewriter(texts[spec.file], spec.file))
        questions = [
            each for name, of_file in texts.items() for each in meanings.in_text(self._rewriter(of_file, name))
        ]
        cells = [*outdated_cells(spec, files, self.after, meanings)]
        if self.plan is not None:
            names, known = self.plan.figures.by_model, [*questions, *cells]
            questions += meanings.elsewhere(names, known, *model_place(self.plan.spec))
        found += questions
        found += [_elsewhere(change) for file in files[1:] for change in file.changes]
        found += cells
        told = {(problem.place, problem.message): problem for problem in found}
        return Migration(
            catalog=self.after.date,
            text=text,
            changes=tuple(changes),
            open=tuple(told.values()),
            warnings=warnings,
            is_changed=text != spec.source,
            needs_folder=bool(spec.files_read),
        )

    def _skipping_fields(self, contents: Mapping[Path, bytes]) -> Iterator[Problem]:
        """Yield the fields for which jobs are skipped that no model, or not every one, takes any more."""
        advice = tuple(change.instead for change in self.after.changes.fields.values())
        for problem in self._problems(contents, "unsupported=error"):
            if problem.suggestion and problem.suggestion.startswith(advice):
                yield problem


def _elsewhere(change: Rewrite) -> Problem:
    new = f"write {change.new}" if change.new else "take it out"
    return Problem(
        message=f"{change.old} stands in a file that the spec extends, and is left as it is",
        path=change.path,
        place=change.place,
        value=change.old,
        suggestion=f"{new} there; other specs may extend it too",
    )


def _read(path: Path) -> bytes:
    return Tree(path.parent).read(path.name, most_bytes=MAX_FILE_BYTES)


def _text(source: bytes) -> str:
    """Return the text with its own line breaks, without a byte order mark."""
    return source.removeprefix(BOM).decode("utf-8")


def _encoded(source: bytes, text: str) -> bytes:
    """Return the text as a file, with a byte order mark where its source has one."""
    return (BOM if source.startswith(BOM) else b"") + text.encode("utf-8")
