"""Texts that a page gets wrong which takes them for markup, for code, or for short."""

from itertools import cycle, islice

LONG = 20_000

_MARKUP = (
    "<script>document.title = 'taken over'</script>",
    "</script><script>document.title = 'taken over'</script>",
    "<img src=x onerror=\"document.title = 'taken over'\">",
    '"><svg onload="document.title = 1">',
    "' onmouseover='document.title = 1",
    "<style>* { display: none }</style>",
    "<!-- a comment that does not end",
    "<![CDATA[ a section ]]> and its end ]]>",
    "<a href=\"javascript:document.title = 'taken over'\">a link</a>",
    "javascript:document.title='taken over'",
    "&lt;b&gt; is not <b>bold</b> &amp; &#x3C;i&#x3E;",
    '<meta http-equiv="refresh" content="0;url=http://192.0.2.1/">',
    "<base href='http://192.0.2.1/'><link rel=stylesheet href='http://192.0.2.1/a.css'>",
    "</textarea></title></style></template><iframe src='http://192.0.2.1/'>",
)
_CODE = (
    "${document.title = 'taken over'} and `backticks`",
    "{{ constructor.constructor('alert(1)')() }} {% raw %} <%= 1 %> #{1}",
    "\"double\", 'single', \\backslash\\, \\u003c, \\n and \\",
    '"}]);document.title="taken over";//',
    "__proto__",
    "constructor",
    "toString",
    "a#page=vote&rows=none?b=%41%00%zz&amp=1",
    "../../../etc/passwd",
    '- a: "list"\n  in: yaml # and a comment',
    "line\u2028separator and paragraph\u2029separator",
    "a line\nand another\r\n\ta tab, \x1b[31mred\x1b[0m, \x07bell, \x7fdelete, \x85next",
)
_WRITING = (
    "עיר לבנה ליד הים, בית תה ברחוב צר",
    "بيت شاي قديم على ضفة القناة في المطر",
    "English, then עברית with 123, then (العربية) and English again",
    "\u202eright to left by force\u202c, and \u2067isolated\u2069",
    "an override that is never closed \u202e gnitset",
    "e\u0301 n\u0303 a\u0308 and Z\u0351\u036b\u0343\u036a\u0302\u036ba\u0335\u0320\u0331lgo",
    "👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇯🇵 ☕️ ✍🏿",
    "静かな茶屋、運河のほとり、雨の夕暮れ",
    "ร้านน้ำชาเก่าริมคลองในสายฝน",
    "\u200bno\u200bwidth\u200d and \ufeffa mark, \u00a0hard\u00a0blanks\u00a0",
    "ﷺ ﷽ \U0001d57f\U0001d58a\U0001d586 \uff21\uff46\uff55\uff4c\uff4c",
    "K is Kelvin, İ is dotted, ß is sharp, ﬁ is one letter",
)
_LONG = (
    "".join(islice(cycle("notasingleblank"), LONG)),
    "".join(islice(cycle("a teahouse in the rain, "), LONG - 1)) + ".",
    "".join(islice(cycle("雨の中の静かな茶屋"), LONG)),
    "".join(islice(cycle("בית תה ליד התעלה "), LONG - 1)) + ".",
    "".join(islice(cycle("<b>\"'&"), LONG)),
    "\n".join(f"line {number}" for number in range(2_000)),
)
_PLAIN = ("x", "0", "null", "none", "all", "no tag")

NASTY = (*_MARKUP, *_CODE, *_WRITING, *_LONG, *_PLAIN)
"""Fifty prompts; two models make a hundred cells of them."""
