"""Every figure of a report as a file of its own: SVG, and the numbers behind it as CSV."""

import base64
import csv
import io

from PIL import Image

from latent_audit.reports.page.context import Cell, Page, Table
from latent_audit.reports.page.render import BUILDERS
from latent_audit.reports.page.visible_text import visible

MEDIA_TYPES = {".png": "image/png", ".webp": "image/webp"}
# What a spreadsheet would take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def figure_files(page: Page) -> dict[str, bytes]:
    """Returns the files of all figures by name: NAME.svg for each, and NAME.csv where numbers are behind it."""
    for build in BUILDERS.values():
        build(page)
    found: dict[str, bytes] = {}
    for name, content in page.files.items():
        stem, _, ending = name.rpartition(".")
        found[f"{stem}.svg"] = content if ending == "svg" else _wrapped(content, f".{ending}")
    found |= {f"{name}.csv": _csv(table) for name, table in page.tables.items()}
    return dict(sorted(found.items()))


def _wrapped(content: bytes, suffix: str) -> bytes:
    """Returns a picture inside an SVG of its size, without smoothing where it is enlarged."""
    width, height = Image.open(io.BytesIO(content)).size
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" '
        f'style="image-rendering:pixelated" href="data:{MEDIA_TYPES[suffix]};base64,{data}"/></svg>\n'
    ).encode("ascii")


def _csv(table: Table) -> bytes:
    """Returns a table as CSV (UTF-8); an interval is a column of its own after its value."""
    wide = [
        any(len(row) > k and row[k].kind == "estimate" for row in table.rows)
        for k in range(len(table.header))
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            part
            for name, two in zip(table.header, wide, strict=True)
            for part in ([name, f"{name} [95 %]"] if two else [name])
        ]
    )
    for row in table.rows:
        cells: list[str] = []
        for cell, two in zip(row, wide, strict=False):
            cells += [_value(cell), *([cell.extra if cell.kind == "estimate" else ""] if two else [])]
        writer.writerow(cells)
    return out.getvalue().encode("utf-8")


def _value(cell: Cell) -> str:
    """Returns a number as it was measured, and any other cell as it is shown, never as a formula."""
    if cell.kind in ("number", "estimate"):
        return cell.sort
    text = visible(cell.text)
    return f"'{text}" if text.startswith(FORMULA) else text
