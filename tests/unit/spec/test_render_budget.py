"""A runaway template is stopped with a message, in little time and memory."""

import time
import tracemalloc

import pytest

from qwave_batch.spec.template.templates import TemplateFault, compile_value

BILLION = "1000000000"


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 10**9 }}",
        f"{{{{ {BILLION} * 'a' }}}}",
        "{{ [1] * 10**9 }}",
        "{{ 10 ** 99999 }}",
        "{{ (10 ** 1000) ** 1000 }}",
        "{{ ('a' * 900000) + ('a' * 900000) }}",
        "{{ ('a' * 900000) ~ ('a' * 900000) }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ 'a' * 9999 }}{% endfor %}",
        "{% set x %}{% for a in range(99999) %}{{ 'a' * 9999 }}{% endfor %}{% endset %}{{ x }}",
        f"{{{{ range({BILLION}) | list }}}}",
        f"{{{{ range(0, {BILLION}) }}}}",
        f"{{{{ 'a' | center({BILLION}) }}}}",
        f"{{{{ 'a'.ljust({BILLION}) }}}}",
        f"{{{{ 'a'.zfill({BILLION}) }}}}",
        f"{{{{ 'a' | indent({BILLION}, true) }}}}",
        f"{{{{ '%{BILLION}d' % 1 }}}}",
        "{{ '%*d' % (1000000000, 1) }}",
        f"{{{{ '%{BILLION}d' | format(1) }}}}",
        f"{{{{ '{{:{BILLION}}}'.format(1) }}}}",
        f"{{{{ '{{:{{}}}}'.format(1, {BILLION}) }}}}",
        "{{ ('a' * 9999) | replace('a', 'b' * 9999) }}",
        "{{ ('a' * 9999).replace('a', 'b' * 9999) }}",
        "{{ ('a' * 999999).join(['x'] * 99999) }}",
        "{{ ['a' * 999999] * 9999 | join }}",
        "{{ (['a' * 999999] * 9999) | join }}",
        "{{ ('{}' * 9999).format('a' * 99999) }}",
        f"{{{{ [1] | batch({BILLION}, 0) | list }}}}",
        f"{{{{ [1] | slice({BILLION}) | list }}}}",
        f"{{{{ 1.5 | round({BILLION}, 'ceil') }}}}",
        "{{ range(99999) | map('center', 9999) | list }}",
        f"{{{{ {{}} | tojson(indent={BILLION}) }}}}",
    ],
)
def test_a_runaway_template_is_stopped(template: str) -> None:
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises(TemplateFault, match=r"the template (was stopped|fails)"):
            compile_value(template, ()).render({})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 'a' * 10**9 }}", "a string or list in it grows past 1,000,000 characters or items"),
        ("{{ 10 ** 99999 }}", "it computes a number with more than a thousand digits"),
        ("{{ 'a' | center(99999) }}", "it pads to a width of 99,999; at most 10,000 are allowed"),
        ("{{ range(10 ** 12) }}", "it asks for a range of more than 100,000 numbers"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "it takes more than 100,000 steps",
        ),
    ],
)
def test_it_says_which_bound_was_reached(template: str, said: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        compile_value(template, ()).render({})
    assert caught.value.message == f"the template was stopped: {said}"


def test_what_a_spec_needs_is_far_from_the_bounds() -> None:
    assert len(str(compile_value("{% for i in range(5000) %}words {{ i }} {% endfor %}", ()).render({}))) > 50_000
