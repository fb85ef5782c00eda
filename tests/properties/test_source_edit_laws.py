"""Laws of the edits of YAML texts, and of a migration that has nothing to rewrite."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.api.migrate_spec import migrate_spec
from qwave_batch.spec.yaml.source_edits import SourceEdits
from qwave_batch.spec.yaml.source_tree import SourceNode, source_tree

KEYS = st.text("abcdef", min_size=1, max_size=3)
SCALARS = st.one_of(st.integers(0, 99), st.text("ab #:,'\"{}[]\n-", max_size=8), st.booleans())
STYLES = {"mixed": None, "flow": True, "block": False}
TREES = st.dictionaries(
    KEYS,
    st.recursive(SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3)),
    min_size=2,
    max_size=4,
)


def places(node: SourceNode) -> list[SourceNode]:
    children = [value for _, value in node.entries] + node.items
    return [*children, *(place for child in children for place in places(child))]


def without(value: Any, node: SourceNode, gone: SourceNode) -> Any:
    """The value as it should be once ``gone`` is taken out; None for a mapping or list that has nothing left."""
    if node.kind == "mapping" and node.entries:
        kept = {key.text: without(value[key.text], child, gone) for key, child in node.entries if child is not gone}
        kept = {key: item for key, item in kept.items() if item is not _GONE}
        return kept or _GONE
    if node.kind == "list" and node.items:
        items = [without(value[at], child, gone) for at, child in enumerate(node.items) if child is not gone]
        return [item for item in items if item is not _GONE] or _GONE
    return value


_GONE = object()


@given(tree=TREES, style=st.sampled_from(list(STYLES)), indent=st.sampled_from([2, 4]), data=st.data())
def test_what_is_taken_out_is_gone_and_nothing_else(tree: Any, style: str, indent: int, data: st.DataObject) -> None:
    text = yaml.safe_dump(tree, default_flow_style=STYLES[style], indent=indent, sort_keys=False)
    root = source_tree(text)
    gone = data.draw(st.sampled_from(places(root)))
    edits = SourceEdits(text, root)
    edits.remove(gone)
    expected = without(tree, root, gone)
    assert yaml.safe_load(edits.result()) == expected


@given(tree=TREES, style=st.sampled_from(list(STYLES)))
def test_a_tree_knows_where_its_scalars_stand(tree: Any, style: str) -> None:
    text = yaml.safe_dump(tree, default_flow_style=STYLES[style], sort_keys=False)
    for path, scalar in source_tree(text).scalars():
        value = tree
        for step in path:
            value = value[step]
        written = text[scalar.start : scalar.end]
        if "\n" not in written:
            assert yaml.safe_load(written) == value


LINES = [
    "version: 1", "name: s", 'catalog: "2026-05"', "request:", "  model: wan2.7-image", "  seed: 3", "prompts:",
    "  - a fox", "  - text: 'a hen'", "    id: hen", "matrix:", "  aspect_ratio: ['1:1',   \"16:9\"]", "  exclude:",
    "    - {aspect_ratio: '1:1' }",
]  # fmt: skip


def many(each: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(each, min_size=len(LINES), max_size=len(LINES))


NOTES = st.sampled_from(["", "  # note", " # 'catalog: \"2026-05\"'", "    "])
BETWEEN = st.sampled_from(["", "\n", "# catalog: 2026-05\n", "\n   # doubao-seedream-4.5\n\n"])


@given(
    notes=st.lists(NOTES, min_size=len(LINES), max_size=len(LINES)),
    between=st.lists(BETWEEN, min_size=len(LINES), max_size=len(LINES)),
)
def test_without_anything_old_only_the_date_changes(
    notes: list[str], between: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "".join(f"{gap}{line}{note}\n" for gap, line, note in zip(between, LINES, notes, strict=True))
    spec: Path = tmp_path_factory.getbasetemp() / "law.yaml"
    spec.write_text(text, encoding="utf-8")
    done = migrate_spec(spec, to="2026-10")
    assert done.open == ()
    assert done.text.decode() == text.replace('\ncatalog: "2026-05"', '\ncatalog: "2026-10"')
