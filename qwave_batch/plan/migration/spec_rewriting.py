"""Rewrites the text of a spec for another catalog: every value that has one successor, and what the user decides."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_changes import FieldChange
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import SourcePlace
from qwave_batch.plan.expand.axes import FIELD_PREFIX, VARIABLE_PREFIX, same_json
from qwave_batch.plan.migration.spec_sites import Role, Site, SpecSites, template_columns
from qwave_batch.spec.template.literal_text import is_template
from qwave_batch.spec.template.templates import compile_value
from qwave_batch.spec.values.value_path import ValuePath, path_text
from qwave_batch.spec.yaml.source_edits import SourceEdits
from qwave_batch.spec.yaml.source_tree import SourceNode, source_tree

MODEL = "model"
_DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationChoices:
    """The decisions that only the author of a spec can take."""

    use: Mapping[str, str] = field(default_factory=dict)
    """By the name of a model: the one to take instead; an empty one takes the model out."""
    drop: frozenset[str] = frozenset()
    """Request fields to take out wherever they are set."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One change of a spec."""

    place: SourcePlace
    path: str
    old: str
    new: str
    """Empty for a value that is taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenSpec:
    """A spec's text after its rewriting."""

    text: str
    changes: tuple[Rewrite, ...]
    columns: Mapping[str, frozenset[str]]
    """By field: the columns of tables that its values are taken from."""
    renames: Mapping[str, str]
    """Every model that is renamed, also in tables; an empty name takes it out."""


@dataclass(slots=True, kw_only=True)
class SpecRewriter:
    """Rewrites the text of one file: a spec, or one that specs extend."""

    text: str
    shown_as: str
    catalog: Catalog
    """The catalog that it follows afterwards."""
    former: Catalog
    """The catalog that it was written for."""
    choices: MigrationChoices
    follows_changes: bool = True
    """Whether the catalog's own changes are made, and not the author's decisions only."""
    edits: SourceEdits = field(init=False)
    sites: SpecSites = field(init=False)
    found: list[Site] = field(init=False)
    changes: list[Rewrite] = field(default_factory=list)

    def __post_init__(self) -> None:
        root = source_tree(self.text)
        changed = frozenset(self.catalog.changes.fields)
        fields = self.former.fields | self.catalog.callback_fields | (changed - self.catalog.fields)
        self.edits = SourceEdits(self.text, root)
        self.sites = SpecSites(root, fields)
        direct = list(self.sites.all())
        self.found = [*direct, *self.sites.of_templates(site for site in direct if site.field in self._templated())]

    def rewrite(self) -> RewrittenSpec:
        """Return the text with all changes made."""
        renames = self._renames()
        self._date()
        self._drop_fields()
        self._rename_models(renames)
        self._take_out_labels(renames)
        self._rename_limits(renames)
        if self.follows_changes:
            for site in self.found:
                self._change_value(site)
            self._move_parts()
            self._keep_own_names()
        self._rename_in_templates(renames)
        self._fold_equal_values()
        columns: dict[str, set[str]] = {}
        for name, column in template_columns(self.found):
            columns.setdefault(name, set()).add(column)
        return RewrittenSpec(
            text=self.edits.result(),
            changes=tuple(sorted(dict.fromkeys(self.changes), key=lambda change: change.place)),
            columns={name: frozenset(of_field) for name, of_field in columns.items()},
            renames=renames,
        )

    def _templated(self) -> Collection[str]:
        return {MODEL, *self.catalog.changes.values}

    def _renames(self) -> dict[str, str]:
        known = {name: one.use for name, one in self.catalog.gone.items() if one.use in self.catalog.models}
        return {**(known if self.follows_changes else {}), **self.choices.use}

    def _date(self) -> None:
        node = self._date_node()
        if node is None or node.string == self.catalog.date:
            return
        self._note(node, ("catalog",), node.resolved.text, self.catalog.date)
        if node.target:
            self.edits.replace_text(node.start, node.end, f'"{self.catalog.date}"')
        else:
            self.edits.replace_scalar(node, self.catalog.date)

    def _date_node(self) -> SourceNode | None:
        """Return the value that dates the catalog, or the alias that stands for it."""
        for key, value in self.sites.root.entries:
            if key.text == "catalog":
                inner = [below for name, below in value.resolved.entries if name.text == _DATE]
                return inner[0] if inner else value
        return None

    def _drop_fields(self) -> None:
        for site in self.found:
            if site.field not in self.choices.drop or site.role is Role.VALUE:
                continue
            self.take_out(site)
        for matrix, path in list(self.sites.matrices()):  # ranges and templates have no values of their own
            for key, value in matrix.entries:
                name = key.text.removeprefix(FIELD_PREFIX)
                if name in self.choices.drop and not self.edits.is_removed(value):
                    self._note(key, (*path, key.text), key.text, "")
                    self.edits.remove(value)

    def take_out(self, site: Site) -> None:
        """Take a field out; an exclude that asks for one of several values would drop more, and goes as a whole."""
        if self.edits.is_removed(site.node):
            return
        self._note(site.node, site.path, _shown(site.node), "")
        rule = site.holder if site.role is Role.EXCLUDE and not self._is_only_value(site) else None
        self.edits.remove(rule or site.node)

    def _is_only_value(self, site: Site) -> bool:
        """Whether a rule asks for the one value that the axis of its field has, in the same stage or outside."""
        values = [
            each.node.value
            for each in self.found
            if each.field == site.field and each.role is Role.AXIS and each.stage in {None, site.stage}
        ]
        return len(values) == 1 and same_json(values[0], site.node.value)

    def _rename_models(self, renames: Mapping[str, str]) -> None:
        for site in self.found:
            name = site.node.string
            if site.field != MODEL or name is None or name not in renames or self.edits.is_removed(site.node):
                continue
            node, new = site.node.resolved, renames[name]
            if new == name:
                continue
            if new:
                self._replace(node, site.path, new)
                continue
            holder = site.holder
            takes_item = site.role in {Role.EXCLUDE, Role.INCLUDE} or (holder is not None and holder.kind == "mapping")
            item = holder if takes_item and holder is not None and _is_item(holder) else node
            if item.parent is not None and item.parent.kind == "list":
                self._note(node, site.path, name, "")
                self.edits.remove(item)

    def _take_out_labels(self, renames: Mapping[str, str]) -> None:
        """Take out the excludes and includes that name, by its label, a value of an axis that was taken out."""
        holders = [
            site.holder for site in self.found if site.field == MODEL and renames.get(str(site.node.string)) == ""
        ]
        ids = [holder.get("id") for holder in holders if holder is not None and holder.kind == "mapping"]
        labels = {node.string for node in ids if node is not None}
        for site in self.found:
            is_rule = site.role in {Role.EXCLUDE, Role.INCLUDE} and site.field == MODEL
            if (
                is_rule
                and site.holder is not None
                and site.node.string in labels
                and not self.edits.is_removed(site.node)
            ):
                self._note(site.node, site.path, _shown(site.node), "")
                self.edits.remove(site.holder)

    def _rename_limits(self, renames: Mapping[str, str]) -> None:
        limits = self.sites.root.get("limits")
        models = limits.get("models") if limits else None
        taken = {key.text for key, _ in models.entries} if models else set()
        for key, value in models.entries if models else ():
            new = renames.get(key.text)
            if new is None or new == key.text:
                continue
            if new and new not in taken:
                self._replace(key, ("limits", "models", key.text), new)
                taken.add(new)
            else:
                self._note(key, ("limits", "models", key.text), key.text, "")
                self.edits.remove(value)

    def _change_value(self, site: Site) -> None:
        """Write what says the same now."""
        new = self.catalog.changes.new_fields(site.field, site.node.string)
        if new is None or self.edits.is_removed(site.node):
            return
        node = site.node.resolved
        own = new.get(site.field)
        others = {key: value for key, value in new.items() if key != site.field}
        if not isinstance(own, str) or not node.is_replaceable:
            return  # left as it stands; the validation of the result names it
        if not others:
            self._replace(node, site.path, own)
        elif site.role is Role.AXIS:
            text = ", ".join(f"{key}: {_json(value)}" for key, value in {"id": node.text, **new}.items())
            self._note(node, site.path, node.text, f"{{{text}}}")
            self.edits.replace_text(node.start, node.end, f"{{{text}}}")
        elif site.role is Role.REQUEST and site.holder is not None:
            self._replace(node, site.path, own)
            for key, value in others.items():
                if site.holder.get(key) is None:
                    self._note(node, (*site.path[:-1], key), "", _json(value))
                    self.edits.add_entry(node, f"{key}: {_json(value)}")

    def _move_parts(self) -> None:
        """Replace a field by those that took over its parts, and take out the ones that it stood beside."""
        for site in self.found:
            change = self._gone_field(site)
            if change is None or self.edits.is_removed(site.node):
                continue
            holder = site.holder
            beside = change.beside.get(str(site.node.value))
            is_told = beside is not None and holder is not None and holder.get(beside) is not None
            if is_told or self._is_switched_off(site):
                self.take_out(site)
            elif change.becomes and holder is not None and holder.kind == "mapping":
                self._split(site, change, holder)

    def _is_switched_off(self, site: Site) -> bool:
        """Whether the field that this one belongs to stands beside it, and says that nothing is done."""
        for name, change in self.catalog.changes.fields.items():
            switch = site.holder.get(name) if site.holder and site.field in change.beside.values() else None
            if switch is not None and change.is_idle(switch.value):
                return True
        return False

    def _split(self, site: Site, change: FieldChange, holder: SourceNode) -> None:
        parts = {key.text: value for key, value in site.node.resolved.entries}
        if parts.keys() != set(change.becomes.values()) or any(holder.get(name) for name in change.becomes):
            return
        if not all(part.is_replaceable for part in parts.values()) or site.node.target:
            return
        entries = [f"{name}: {self._source(parts[part])}" for name, part in change.becomes.items()]
        key = holder.entries[holder.position(site.node)][0]
        between = ", " if holder.is_flow else f"{self.edits.line_break}{' ' * (key.column - 1)}"
        self._note(key, site.path, key.text, ", ".join(entries))
        self.edits.replace_text(key.start, site.node.end, between.join(entries))

    def _gone_field(self, site: Site) -> FieldChange | None:
        """Return what became of a field that no model takes any more."""
        if site.role is not Role.REQUEST or site.field in self.catalog.fields:
            return None
        return self.catalog.changes.fields.get(site.field)

    def _keep_own_names(self) -> None:
        """Mark a name of the author's own that has become a field's."""
        known = self.former.fields | self.former.callback_fields
        new = (self.catalog.fields | self.catalog.callback_fields) - known - self.catalog.changes.fields.keys()
        for key, path in self.sites.axis_keys():
            if key.text in new and key.is_replaceable:
                self._replace(key, (*path, key.text), f"{VARIABLE_PREFIX}{key.text}")

    def _rename_in_templates(self, renames: Mapping[str, str]) -> None:
        """Rename models that a template compares with; values of a table are not known here, so those stay."""
        old = "|".join(map(re.escape, (name for name, new in renames.items() if new and new != name)))
        if not old:
            return
        quoted = re.compile(rf"(?P<quote>'+|\\?\")(?P<name>{old})(?P=quote)")
        for path, node in self.sites.root.scalars():
            text = node.string
            if text is None or not is_template(text) or self.edits.is_removed(node):
                continue
            if "row" in compile_value(text, ()).names:
                continue
            for found in quoted.finditer(self.text, node.start, node.end):
                self._note(node, path, found["name"], renames[found["name"]])
                self.edits.replace_text(found.start("name"), found.end("name"), renames[found["name"]])

    def _fold_equal_values(self) -> None:
        """Take out values of an axis that became equal to one before them."""
        lists = {id(site.holder): site.holder for site in self.found if site.holder and site.holder.kind == "list"}
        new = {(change.place.line, change.place.column): change.new for change in self.changes if change.new}
        for holder in lists.values():
            seen: dict[Json, bool] = {}
            for item in holder.items:
                place = (item.line, item.column)
                if item.kind != "scalar" or item.target or self.edits.is_removed(item):
                    continue
                value = new.get(place, item.value)
                is_changed = place in new
                if value in seen and (is_changed or seen[value]):
                    self.edits.remove(item)
                seen[value] = seen.get(value, False) or is_changed

    def _replace(self, node: SourceNode, path: ValuePath, new: str) -> None:
        if not (node.is_replaceable or self._is_shared_by_sites(node)):
            return  # left as it stands; the validation of the result names it
        self._note(node, path, node.text, new)
        self.edits.replace_scalar(node, new)

    def _is_shared_by_sites(self, node: SourceNode) -> bool:
        """Whether all aliases of a scalar stand where the same is asked for."""
        users = {id(site.node) for site in self.found if site.node.resolved is node}
        return node.kind == "scalar" and node.is_on_line and not node.target and len(users) == node.aliases + 1

    def _note(self, node: SourceNode, path: ValuePath, old: str, new: str) -> None:
        self.changes.append(Rewrite(self.place(node), path_text(path), old, new))

    def place(self, node: SourceNode) -> SourcePlace:
        """Return where a value stands."""
        return SourcePlace(self.shown_as, node.line, node.column)

    def _source(self, node: SourceNode) -> str:
        return self.text[node.start : node.end]


def _is_item(node: SourceNode) -> bool:
    return node.parent is not None and node.parent.kind == "list"


def _shown(node: SourceNode) -> str:
    return node.text if node.kind == "scalar" else node.kind


def _json(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
