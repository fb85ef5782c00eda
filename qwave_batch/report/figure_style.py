"""How figures for papers look, and how they are saved: so that no setting of the user's own matplotlib changes them."""

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qwave_batch import lazy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN = 3.35
"""A column of most journals: 85 mm."""
_DOTS_PER_INCH = 300
STATUS_STYLES = {
    "completed": ("#009E73", ""),
    "failed": ("#D55E00", "////"),
    "refused": ("#CC79A7", "...."),
    "cancelled": ("#F0E442", "\\\\\\\\"),
    "unknown": ("#999999", "xxxx"),
    "skipped": ("#DDDDDD", ""),
    "pending": ("#FFFFFF", ""),
}
"""Colours that are told apart without seeing red or green (Okabe and Ito), and hatches for print without colours."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
INK = "#222222"
_STYLE: Mapping[Any, object] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.family": ["DejaVu Sans"],
    "font.size": 7,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "savefig.dpi": _DOTS_PER_INCH,
    "svg.fonttype": "path",  # letters as outlines, so that a figure looks the same wherever it is set
    "svg.hashsalt": "qwave-batch",
    "text.parse_math": False,  # a name with two dollar signs is not a formula
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}
_MORE_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans")
"""Taken for letters that the first font lacks, where they are installed."""


@contextmanager
def own_style() -> Iterator[None]:
    """Draw in this style in the block, and in none that the user has set."""
    installed = {font.name for font in lazy.matplotlib_fonts.fontManager.ttflist}
    fonts = ["DejaVu Sans", *(font for font in _MORE_FONTS if font in installed)]
    with lazy.mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # no font here has the letter: a box stands for it
        lazy.mpl.rcdefaults()
        lazy.mpl.rcParams.update({**_STYLE, "font.family": fonts})
        yield


def saved(figure: "Figure", kind: str) -> bytes:
    """Return a figure as a file, which says nothing of when and by what it was made."""
    out = io.BytesIO()
    nothing: Mapping[str, None] = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    figure.savefig(out, format=kind, metadata=dict(nothing))
    return out.getvalue()
