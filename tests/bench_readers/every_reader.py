"""The strict reader of each benchmark's layout."""

from collections.abc import Callable, Mapping

from tests.bench_readers import listed_readers, numbered_readers
from tests.bench_readers.strict_pictures import Given, Pictures

READERS: Mapping[str, Callable[[Given], Pictures]] = {
    "geneval": numbered_readers.read_geneval,
    "geneval2": listed_readers.read_geneval2,
    "dpg": numbered_readers.read_dpg,
    "t2i-compbench": numbered_readers.read_t2i_compbench,
    "oneig": numbered_readers.read_oneig,
    "longtext": numbered_readers.read_longtext,
    "wise": numbered_readers.read_wise,
    "unigenbench": numbered_readers.read_unigenbench,
    "hpsv2": numbered_readers.read_hpsv2,
    "tifa": listed_readers.read_tifa,
    "partiprompts": listed_readers.read_partiprompts,
    "drawbench": numbered_readers.read_drawbench,
    "risebench": listed_readers.read_risebench,
    "imgedit": listed_readers.read_imgedit,
    "gedit": listed_readers.read_gedit,
    "evalscope": listed_readers.read_evalscope,
}
SHARED = frozenset({"oneig", "unigenbench", "gedit", "drawbench"})
"""Layouts in which all models can lie in one output, as their names are part of it."""
