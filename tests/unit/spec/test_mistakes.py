"""Each kind of mistake has its message, line and column; all of them are reported at once."""

# ruff: noqa: E501  # a sentence that is compared whole stands in one piece

from collections.abc import Callable

import pytest

Complain = Callable[..., list[str]]

KEYS = "text, id, vars, tags, meta, request, from, where, sample, limit"

MISTAKES: dict[str, tuple[str, list[str]]] = {
    "unknown key": (
        "prompts: [x]\ndescripton: y\n",
        ['spec.yaml:5:1  descripton: unknown key "descripton"; did you mean "description"?'],
    ),
    "unknown key that is like no other": (
        "prompts: [x]\nretry: {zeal: 1}\n",
        ['spec.yaml:5:9  retry.zeal: unknown key "zeal"; allowed keys: attempts'],
    ),
    "unquoted text with a colon": (
        "prompts:\n  - A teahouse: at dawn\n",
        ['spec.yaml:5:5  prompts[0]["A teahouse"]: unknown key "A teahouse"; a string that contains ": " needs quotes'],
    ),
    "a store with a key in its address": (
        "prompts: [x]\noutput: {store: 's3://AKIAX:s3cr3t@bucket/x'}\n",
        [
            "spec.yaml:5:17  output.store: it is not the address of a place in an object store: it has a name or a key before an @; keys belong where the store's own tools keep them, and are never part of an address; write it as in s3://bucket/folder"
        ],
    ),
    "a store that is none": (
        "prompts: [x]\noutput:\n  store: https://bucket.s3.amazonaws.com/x\n",
        [
            "spec.yaml:6:10  output.store: it is not the address of a place in an object store: https:// is not an object store that is known here; an address begins with s3://, gs://, az:// or abfss://; write it as in s3://bucket/folder"
        ],
    ),
    "a store where a folder belongs": (
        "prompts: [x]\noutput: {folder: 's3://bucket/x'}\n",
        [
            'spec.yaml:5:18  output.folder: "s3://bucket/x": a folder is a plain path with /, relative to the folder of the spec, without ~, backslashes and {{ }}; the address of an object store belongs into output.store'
        ],
    ),
    "empty list of prompts": ("prompts: []\n", ["spec.yaml:4:10  prompts: the list is empty; add at least one item"]),
    "no prompts": (
        "request: {}\n",
        ['spec.yaml:1:1: the key "prompts" is missing; add prompts: ["A quiet teahouse at dawn"]'],
    ),
    "prompts as a text": (
        "prompts: A cat\n",
        ['spec.yaml:4:10  prompts: expected a list, found the string "A cat"; write a list: [A cat]'],
    ),
    "prompts as a mapping": (
        "prompts: {a: b}\n",
        ["spec.yaml:4:10  prompts: expected a list, found a mapping; write [{a: b}]"],
    ),
    "key without a value": (
        "prompts: [x]\nmatrix:\n",
        [
            'spec.yaml:5:8  matrix: "matrix" has no value; give it a value, or remove the key',
        ],
    ),
    "empty prompts": (
        "prompts:\n  - ' '\n  - {text: ''}\n  -\n  - {}\n  - 5\n",
        [
            "spec.yaml:5:5  prompts[0]: the prompt is empty",
            "spec.yaml:6:12  prompts[1].text: the prompt is empty",
            "spec.yaml:7:4  prompts[2]: there is nothing after this dash; write the item, or remove the dash",
            'spec.yaml:8:5  prompts[3]: the key "text" is missing; an action that takes no text needs an id in its place',
            'spec.yaml:9:5  prompts[4]: expected a string or a mapping, found the number 5; put quotes around it: "5"',
        ],
    ),
    "ids": (
        "prompts:\n  - {id: 7, text: x}\n  - {id: a, text: x}\n  - {id: a, text: y}\n",
        [
            'spec.yaml:5:10  prompts[0].id: expected a string, found the number 7; put quotes around it: "7"',
            'spec.yaml:7:10  prompts[2].id: the id "a" is already used at spec.yaml:6:10',
        ],
    ),
    "rows without a table": (
        "prompts:\n  - {text: x, where: '{{ true }}', limit: 3, sample: {count: 1}}\n",
        [
            'spec.yaml:5:15  prompts[0].where: "where" selects rows of a table, but there is no from',
            'spec.yaml:5:36  prompts[0].limit: "limit" selects rows of a table, but there is no from',
            'spec.yaml:5:46  prompts[0].sample: "sample" selects rows of a table, but there is no from',
        ],
    ),
    "sample and limit": (
        "prompts:\n  - {from: t.txt, text: x, sample: {count: 1}, limit: 1}\n",
        ["spec.yaml:5:48  prompts[0].limit: sample and limit cannot be used together; choose one"],
    ),
    "where that is no template": (
        "prompts:\n  - {from: t.txt, text: x, where: row.x == 1}\n",
        [
            (
                'spec.yaml:5:35  prompts[0].where: "row.x == 1": where is a template such as '
                "\"{{ row.level == 'hard' }}\""
            ),
        ],
    ),
    "from without text": (
        "prompts:\n  - {from: t.txt}\n",
        ['spec.yaml:5:5  prompts[0]: the key "text" is missing; an action that takes no text needs an id in its place'],
    ),
    "from as a template": (
        "prompts:\n  - {from: '{{ a }}.csv', text: x}\n",
        ["spec.yaml:5:12  prompts[0].from: from takes the name of a file, not a template"],
    ),
    "names of variables": (
        "prompts: [x]\nvars: {2x: 1, a-b: 1, if: 1, größe: 1}\n",
        [
            (
                'spec.yaml:5:8  vars.2x: "2x" is not a valid name: a variable\'s name has letters, digits and _, '
                "and does not begin with a digit"
            ),
            (
                'spec.yaml:5:15  vars.a-b: "a-b" is not a valid name: a variable\'s name has letters, digits and _, '
                "and does not begin with a digit"
            ),
            'spec.yaml:5:23  vars.if: "if" is a reserved word of the template language; choose another name',
        ],
    ),
    "keys that are templates": (
        'prompts: [x]\nrequest: {"{{ x }}": 1}\n',
        ['spec.yaml:5:11  request["{{ x }}"]: a key cannot be a template; use templates in values only'],
    ),
    "templates": (
        (
            "prompts:\n  - text: |\n      one\n      {{ a b }}\n    id: '{{ a'\nvars: {a: ['{{ 1 | uper }}']}\n"
            "output: {path: '{% if %}'}\n"
        ),
        [
            ("spec.yaml:7:1  prompts[0].text: the template does not parse: expected }}, found 'b'"),
            ("spec.yaml:8:9  prompts[0].id: the template does not parse: unexpected end of template, expected }}"),
            'spec.yaml:9:12  vars.a[0]: the template does not parse: there is no filter "uper"; did you mean "upper"?',
            ("spec.yaml:10:16  output.path: the template does not parse: expected an expression, got %}"),
        ],
    ),
    "axes": (
        (
            "prompts: [x]\nmatrix:\n  a: []\n  b: 5\n  c: x\n  d: {start: 1}\n  e: {random: {count: 2}, start: 3}\n  f: {start: 1, count: 0, step: 0}\n  my axis: [1]\n  g: {start: 9007199254740991, count: 2}\n  h: [a, b]\n"
        ),
        [
            "spec.yaml:6:6  matrix.a: the list is empty; add at least one item, or remove the key",
            "spec.yaml:7:6  matrix.b: expected a list or a mapping or a string, found the number 5; write a list: [5]",
            (
                'spec.yaml:8:6  matrix.c: "x": an axis is a list, a range, random seeds, or a template that gives a list; '
                "write a list: [x]"
            ),
            'spec.yaml:9:6  matrix.d: the key "count" is missing',
            'spec.yaml:10:27  matrix.e.start: "start" cannot be combined with random or from',
            "spec.yaml:11:24  matrix.f.count: 0 is below the minimum 1",
            "spec.yaml:11:33  matrix.f.step: 0 is not allowed here",
            (
                'spec.yaml:12:3  matrix["my axis"]: "my axis" is not a valid name: an axis is called NAME, request.NAME or '
                "vars.NAME, with letters, digits and _"
            ),
            "spec.yaml:13:6  matrix.g: its last integer is 9007199254740992, which is beyond 2^53-1",
        ],
    ),
    "axes that are words of the template language": (
        "prompts: [x]\nmatrix: {loop: [1], range: [2]}\n",
        [
            'spec.yaml:5:10  matrix.loop: "loop" is a reserved word of the template language; choose another name',
            'spec.yaml:5:21  matrix.range: "range" is a reserved word of the template language; choose another name',
        ],
    ),
    "empty matrix": (
        "prompts: [x]\nmatrix: {}\n",
        ["spec.yaml:5:9  matrix: the mapping is empty; add at least one item, or remove the key"],
    ),
    "include and exclude": (
        "prompts: [x]\nmatrix: {include: {a: 1}, exclude: [{}, x]}\n",
        [
            "spec.yaml:5:19  matrix.include: expected a list, found a mapping; write [{a: 1}]",
            "spec.yaml:5:37  matrix.exclude[0]: the mapping is empty; add at least one item, or remove the key",
            'spec.yaml:5:41  matrix.exclude[1]: expected a mapping, found the string "x"',
        ],
    ),
    "numbers": (
        (
            "prompts: [x]\nrepeat: 1.5\ntimeout: 0\nbudget: {max_usd: -1}\nretry: {attempts: true}\n"
            'sample: {count: "5"}\nlimits: {concurrency: 0, models: {m: {rpm: 1}}}\n'
        ),
        [
            "spec.yaml:5:9  repeat: expected a whole number, found the number 1.5",
            "spec.yaml:6:10  timeout: 0 is not greater than 0",
            "spec.yaml:7:19  budget.max_usd: -1 is below the minimum 0",
            "spec.yaml:8:19  retry.attempts: expected a whole number, found true",
            'spec.yaml:9:17  sample.count: expected a whole number, found the string "5"; write 5 without quotes',
            "spec.yaml:10:23  limits.concurrency: 0 is below the minimum 1",
            ('spec.yaml:10:39  limits.models.m.rpm: unknown key "rpm"; allowed keys: concurrency, requests_per_minute'),
        ],
    ),
    "numbers that json cannot hold": (
        "prompts: [x]\ntimeout: .inf\nbudget: {max_usd: 1e400}\nrequest: {seed: 9007199254740992}\n",
        [
            "spec.yaml:5:10  timeout: .inf is not a JSON number; put quotes around it if it is not a number",
            "spec.yaml:6:19  budget.max_usd: 1e400 is too large for a JSON number; put quotes around it if it is not a number",
            (
                "spec.yaml:7:17  request.seed: 9007199254740992 is past 2^53-1, the largest integer that JSON readers "
                "agree on; put quotes around it if it is not a number"
            ),
        ],
    ),
    "unsupported": (
        "prompts: [x]\nunsupported: dorp\n",
        ['spec.yaml:5:14  unsupported: "dorp" is not one of error, skip, drop; did you mean "drop"?'],
    ),
    "long values are cut": (
        f"prompts: [x]\nrepeat: {'y' * 500}\n",
        [f'spec.yaml:5:9  repeat: expected a whole number, found the string "{"y" * 77}…"'],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_its_words(complain: Complain, name: str) -> None:
    text, said = MISTAKES[name]
    assert complain(text, files={"t.txt": "a\n"}) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "spec.yaml:1:1: expected a mapping, found a list"),
        ("just text\n", 'spec.yaml:1:1: expected a mapping, found the string "just text"'),
        ("--- ~\n", "spec.yaml:1:5: expected a mapping, found null"),
        ("", "spec.yaml:1:1: the file is empty"),
    ],
)
def test_a_spec_that_is_no_mapping(complain: Complain, text: str, said: str) -> None:
    assert complain(text, head=False) == [said]


def test_the_head_is_checked(complain: Complain) -> None:
    assert complain("version: 2\nname: Tea House!\ncatalog: 2026\nprompts: [x]\n", head=False) == [
        "spec.yaml:1:10  version: 2 is not a version of the spec language; the only version is 1; write version: 1",
        (
            'spec.yaml:2:7  name: "Tea House!": a name has lower-case letters and digits, with - _ or . between them; '
            'such as "tea-house"'
        ),
        (
            "spec.yaml:3:10  catalog: expected a string or a mapping, found the number 2026; "
            'allowed: 2026-05, 2026-10; write catalog: "2026-10"'
        ),
    ]
    assert complain("foo: 1\n", head=False) == [
        (
            'spec.yaml:1:1  foo: unknown key "foo"; allowed keys: version, name, description, catalog, extends, '
            "vars, request, prompts, matrix, stages, sample, repeat, images, duplicates, identity, unsupported, limits, retry, timeout, completion, budget, output"
        ),
        'spec.yaml:1:1: the key "version" is missing; add version: 1',
        'spec.yaml:1:1: the key "name" is missing; add name: teahouse-ab',
        (
            'spec.yaml:1:1: the key "catalog" is missing, the date of models, fields and prices: 2026-05, 2026-10; '
            'add catalog: "2026-10"'
        ),
        'spec.yaml:1:1: the key "prompts" is missing; add prompts: ["A quiet teahouse at dawn"]',
    ]


TEN = """\
version: 1
name: Ten Mistakes
catalog: 2026
descripton: one
prompts:
  - {id: a, text: "{{ x"}
  - {id: a, text: y}
  - {from: nowhere.tsv, text: z}
matrix:
  seed: {start: 1}
repeat: 0
unsupported: never
timeout: .nan
timeout: 5
"""


def test_ten_mistakes_are_ten_complaints_each_with_its_place(complain: Complain) -> None:
    places = [line.split(": ")[0].split("  ")[0] for line in complain(TEN, head=False)]
    assert places == [
        f"spec.yaml:{place}"
        for place in ["2:7", "3:10", "4:1", "6:19", "7:10", "8:12", "10:9", "11:9", "12:14", "13:10", "14:1"]
    ]
