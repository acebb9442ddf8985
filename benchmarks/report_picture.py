"""The pictures of the documents: a report's first screen, its sliders after a move, and one claim, below each other.

    python -m benchmarks.report_picture runs/latest/report.html --output docs/report-living.png
    python -m benchmarks.report_picture runs/latest/report.html --first-screen --output docs/report-sprites.png
    python -m benchmarks.report_picture runs/latest/report.html --part "#mapping-m1-interpretable-gan" --output m.png

Needs Chromium on the machine and playwright, as the tests of the report do.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Page, sync_playwright

from latent_audit.tasks.runs import print_pdf

WIDTH, FIRST_SCREEN = 1280, 760
# Of a part of the page, at most so many pixels are shown.
TALLEST_PART = 520
BORDER = 12


def main(words: Sequence[str] | None = None) -> int:
    """Writes the picture and returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report_picture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("report", type=Path, help="report.html of a finished run")
    parser.add_argument("--output", type=Path, required=True, help="PNG file")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--first-screen", action="store_true", help="the first screen alone")
    one.add_argument("--part", metavar="SELECTOR", help="the first element that fits, alone")
    given = parser.parse_args(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=print_pdf.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": FIRST_SCREEN}, reduced_motion="reduce")
        page.goto(given.report.absolute().as_uri())
        # The bar of chapters would lie over parts that are photographed further down.
        page.add_style_tag(content="nav.contents { position: static !important }")
        if given.part:
            pictures = [_opened(page, given.part)]
        elif given.first_screen:
            pictures = [_picture(page.screenshot())]
        else:
            pictures = parts_of(page)
        stitched(pictures).save(given.output, optimize=True)
        browser.close()
    print(given.output)
    return 0


def parts_of(page: Page) -> list[Image.Image]:
    """Returns pictures of the first screen, of the sliders with one of them moved, and of the first claim, opened."""
    found = [_picture(page.screenshot())]
    page.locator("#try").scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # sliders are made when they are seen
    for slider in page.locator("#try input[type=range]").all()[:1]:
        slider.evaluate(
            "one => { one.value = one.max; one.dispatchEvent(new Event('input', { bubbles: true })); }"
        )
        page.wait_for_timeout(500)  # the decoder draws
        found.append(_top(page, "#try"))
    # A claim that holds, if there is one.
    for selector in ("#attributes details.card.supported", "#attributes details.card"):
        if page.locator(selector).count():
            page.locator(selector).first.evaluate("one => { one.open = true; }")
            found.append(_top(page, selector))
            break
    return found


def _opened(page: Page, selector: str) -> Image.Image:
    """Returns the first element that fits a selector, with all that it is folded into opened."""
    part = page.locator(selector).first
    part.evaluate(
        "one => { for (let at = one; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true; }"
    )
    part.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # what is folded is drawn when it is seen
    picture = _picture(part.screenshot())
    ground = Image.new("RGB", picture.size, picture.getpixel((picture.width - 1, picture.height - 1)))
    seen = ImageChops.difference(picture, ground).getbbox()
    return picture.crop((0, 0, min(picture.width, seen[2] + BORDER), picture.height)) if seen else picture


def _top(page: Page, selector: str) -> Image.Image:
    """Returns the upper end of the first element that fits a selector."""
    picture = _picture(page.locator(selector).first.screenshot())
    return picture.crop((0, 0, picture.width, min(picture.height, TALLEST_PART)))


def _picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def stitched(parts: Sequence[Image.Image]) -> Image.Image:
    """Returns pictures of the report below each other, on grey, with a border between them."""
    height = sum(part.height for part in parts) + BORDER * (len(parts) - 1)
    width = max(part.width for part in parts)
    whole = Image.new("RGB", (width, height), (200, 205, 212))
    top = 0
    for part in parts:
        whole.paste(part, ((width - part.width) // 2, top))
        top += part.height + BORDER
    return whole


if __name__ == "__main__":
    sys.exit(main())
