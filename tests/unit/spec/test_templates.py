"""Templates are strict, typed where they are one expression, and the same everywhere."""

import hashlib
from collections.abc import Mapping

import pytest

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.filters import FILTER_NAMES
from qwave_batch.spec.template.templates import TemplateFault, compile_value
from qwave_batch.spec.template.text_filters import slug
from tests.every_case import in_one_test

SCOPE: Mapping[str, Json] = {
    "base": 3,
    "medium": "ink wash",
    "shortlist": ["a", "b"],
    "nothing": None,
    "row": {"Prompt": "a {{ base }} b", "items": "cell", "count": "two", "n": None, "deep": {"list": [1]}},
}


def render(template: Json, scope: Mapping[str, Json] = SCOPE) -> Json:
    return compile_value(template, ("text",)).render(scope)


def fault(template: str, scope: Mapping[str, Json] = SCOPE) -> str:
    with pytest.raises(TemplateFault) as caught:
        render(template, scope)
    assert caught.value.where == ("text",)
    assert caught.value.source == template
    return str(caught.value)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ base + 1 }}", 4),
        ("{{ base / 2 }}", 1.5),
        ("{{ shortlist }}", ["a", "b"]),
        ("{{ base == 3 }}", True),
        ("{{ none }}", None),
        ("{{ {'a': base} }}", {"a": 3}),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ range(3) }}", [0, 1, 2]),
        ("{{ '007' }}", "007"),
        ("{{ medium if base > 2 else 'oil' }}", "ink wash"),
        ("{{base}}", 3),
        ("{# why #}{{ base }}", 3),
    ],
)
def test_one_single_expression_keeps_its_type(template: str, value: Json) -> None:
    assert render(template) == value
    assert type(render(template)) is type(value)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (" {{ base }}", " 3"),
        ("{{ base }}\n", "3\n"),
        ("{{ base }}{{ base }}", "33"),
        ("{% raw %}{{ base }}{% endraw %}", "{{ base }}"),
        ("{% if base %}{{ base }}{% endif %}", "3"),
    ],
)
def test_anything_beside_the_expression_makes_it_text(template: str, text: str) -> None:
    assert render(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("<{{ nothing or '' }}>", "<>"),
        ("<{{ true }}>", "<true>"),
        ("<{{ 1.5 }}>", "<1.5>"),
        ("<{{ shortlist | tojson }}>", '<["a", "b"]>'),
        ("<{{ base ~ '-' ~ false }}>", "<3-false>"),
        ("<{{ [1, true, 'x'] | join('/') }}>", "<1/true/x>"),
    ],
)
def test_values_read_well_inside_of_a_text(template: str, text: str) -> None:
    assert render(template) == text


def test_text_is_taken_as_it_is() -> None:
    assert render("a\r\nb\n{{ base }} \u2028é<&>\r\n\n") == "a\r\nb\n3 \u2028é<&>\r\n\n"


def test_what_comes_out_of_data_is_never_rendered_again() -> None:
    assert render("{{ row.Prompt }}") == "a {{ base }} b"
    assert render("x {{ row.Prompt }}") == "x a {{ base }} b"


@pytest.mark.parametrize("text", ["plain", "", "50 % off", "a } b }}", "{ not }", "%}", "#}"])
def test_a_string_without_an_opening_is_a_constant(text: str) -> None:
    value = compile_value(text, ())
    assert value.is_constant
    assert value.names == frozenset()
    assert value.render({}) == text


def test_columns_that_are_called_like_methods_are_columns() -> None:
    assert render("{{ row.items }} {{ row['count'] }}") == "cell two"


def test_names_and_fields_are_known_before_rendering() -> None:
    value = compile_value(
        {"a": "{{ row.Prompt }} {{ row['my col'].x }} {{ row.deep.list[0].y }}", "b": ["{{ shout | upper }}", 5]}, ()
    )
    assert value.names == {"row", "shout"}
    assert value.attributes == {("row", "Prompt"), ("row", "my col", "x"), ("row", "deep", "list")}
    assert not value.is_constant


def test_a_names_own_variables_and_methods_are_not_asked_for() -> None:
    value = compile_value(
        "{% for x in xs %}{{ x.a }}{{ loop.index }}{% endfor %}{{ row.Prompt.upper() }}{{ range(2) }}", ()
    )
    assert value.names == {"xs", "row"}
    assert value.attributes == {("row", "Prompt")}


def test_lists_and_mappings_render_leaf_by_leaf() -> None:
    assert render({"a": ["{{ base }}", "x{{ base }}", 7], "b": {"c": None}}) == {"a": [3, "x3", 7], "b": {"c": None}}


def test_a_rendered_value_shares_nothing_with_its_scope() -> None:
    out = render("{{ shortlist }}")
    assert out == SCOPE["shortlist"]
    assert out is not SCOPE["shortlist"]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{{ medum }}",
            '"medum" is not defined; available: base, medium, nothing, row, shortlist; did you mean "medium"?',
        ),
        ("x {{ zzz.a }}", '"zzz" is not defined; available: base, medium, nothing, row, shortlist'),
        ("{{ row.promt }}", 'row has no "promt"; it has Prompt, items, count, n, deep; did you mean "Prompt"?'),
        ("{{ row.deep.lost }}", 'row.deep has no "lost"; it has list; did you mean "list"?'),
        ("{{ shortlist[7] }}", "shortlist has no item 7; it has 2, counting from 0"),
        ("{{ medium.light }}", 'medium has no "light" because it is a string'),
        ("{{ base / 0 }}", "the template fails: division by zero"),
        ("{{ medium + 1 }}", "the template fails: a string and a number cannot be added; to join strings, use ~"),
        ("{{ shortlist() }}", "the template fails: a list cannot be called"),
        ("{{ medium.upper }}", "the template fails: a function cannot be used as a value; call it with ()"),
        ("x {{ medium.upper }}", "the template fails: a function cannot be written into text; call it with ()"),
        (
            "{{ shortlist | map('upper') }}",
            "the template fails: a sequence that is not yet a list cannot be used as a value; add | list after it",
        ),
        ("{{ {1: 2} }}", "the template fails: keys must be strings, found a number"),
        (
            "{{ 2 ** 60 }}",
            "the template fails: 1152921504606846976 is past 2^53-1, the largest integer that JSON readers agree on",
        ),
        ("{{ 1e308 * 10 }}", "the template fails: Infinity is not a JSON number"),
        ("{{ '\\ud800' }}", "the template fails: half of a surrogate pair is not a Unicode character"),
        ("x{{ '\\udfff' }}", "the template fails: half of a surrogate pair is not a Unicode character"),
        (
            "{{ self }}",
            "the template fails: a part of the template language cannot be used as a value; use one of its fields",
        ),
    ],
)
def test_what_fails_while_filling_in_says_why(template: str, said: str) -> None:
    assert fault(template) == said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ base", "unexpected end of template, expected }}"),
        ("{{ base medium }}", "expected }}, found 'medium'"),
        ("{{ base | uper }}", 'there is no filter "uper"; did you mean "upper"?'),
        ("{{ base | random }}", 'there is no filter "random"'),
        ("{{ base | pprint }}", 'there is no filter "pprint"; did you mean "int"?'),
        ("{% include 'x' %}", "{% include %} is not part of the spec language"),
        ("{% import 'x' as y %}", "{% import %} is not part of the spec language"),
        ("{% autoescape true %}{% endautoescape %}", "{% autoescape %} is not part of the spec language"),
        ("{% macro m() %}{% endmacro %}", "{% macro %} is not part of the spec language"),
        ("{% for a in b recursive %}{% endfor %}", "a recursive loop is not part of the spec language"),
        ("{{ base is evn }}", "no test named 'evn'"),
        ("{{ \ufdd0 }}", "it contains U+FDD0, which is not a character"),
        (
            "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}",
            "it is nested too deeply, or contains a number that is too long",
        ),
    ],
)
def test_what_does_not_parse_says_so_at_once(template: str, said: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        compile_value(template, ("a", 1))
    assert str(caught.value) == f"the template does not parse: {said}"
    assert caught.value.where == ("a", 1)


def test_a_fault_knows_its_line() -> None:
    with pytest.raises(TemplateFault) as broken:
        compile_value("one\ntwo {{ a b }}\n", ())
    with pytest.raises(TemplateFault) as missing:
        render("one\ntwo\n{{ lost }}\n")
    assert (broken.value.line, missing.value.line) == (2, 3)


def test_a_fault_in_a_nested_value_names_its_own_place() -> None:
    with pytest.raises(TemplateFault) as caught:
        compile_value({"a": [1, "{{ lost }}"]}, ("request",)).render({})
    assert caught.value.where == ("request", "a", 1)


def test_missing_names_can_be_asked_about() -> None:
    assert render("{{ lost is defined }}") is False
    assert render("{{ lost | default('x') }}") == "x"


@pytest.mark.parametrize("name", ["lipsum", "cycler", "joiner", "namespace", "now", "environ", "config", "request"])
def test_nothing_that_varies_is_at_hand(name: str) -> None:
    assert fault(f"{{{{ {name} }}}}").startswith(f'"{name}" is not defined')


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ medium.upper.__globals__ }}",
        "{{ shortlist.append(1) }}",
        "{{ row.update({}) }}",
        "{{ range.__init__ }}",
        "{{ dict.mro() }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{a[0]}'.format(a=shortlist) }}",
        "{{ (1).bit_length() }}",
        "{{ medium.encode() }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__ }}",
        "{% set x = row.pop('n') %}{{ x }}",
    ],
)
def test_nothing_reaches_out_of_the_sandbox(template: str) -> None:
    fault(template)


@in_one_test("name", [*FILTER_NAMES])
def test_no_filter_shows_an_address_in_memory(name: str) -> None:
    """A function's text would differ from run to run."""
    for template in (f"<{{{{ medium.upper | {name} }}}}>", f"<{{{{ [medium.upper] | map('{name}') | list }}}}>"):
        try:
            out = render(template)
        except TemplateFault:
            continue
        assert "0x" not in str(out).lower()


def test_own_filters() -> None:
    assert render("{{ 'Ein Café, 3° über Null!' | slug }}") == "ein-café-3-über-null"
    assert render("{{ '茶館 dawn' | slug }}") == "茶館-dawn"
    assert render("{{ 'é' | sha256 }}") == hashlib.sha256("é".encode()).hexdigest()
    assert render("{{ {'b': '<é>'} | tojson }}") == '{"b": "<é>"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("---", ""),
        ("A  B", "a-b"),
        ("हिन्दी में", "हिन्दी-में"),
        ("e\u0301", "é"),
        ("a/b\\c..d", "a-b-c-d"),
        ("ÀÉ", "àé"),
    ],
)
def test_slugs_keep_letters_of_every_script(text: str, expected: str) -> None:
    assert slug(text) == expected


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ '%03d' % 7 }}", "007"),
        ("{{ '%03d' | format(7) }}", "007"),
        ("{{ '{:>4}|{x}'.format(1, x='y') }}", "   1|y"),
        ("{{ 'a-b'.split('-') }}", ["a", "b"]),
        ("{{ ', '.join(shortlist) }}", "a, b"),
        ("{{ 'abc' | replace('b', 'x') | upper }}", "AXC"),
        ("{{ 'x' | center(5) }}", "  x  "),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ [3, 1, 2] | sort | join }}", "123"),
        ("{{ [1, 2] | sum }}", 3),
        ("{{ [{'a': 1}, {'a': 2}] | map(attribute='a') | list }}", [1, 2]),
        ("{{ [{'a': 1}, {'a': 2}] | join('+', attribute='a') }}", "1+2"),
        ("{{ [1, 2, 3] | select('odd') | list }}", [1, 3]),
        ("{{ 'one two three' | wordwrap(7) }}", "one two\nthree"),
        ("{% for x in shortlist %}{{ loop.index }}{{ x }}{{ ', ' if not loop.last }}{% endfor %}", "1a, 2b"),
        ("{% set x = 5 %}{{ x + 1 }}", "6"),
        ("{{ row.keys() | list | first }}", "Prompt"),
        ("{{ dict(a=1, b=2) }}", {"a": 1, "b": 2}),
        ("{{ 7.5 | round | int }}", 8),
        ("{% for g in [{'a': 1}, {'a': 2}] | groupby('a') %}{{ g.grouper }}{% endfor %}", "12"),
        ("{{ true | upper }}", "TRUE"),
        ("{{ 'a1' | replace(1, 2) }}", "a2"),
        ("{{ shortlist | length }}", 2),
        ("{{ 'b' in shortlist and 'z' not in shortlist }}", True),
    ],
)
def test_what_people_use_works(template: str, value: Json) -> None:
    assert render(template) == value
