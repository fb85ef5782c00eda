"""Every template ends in seconds and in bounded memory, enforced by the system and not by a clock."""

import json
from collections.abc import Mapping

import jinja2
import pytest
from jinja2.sandbox import SandboxedEnvironment

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.templates import TemplateFault, compile_value
from tests.unit.spec.limited import run_limited

CPU_S = 6
MIB = 450
RENDER = """
import json, sys
from qwave_batch.spec.template.templates import TemplateFault, compile_value
for template in json.load(sys.stdin):
    try:
        compile_value(template, ()).render({"text": "a cat", "row": {"a": 1}, "d": {"a": 1}})
        print("ok")
    except TemplateFault as fault:
        print(fault.message.split(":")[0])
"""
NESTED = "".join(
    f"{{% set {name} = {leaf} %}}" for name, leaf in (("x", "[1]"), ("y", "[1]"), ("t", "(1,)"))
) + "".join("{% set x = [x, x] %}{% set y = [y, y] %}{% set t = (t, t) %}" for _ in range(60))
"""Lists that hold a list twice, sixty deep: a few kilobytes, and 2 to the 60th values when traversed."""
LONG = "{% set a = 'a' * 900000 %}{% for i in range(90000) %}"

STOPPED = {
    "formats": [
        "{{ '%.999999f' % 1.5 }}{{ '%.999999f' % 1.5 }}",
        "{{ ('%.9999f' * 900) % (1,) }}",
        "{{ '{:.9999999f}'.format(1.5) }}",
        "{{ ('%s' * 400000) % (('',) * 400000) }}",
        "{{ ('{0}' * 300000).format('') }}",
        "{{ '{:{}}'.format(1, 10**9) }}",
        "{{ '%.999999999f' is odd }}",
        "{{ '%999999999d' is divisibleby(1) }}",
    ],
    "texts": [
        "{{ ('-' * 500000) | wordwrap }}",
        "{{ ('a' * 900000) | wordwrap(1) }}",
        "{{ ('a--' * 300000) | wordwrap(10) }}",
        "{{ ('x\u2003' * 120000) | wordwrap(1) }}",  # a blank, but not one that parts words there
        "{{ ('<' * 900000) | striptags }}",
        "{{ ('&' * 900000) | striptags }}",
        "{{ ('\U0001f600' * 900000) | urlencode }}",
        "{{ ('a' * 900000).rfind('b' ~ 'a' * 400000) }}",
        "{{ ('a' * 900000).rsplit('b' ~ 'a' * 400000) }}",
        "{{ ('a' * 900000).strip('b' * 900000 ~ 'a') }}",
        "{{ ('a' * 900000) | trim('b' * 900000 ~ 'a') }}",
        "{{ ([[[[1]]]] * 9000) | tojson(10000) }}",
    ],
    "texts again and again": [
        LONG + "{{ a.find('b') }}{% endfor %}",
        LONG + "{{ 'b' in a }}{% endfor %}",
        LONG + "{% set b = a[1:] %}{% endfor %}",
        LONG + "{{ a | upper | length }}{% endfor %}",
        LONG + "{{ a.lower() | length }}{% endfor %}",
        LONG + "{{ a | sha256 }}{% endfor %}",
        LONG + "{% if a == 'a' * 900000 %}{% endif %}{% endfor %}",
        LONG + "{% set b %}{{ a }}{% endset %}{% endfor %}",
        LONG + "{% filter length %}{{ a }}{% endfilter %}{% endfor %}",
        "{% for i in range(90000) %}{% set b %}" + "x" * 100_000 + "{% endset %}{% endfor %}",
        "{% for i in range(90000) %}{{ 5.5 in range(99999) }}{% endfor %}",
    ],
    "lists": [
        "{{ (['a' * 900000] * 900000) | sort | length }}",
        "{{ range(900) | groupby('a', 'é' * 900000) }}",
        "{{ ([{'a': 1}] * 90000) | map(attribute='" + "a." * 50_000 + "a') | list | length }}",
        "{{ ([{'a': 1}] * 90000) | sort(attribute='" + "a," * 50_000 + "a') | list | length }}",
        "{{ ([['a'] * 1000] * 90000) | sum(start=[]) }}",
        "{{ (['a' * 1000] * 90000) | sum(start='') }}",
        "{{ ([1] * 900000) | slice(10000) | list | length }}",
        "{{ ('ab' * 400000) | list | length }}{{ ('ab' * 400000) | list | length }}",
    ],
    "lists of lists of lists, compared and looked up": [
        NESTED + "{{ x == y }}",
        NESTED + "{{ x in [y] }}",
        NESTED + "{{ {t: 1} }}",
        NESTED + "{{ d[t] }}",
        NESTED + "{{ [x] | select('eq', y) | list }}",
        NESTED + "{{ [t] | unique | list | length }}",
    ],
    "lists of lists of lists, written out": [
        NESTED + "a{{ x | tojson }}",
        NESTED + "{{ x | tojson ~ 'a' }}",
        NESTED + "{{ '%s' % (x | tojson) }}",
        NESTED + "{{ '{}'.format(x | tojson) }}",
        NESTED + "{{ x | tojson }}",
    ],
    "numbers": [
        "{{ ('f' * 900000) | int(0, 16) }}",
        "{{ 10 ** 99999 }}",
        "{{ dict(range(0, (2**61 - 1) * 99999, 2**61 - 1) | batch(2)) | length }}",
        "{{ 'a' | center(10**9) }}",
    ],
}


def outcomes(templates: list[str]) -> list[str]:
    done = run_limited(["-c", RENDER], json.dumps(templates), cpu_s=CPU_S, mib=MIB)
    assert done.returncode == 0, f"signal {-done.returncode}: {done.stderr[-300:]}"
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", STOPPED)
def test_a_template_that_runs_away_is_stopped_whatever_it_uses(kind: str) -> None:
    """All templates of a kind end together within the time and memory that one of them may take."""
    ends = outcomes(STOPPED[kind])
    assert {end for end in ends if end not in {"the template was stopped", "the template fails"}} == set(), ends
    assert len(ends) == len(STOPPED[kind])


def test_what_is_slow_in_other_hands_is_done() -> None:
    """A run of marks out of order, long literals and a million braces end well: they were quadratic once."""
    marks, tags = r"{{ ('\u0301\u0316' * 400000) | slug | length }}", "{{ ('<!---->' * 100000) | striptags }}"
    assert (
        outcomes([marks, tags, "{{ (':' * 900000).format(1) }}", "{{ ('a' * 900000).find('a' * 400000 ~ 'b') }}"])
        == ["ok"] * 4
    )


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "(" * 900_000,
        "{{ " + "1" * 900_000 + " }}",
        "{{ 0x" + "f" * 900_000 + " }}",
        "{{ a }}" * 100_000 + "{{ a | upper }}",
        "{% if a %}x{% endif %}" * 40_000,
        "{{ [" + "1," * 400_000 + "] }}",
        "{{ a" + "|upper" * 100_000 + " }}",
        "{{ 'a' * 10**9 }}" * 5000,
    ],
    ids=lambda template: template[:20],
)
def test_a_template_too_long_to_compile_is_not_compiled(template: str) -> None:
    """The parser is stopped by the number of words, and nothing is worked out before it runs."""
    [end] = outcomes([template])
    assert end in {"the template does not parse", "the template was stopped"}


BENIGN = [
    "{{ 1 < n < 9 }}",
    "{{ n == 5 and 'a' in text and 'x' not in items }}",
    "{{ n != 5 or items == ['b', 'a'] }}",
    "{{ text[1:3] ~ text[::-1] ~ items[-1] ~ items[:1] | join }}",
    "{{ {'k' ~ n: 1}['k5'] }}",
    "{% set x %}{{ text }}{% endset %}{{ x | upper }}",
    "{% filter upper | trim %} {{ text }} {% endfilter %}",
    "{% for k, v in d | dictsort %}{{ k }}={{ v }};{% else %}none{% endfor %}",
    "{{ items | sort | join(',') }}{{ items | sort(reverse=true) | first }}",
    "{{ people | map(attribute='name') | join(' ') }}",
    "{{ people | groupby('age') | map(attribute='grouper') | join(',') }}",
    "{{ people | groupby('city', default='none') | map('first') | join(',') }}",
    "{{ people | selectattr('age', 'gt', 30) | map(attribute='name') | list | length }}",
    "{{ people | sort(attribute='age,name') | map(attribute='name') | join }}",
    "{{ people | sum('age') }}{{ [1, 2] | sum }}{{ [1, 2] | sum(start=10) }}",
    "{{ people | join(', ', attribute='name') }}",
    "{{ numbers | batch(2, 0) | map('join') | join('/') }}{{ numbers | slice(2) | map('join') | join('/') }}",
    "{{ numbers | select('odd') | join }}{{ numbers | reject('divisibleby', 3) | join }}{{ 4 is even }}",
    "{{ numbers | max }}{{ numbers | min }}{{ numbers | unique | join }}{{ numbers | reverse | join }}",
    "{{ items | max }}{{ ['b', 'A', 'a'] | unique | join }}{{ ['b', 'A'] | sort(case_sensitive=true) | join }}",
    "{{ '%s-%03d' % (text, n) }}{{ '%(a)s' % {'a': 1} }}{{ '{:>6}|{}'.format(text, n) }}{{ '%5.2f' | format(2.345) }}",
    "{{ text.split(' ') | join('_') }}{{ text.rsplit(' ', 1)[0] }}{{ text.partition(' ')[2] }}{{ text.rfind('a') }}",
    "{{ text | title }}{{ text | capitalize }}{{ text | wordcount }}{{ text | truncate(5, true, '.') }}",
    "{{ text | truncate(6) }}{{ text | center(11) }}{{ 'a\nb' | indent(2) }}{{ text | replace('a', 'b', 1) }}",
    "{{ text.strip('at') }}{{ text | trim('am') }}{{ text.zfill(9) }}{{ text.count('a') }}{{ items.index('a') }}",
    "{{ 'one two three four' | wordwrap(9) }}{{ 'well-known words' | wordwrap(6) }}{{ 'abcdefgh' | wordwrap(3) }}",
    "{{ '<b>a</b> &amp; <!-- no > --> b <i' | striptags }}{{ 'a<!---->b<!--->' | striptags }}",
    "{{ 'a b/ü' | urlencode }}{{ d | urlencode }}{{ [('a', 1)] | urlencode }}",
    "{{ 5 // 2 }}{{ 5 % 3 }}{{ 2 ** 10 }}{{ 7 / 2 }}{{ -n }}{{ ([1] * 2)[1] }}{{ ([1] + [2]) | last }}{{ 'ab' * 2 }}",
    "{{ 2.567 | round(2) }}{{ 2.5 | round(method='floor') }}{{ '12' | int + 1 }}{{ 'x' | int(7) }}{{ '1.5' | float }}",
    "{{ 10000 | filesizeformat }}{{ -3 | abs }}{{ d.items() | map('first') | join }}{{ d.get('q', 9) }}{{ 'a' in d }}",
    "{{ text is string }}{{ n is number }}{{ d is mapping }}{{ 'up' is lower }}{{ n is in [5] }}{{ n is eq 5 }}",
    "{% for i in numbers if i > 2 %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i) }}{% endfor %}",
    "{{ dict(a=1, **{'b': 2}).b }}{{ dict([('a', 1)]).a }}{{ range(3) | join }}{{ range(9)[2:5] | join }}",
    "{{ text if n > 3 else 'no' }}{{ missing | default('d') }}{{ missing is defined }}{{ n is not none }}",
]
SCOPE: Mapping[str, Json] = {
    "text": "mat a cat",
    "n": 5,
    "items": ["b", "a"],
    "numbers": [1, 2, 3, 4, 3],
    "d": {"b": 2, "a": 1},
    "people": [{"name": "Ann", "age": 31}, {"name": "Bo", "age": 29}, {"name": "Cy", "age": 31, "city": "x"}],
}


@pytest.mark.parametrize("template", BENIGN)
def test_what_templates_are_for_comes_out_as_jinja_makes_it(template: str) -> None:
    """Counting changes no result: the same text as plain Jinja's, which is asked to write values as ours does."""
    ours = compile_value(f"<{template}>", ()).render(SCOPE)
    plain = SandboxedEnvironment(undefined=jinja2.StrictUndefined, finalize=_written)
    assert ours == plain.from_string(f"<{template}>").render(SCOPE)


def _written(value: object) -> object:
    if isinstance(value, jinja2.Undefined):
        return value
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else json.dumps(value)


def test_templates_that_many_rows_fill_in_have_much_to_do_together() -> None:
    """A thousand rows may each loop over a hundred things: an allowance for all is met by those that run away."""
    template = compile_value("{% for word in words %}{{ word | upper }} {% endfor %}", ())
    assert len(str(template.render({"words": ["word"] * 5000}))) == 25_000


@pytest.mark.parametrize(
    "use", ["gone == 1", "1 in gone", "gone[1:]", "d[gone]", "{gone: 1}", "gone ~ 'a'", "gone is odd", "'a' + gone"]
)
def test_a_missing_name_is_named_in_every_place_that_counts(use: str) -> None:
    with pytest.raises(TemplateFault, match='"gone" is not defined'):
        compile_value(f"{{{{ {use} }}}}", ()).render(SCOPE)
