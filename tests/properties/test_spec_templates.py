"""Laws of templates: values go through unharmed, data stays data, and nothing but a fault comes back."""

import json
import string
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.compiler import compile_text
from qwave_batch.spec.template.literal_text import is_template
from qwave_batch.spec.template.renderer import render_compiled
from qwave_batch.spec.template.sandbox import SpecEnvironment
from qwave_batch.spec.template.templates import TemplateFault, compile_value

LIMIT = 2**53 - 1
texts = st.text(st.characters(exclude_categories=["Cs"]))
written = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
"""Characters allowed in a text that is sent."""
leaves = (
    st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | st.floats(allow_nan=False, allow_infinity=False) | texts
)
values: st.SearchStrategy[Json] = st.recursive(
    leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4), max_leaves=15
)


@given(values)
def test_a_value_goes_through_a_single_expression_unchanged(value: Json) -> None:
    assert json.dumps(compile_value("{{ v }}", ()).render({"v": value})) == json.dumps(value)


@given(written, written)
def test_a_text_goes_through_a_longer_template_unchanged(before: str, value: str) -> None:
    plain = before.replace("{", "(")
    assert compile_value(f"{plain}<{{{{ v }}}}>", ()).render({"v": value}) == f"{plain}<{value}>"


@given(values)
def test_what_holds_no_template_is_itself(value: Json) -> None:
    compiled = compile_value(value, ()) if not is_template(json.dumps(value, ensure_ascii=False)) else None
    if compiled:
        assert compiled.is_constant
        assert compiled.render({}) == value


NAMING = ["{{ a }}", "{{ b.c }}", "{{ b['c'] }}", "{{ b.c.d }}", "{{ lost }}", " and ", "\n", "é", "{# note #}"]


@given(st.lists(st.sampled_from(NAMING), min_size=1, max_size=4).map("".join), values, values)
def test_the_short_way_through_plain_templates_ends_where_the_long_one_does(source: str, a: Json, c: Json) -> None:
    compiled = compile_text(SpecEnvironment(), source)
    scope: Mapping[str, Json] = {"a": a, "b": {"c": c}}
    outcomes = []
    for way in (compiled, replace(compiled, fast_parts=None)):
        try:
            outcomes.append(json.dumps(render_compiled(way, (), scope)))
        except TemplateFault as fault:
            outcomes.append(fault.message)
    assert outcomes[0] == outcomes[1]


TOKENS = [
    "{{", "}}", "{%", "%}", "a", "b", ".", "(", ")", "[", "]", "|", "upper", "list", "map", "'x'", "1", "0", "+", "*",
    "~", "for", "in", "endfor", "if", "endif", "set", "=", ",", " ", "join", "range", "default", "-", "/", "not", "is",
    "defined", "{", "}", ":", "'upper'", "\n", "sum", "sort", "first", "keys", "items", "format", "'%s'", "replace",
]  # fmt: skip


def outcome(template: str) -> object:
    try:
        return compile_value(template, ("x",)).render({"a": {"b": [1, "two"], "keys": None}, "b": "text"})
    except TemplateFault as fault:
        return fault


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join) | st.text(string.printable, max_size=30))
def test_no_template_is_a_traceback(inside: str) -> None:
    for template in (f"{{{{ {inside} }}}}", f"{{% {inside} %}}", inside):
        out = outcome(template)
        if isinstance(out, TemplateFault):
            assert out.message
            assert out.where == ("x",)
        else:
            json.dumps(out)
