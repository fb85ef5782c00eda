"""Random templates that ask for much: every filter, operator, method and test, on values of all sizes."""

import re
from collections.abc import Mapping, Sequence
from random import Random

from qwave_batch.spec.template.filters import FILTER_NAMES
from qwave_batch.spec.template.jinja_tests import tests

DEPTH = 4
_HOLE = re.compile(r"<(\w+)>")

PRODUCTIONS: Mapping[str, Sequence[str]] = {
    "template": (
        "<statements>{{ <value> }}",
        "<statements>text {{ <value> }}",
        "<statements>{% if <value> %}x{% endif %}",
    ),
    "statements": ("", "<statement>", "<statement><statement>", "<statement><statement><statement><statement>"),
    "statement": (
        "".join(f"{{% set {name} = [{name}, {name}] %}}" for name in "xy" for _ in range(30)),
        "{% set x = <value> %}",
        "{% set y %}{{ <value> }}{% endset %}",
        "{% for i in <value> %}{{ <value> }}{% endfor %}",
        "{% for i in range(<size>) %}{% set z = <value> %}{% endfor %}",
        "{% filter <filter> %}{{ <value> }}{% endfilter %}",
        "{% with q = <value> %}{{ q }}{% endwith %}",
    ),
    "leaf": (
        '("<piece>" * <size>)',
        "<size>",
        "<name>",
        "range(<size>)",
        "([1] * <size>)",
        "([<name>] * <size>)",
        "([(1, <name>)] * <size>)",
    ),
    "inner": (
        "<leaf>",
        "<leaf>",
        "(<value> <operator> <value>)",
        "(<value> | <filter>)",
        "(<value> | <filter>)",
        "(<value> | <filter> | <filter>)",
        "<value>.<method>(<arguments>)",
        "(<value> is <test>(<value>))",
        "<value>[<size>:<size>]",
        "<value>[<value>]",
        "{<value>: <value>}",
        "(<value>, <value>)",
        "dict(<arguments>)",
    ),
    "filter": (
        "<plain_filter>(<arguments>)",
        "<plain_filter>(<arguments>)",
        "map('<plain_filter>', <arguments>)",
        "select('<test>', <value>)",
        "reject('<test>', <value>)",
    ),
    "plain_filter": FILTER_NAMES,
    "arguments": ("", "", "<value>", "<value>", "<value>, <value>", "<value>, <value>, <value>", "<named>=<value>"),
    "named": ("attribute", "start", "reverse", "width", "indent", "d", "by", "case_sensitive", "default", "precision"),
    "name": ("x", "y", "i", "d", "row", "text", "numbers", "none", "true", "1.5", "1e300", "[1]"),
    "operator": ("+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or"),
    "test": tuple(name for name in tests({}) if name.isalpha()),
    "method": tuple(
        method
        for kind in (str, dict, list)
        for method in dir(kind)
        if not method.startswith("_") and method not in {"clear", "pop"}
    ),
    "size": tuple(
        str(size)
        for size in (0, 1, 2, 3, 7, 20, 60, 200, 999, 5000, 9999, 40_000, 99_999, 500_000, 999_999, 10**7, -1)
    ),
    "piece": (
        "a", "-", " ", "<", ">", "&", "<!--", "-->", "%s", "%.9999f", "%9999d", "{}", "{:>9999}", "{!r}", r"\n", "ab",
        "a ", "a-", "--a", "é", "ß", "İ", r"\u0301\u0316", r"\U0001f600", "1", "9", "0x", ":", "'", r"\"", r"\\", "/",
        "&#x1;",
    ),
}  # fmt: skip
"""The alternatives for each part of a template; ``<name>`` stands for a part."""


def random_template(random: Random) -> str:
    """Return a template that this source of random numbers leads to."""
    return _made("template", random, 0)


def _made(part: str, random: Random, depth: int) -> str:
    if part == "value":
        part, depth = ("inner" if depth < DEPTH else "leaf"), depth + 1
    return _HOLE.sub(lambda hole: _made(hole[1], random, depth), random.choice(PRODUCTIONS[part]))
