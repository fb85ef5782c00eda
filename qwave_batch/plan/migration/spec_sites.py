"""The places of a spec that set request fields, name models, or hold values that a template makes a field of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.plan.expand.axes import FIELD_PREFIX, VARIABLE_PREFIX
from qwave_batch.spec.template.literal_text import is_template
from qwave_batch.spec.template.templates import compile_value
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_tree import SourceNode

_RULES = ("exclude", "include")


class Role(StrEnum):
    """The part that a place has in the spec."""

    REQUEST = "request"
    """A field of a request, or of a value of an axis that sets several fields."""
    AXIS = "axis"
    """A value of an axis, which is a field's value."""
    EXCLUDE = "exclude"
    INCLUDE = "include"
    VALUE = "value"
    """A value of a variable, or of an axis of one's own, that a template makes a field's."""


@dataclass(frozen=True, slots=True)
class Site:
    """One place that gives a value to a request field."""

    field: str
    node: SourceNode
    role: Role
    path: ValuePath

    @property
    def stage(self) -> int | None:
        """The position of the stage in whose block it stands; None outside of stages."""
        return int(self.path[1]) if self.path[:1] == ("stages",) else None

    @property
    def holder(self) -> SourceNode | None:
        """The mapping or list that the value stands in."""
        return self.node.parent


@dataclass(frozen=True, slots=True)
class SpecSites:
    """The places of one spec file."""

    root: SourceNode
    fields: frozenset[str]
    """The request fields of the catalogs."""

    def parts(self) -> Iterator[tuple[SourceNode, ValuePath]]:
        """Yield the spec and the blocks of its stages: what may have request, prompts, matrix and vars; with paths."""
        yield self.root, ()
        stages = self.root.get("stages")
        for number, stage in enumerate(stages.items if stages else ()):
            if stage.resolved.kind == "mapping":
                yield stage.resolved, ("stages", number)

    def all(self) -> Iterator[Site]:
        """Yield the places that set a field by its name."""
        for part, begin in self.parts():
            yield from self._of_part(part, begin)

    def _of_part(self, part: SourceNode, begin: ValuePath) -> Iterator[Site]:
        yield from self._of_mapping(part.get("request"), (*begin, "request"), Role.REQUEST)
        prompts = part.get("prompts")
        for number, prompt in enumerate(prompts.items if prompts else ()):
            below = prompt.resolved.get("request") if prompt.resolved.kind == "mapping" else None
            yield from self._of_mapping(below, (*begin, "prompts", number, "request"), Role.REQUEST)
        matrix = part.get("matrix")
        if matrix is None or matrix.kind != "mapping":
            return
        for key, values in matrix.entries:
            path: ValuePath = (*begin, "matrix", key.text)
            if key.text in _RULES:
                for number, rule in enumerate(values.resolved.items):
                    yield from self._of_mapping(rule, (*path, number), Role(key.text))
            else:
                yield from self._of_axis(key.text, values.resolved, path)

    def matrices(self) -> Iterator[tuple[SourceNode, ValuePath]]:
        """Yield the matrix of the spec and those of its stages, with their paths."""
        for part, begin in self.parts():
            matrix = part.get("matrix")
            if matrix is not None and matrix.kind == "mapping":
                yield matrix, (*begin, "matrix")

    def axis_keys(self) -> Iterator[tuple[SourceNode, ValuePath]]:
        """Yield the keys of the axes, and those of the excludes and includes that name axes, with the matrix' path."""
        for matrix, path in self.matrices():
            for key, values in matrix.entries:
                if key.text not in _RULES:
                    yield key, path
                    continue
                for rule in values.resolved.items:
                    yield from ((name, path) for name, _ in rule.resolved.entries)

    def of_templates(self, sites: Iterable[Site]) -> Iterator[Site]:
        """Yield the values of variables, and of axes of one's own, from which templates at those places are made."""
        for site in sites:
            names = _names(site.node)
            seen: set[str] = set()
            while names:
                name = names.pop()
                if name in seen:
                    continue
                seen.add(name)
                for node, path in self._variables(name):
                    for below, scalar in node.scalars(path):
                        names |= _names(scalar)
                        yield Site(site.field, scalar, Role.VALUE, below)

    def _variables(self, name: str) -> Iterator[tuple[SourceNode, ValuePath]]:
        """Yield the values that a template may mean by a name."""
        for part, begin in self.parts():
            shared = part.get("vars")
            if shared and (found := shared.get(name)):
                yield found, (*begin, "vars", name)
            prompts = part.get("prompts")
            for number, prompt in enumerate(prompts.items if prompts else ()):
                own = prompt.resolved.get("vars") if prompt.resolved.kind == "mapping" else None
                if own and (found := own.get(name)):
                    yield found, (*begin, "prompts", number, "vars", name)
        for matrix, path in self.matrices():
            for key, values in matrix.entries:
                if key.text in {name, f"{VARIABLE_PREFIX}{name}"} and name not in self.fields:
                    yield values.resolved, (*path, key.text)

    def _of_axis(self, written: str, values: SourceNode, path: ValuePath) -> Iterator[Site]:
        name = written.removeprefix(FIELD_PREFIX)
        is_field = not written.startswith(VARIABLE_PREFIX) and (name in self.fields or name != written)
        if values.kind == "scalar" and is_field:  # a template that gives the list
            yield Site(name, values, Role.AXIS, path)
        for number, item in enumerate(values.items if values.kind == "list" else ()):
            value, where = item.resolved, (*path, number)
            if value.kind == "mapping" and (not is_field or value.get("request")):
                yield from self._of_mapping(value.get("request"), (*where, "request"), Role.REQUEST)
            elif value.kind == "mapping" and value.get(name):
                yield from self._of_mapping(value, where, Role.REQUEST)
            elif is_field:
                yield Site(name, item if item.target is None else value, Role.AXIS, where)

    def _of_mapping(self, node: SourceNode | None, path: ValuePath, role: Role) -> Iterator[Site]:
        for key, value in node.resolved.entries if node else ():
            written = key.text
            name = written.removeprefix(FIELD_PREFIX)
            if written == "id" or written.startswith(VARIABLE_PREFIX):
                continue
            yield Site(name, value, role, (*path, written))
            if role is not Role.REQUEST and value.resolved.kind == "mapping":
                yield from self._of_mapping(value, (*path, written), role)


def _names(node: SourceNode) -> set[str]:
    """Return the names that a template uses; none for other values. Templates were compiled before, so they parse."""
    text = node.string
    return set(compile_value(text, ()).names) if text is not None and is_template(text) else set()


def template_columns(sites: Iterable[Site]) -> Iterator[tuple[str, str]]:
    """Yield each field that a template takes from a table's column, with the column."""
    for site in sites:
        text = site.node.string
        if text is not None and is_template(text):
            for way in compile_value(text, ()).attributes:
                if way[0] == "row" and len(way) > 1:
                    yield site.field, str(way[1])
