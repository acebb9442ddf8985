"""Shared matplotlib style and deterministic SVG output, with names inserted safely.

Names never pass through matplotlib: it draws a plain placeholder of the same width, and the escaped name
replaces it in the finished SVG. So `$`, markup and characters without a glyph in its fonts are plain text.
"""

import base64
import io
import re
import warnings
from collections.abc import Iterable
from typing import Any
from unicodedata import east_asian_width

import matplotlib as mpl
from markupsafe import escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from latent_audit.reports.page.plots.slim_svg import slim
from latent_audit.reports.page.visible_text import shortened, visible

# Okabe and Ito's colours, told apart with every common colour vision; shapes and hatches repeat the message.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#8a7a00")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
HATCHES = ("", "///", "---", "xxx", "\\\\\\", "+++", "|||", "//")  # no dots: each would be a path of its own
INK, MUTED, FAINT, PAPER = "#1d2431", "#5a6472", "#d8dde4", "#fefefe"
# In the page these follow its theme; in the files under figures/ they stay as they are.
THEME = {INK: "var(--ink)", MUTED: "var(--muted)", FAINT: "var(--line)", PAPER: "var(--paper)"} | {
    colour: f"var(--c{index})" for index, colour in enumerate(COLOURS)
}
# A point is shown as 1.3 pixels (inline_svg.py): no text under 11 pixels, labels of axes at 12.
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "latent-audit",
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.parse_math": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9.25,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.titlesize": 8.5,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "none",
    "lines.linewidth": 1.6,
}
_PLACEHOLDER = re.compile(r"~(\d{4})n*~")  # no tilde occurs in the base64 of drawn points
_EMBEDDED = re.compile(r"base64,([A-Za-z0-9+/=\s]+)")
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"


class Canvas:
    """One plot: a matplotlib figure of `width` by `height` points, and the names in it.

    Every part is placed in points, by the widths that names have: to let matplotlib measure each text instead
    takes a third of the time of a report.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._names: list[str] = []
        self._style = mpl.rc_context(rc=STYLE)  # type: ignore[arg-type]  # stubs want literal keys
        self._style.__enter__()
        self.figure = Figure(figsize=(width / 72, height / 72))

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Returns axes whose frame has its lower left corner and its size there, in points."""
        return self.figure.add_axes(
            (left / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def axes_within(self, left: float, right: float, bottom: float, top: float) -> Axes:
        """Returns axes with margins of the given numbers of points."""
        return self.axes(left, bottom, self.width - left - right, self.height - bottom - top)

    def name(self, text: str, length: int = 26) -> str:
        """Returns a placeholder of about the width of `text`, cut to `length` characters."""
        text = shortened(text, length) if len(visible(text)) > length else visible(text)
        width = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
        self._names.append(text)
        return f"~{len(self._names) - 1:04d}{'n' * max(0, round(width * 0.95) - 6)}~"

    def finish(self) -> str:
        """Returns the plot as an SVG document without dates, comments or styles that reach beyond it."""
        buffer = io.StringIO()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # a too narrow axis costs layout, not truth
                self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, dpi=110)
        finally:
            self._style.__exit__(None, None, None)
        svg = _EMBEDDED.sub(lambda found: f"base64,{_few_colours(found.group(1))}", buffer.getvalue())
        svg = re.sub(r" ?font-family: ?[^;\"]*;", "", slim(svg))
        svg = re.sub(r"font: ?([\d.]+px) [^;\"]*", r"font-size:\1", svg)
        svg = svg.replace("<svg ", f'<svg font-family="{_FONT}" ', 1)
        return _PLACEHOLDER.sub(lambda found: self._escaped(int(found.group(1))), svg)

    def _escaped(self, index: int) -> str:
        # Without a bare number sign no name looks like a colour or a reference to `inline`.
        return str(escape(self._names[index])).replace("&#", "&\0").replace("#", "&#35;").replace("&\0", "&#")


def _few_colours(embedded: str) -> str:
    """Reduces drawn points, a base64 PNG of any colours, to a palette of 64: a fifth of the bytes."""
    drawn = Image.open(io.BytesIO(base64.b64decode(embedded))).convert("RGBA")
    if drawn.getcolors(256) is not None:  # a scale of colours: it shall not have steps
        return embedded
    buffer = io.BytesIO()
    drawn.quantize(64, method=Image.Quantize.FASTOCTREE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def name_width(names: Iterable[str], length: int = 26) -> float:
    """Returns the width in points of the longest of `names` in a plot, each cut to `length` characters."""
    widths = [sum(2 if east_asian_width(c) in "WF" else 1 for c in visible(name)[:length]) for name in names]
    return 4.9 * max(widths, default=0) + 6
