"""Filling in names gives what running the template gives."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.spec.template.compiler import compile_text
from qwave_batch.spec.template.fast_render import parts_from_source
from qwave_batch.spec.template.renderer import render_compiled
from qwave_batch.spec.template.sandbox import SpecEnvironment
from qwave_batch.spec.template.template_messages import TemplateFault
from qwave_batch.spec.template.templates import PathEnvironment

PIECES = [
    "{{ a }}",
    "{{ row.x }}",
    "{{ row['x y'] }}",
    "{{ row.x.y }}",
    "{{ a | upper }}",
    "{{ gone }}",
    " t\r\n",
    "é/",
    "{# c #}",
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.just("\ud800"),
    st.lists(st.integers(), max_size=2),
)


@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=4),
    scope=st.fixed_dictionaries({"a": VALUES, "row": st.dictionaries(st.sampled_from(["x", "x y"]), VALUES)}),
    is_path=st.booleans(),
)
def test_filling_in_gives_what_the_template_engine_gives(
    pieces: list[str], scope: dict[str, Any], *, is_path: bool
) -> None:
    compiled = compile_text(
        PathEnvironment() if is_path else SpecEnvironment(), "".join(pieces), keeps_type=not is_path
    )

    def outcome(fast_parts: Any) -> Any:
        try:
            value = render_compiled(replace(compiled, fast_parts=fast_parts), ("x",), scope)
        except TemplateFault as fault:
            return fault.message
        return type(value), value

    assert outcome(compiled.fast_parts) == outcome(None)


TAGS = [
    "{{ a }}", "{{a}}", "{{ row.x }}", "{{ row.x.y}}", "{{ not }}", "{{ true }}", "{{ loop }}", "{{ self }}",
    "{{ range }}", "{{ dict.x }}", "{{  a  }}", "{{ a.1 }}", "{{ a.if }}", "{{ import }}", "{{ typed_result__ }}",
    "{{", "}}", "{", "}", "{#", "#}", "{%", "{{- a }}", "{{ a -}}", " ", "\n", "\r\n", "é",
]  # fmt: skip


@given(pieces=st.lists(st.sampled_from(TAGS), min_size=1, max_size=5), is_path=st.booleans())
def test_what_is_read_at_sight_is_what_the_parser_reads(pieces: list[str], *, is_path: bool) -> None:
    """A template that needs no parser is parsed all the same, as part of one that does: both say the same of it."""
    environment = PathEnvironment() if is_path else SpecEnvironment()
    source = "".join(pieces)
    if parts_from_source(source) is None:
        return
    seen = compile_text(environment, source, keeps_type=not is_path)
    # a comment behind it sends it through the parser
    parsed = compile_text(environment, source + "{# parsed #}", keeps_type=not is_path)
    assert (seen.names, seen.asked, seen.attributes, seen.lines, seen.is_typed, seen.fast_parts) == (
        parsed.names,
        parsed.asked,
        parsed.attributes,
        parsed.lines,
        parsed.is_typed,
        parsed.fast_parts,
    )
