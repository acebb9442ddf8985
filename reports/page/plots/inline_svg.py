"""Embeds a drawing in the page: unique ids, the page's colours, shared styles.

A large report holds a thousand drawings; styles and ids that recur in each were a tenth of its bytes.
"""

import hashlib
import re

from markupsafe import escape

from latent_audit.reports.page.plots.canvas import THEME

# What most elements of every drawing say, as a class whose rule stands in report.css.
CLASSES = {
    "font-size:8.5px;text-anchor:end;fill:var(--muted)": "te",
    "font-size:8.5px;text-anchor:middle;fill:var(--muted)": "tm",
    "font-size:9.25px;text-anchor:middle;fill:var(--muted)": "ts",
    "fill:none;stroke:var(--line);stroke-width:0.6;stroke-linecap:square": "gr",
    "fill:none;stroke:var(--line);stroke-width:0.8;stroke-linejoin:miter;stroke-linecap:square": "ax",
    "fill:none;stroke:var(--ink);stroke-width:1.1;stroke-linecap:square": "wh",
    "stroke:var(--line);stroke-width:0.8": "ti",
    "fill:var(--c0);stroke:var(--c0)": "c0",
}


def inline(svg: str, identifier: str, alt: str) -> str:
    """Returns an SVG document as an element for the page, with `alt` as its label.

    identifier: the name of this drawing, unique on the page.
    """
    own = hashlib.sha256(identifier.encode()).hexdigest()[:8]
    names = {name: f"p{own}{place}" for place, name in enumerate(re.findall(r' id="([^"]+)"', svg))}
    svg = re.sub(r' id="([^"]+)"', lambda found: f' id="{names[found[1]]}"', svg)
    svg = re.sub(r'(?:xlink:)?href="#([^"]+)"', lambda found: f'href="#{names[found[1]]}"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{names[found[1]]})", svg)
    for ink, variable in THEME.items():
        svg = svg.replace(ink, variable)
    svg = re.sub(r' style="([^"]*)"', _as_class, svg)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert box is not None, "matplotlib always writes a view box"
    wide = float(box[1]) * 1.3  # never less: text would be too small, so a wide drawing scrolls in its box
    head = (
        f'<svg class="plot" role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {box[1]} {box[2]}" style="width:{wide:.0f}px">'
    )
    return re.sub(r"<svg\b[^>]*>", lambda _: head, svg, count=1)


def _as_class(found: re.Match[str]) -> str:
    known = CLASSES.get(found[1])
    return found[0] if known is None else f' class="{known}"'
