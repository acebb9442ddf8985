"""Numbers and names as the report writes them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_audit.reports.page import image_files
from latent_audit.reports.page.messages import load
from latent_audit.reports.page.number_text import duration, estimate_text, number, percent
from latent_audit.reports.page.plots.canvas import Canvas
from latent_audit.reports.page.plots.inline_svg import inline
from latent_audit.reports.page.visible_text import shortened, slug, visible, with_short_names

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.8234, "0.82"),
        (-0.05, "−0.05"),
        (1234567, "1 234 567"),
        (123.4, "123"),
        (12.34, "12.3"),
        (0.00512, "0.0051"),
        (3e-7, "3.0e−07"),
        (4096.4, "4 096"),
        (7, "7"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value).replace("\u2009", " ").replace("\u202f", " ").replace("\xa0", " ") == text


def test_estimates_name_their_interval() -> None:
    assert (
        estimate_text({"value": 0.8, "low": 0.7, "high": 0.9, "n": 5, "source": "s"}) == "0.80 [0.70, 0.90]"
    )
    assert estimate_text({"value": 0.8, "low": None, "high": None, "n": 5, "source": "s"}) == "0.80"
    assert estimate_text({"not_applicable": "why"}) == "–"
    assert percent(0.055) == "5.5 %"
    assert [duration(s) for s in (4.21, 59, 570, 3900, None)] == [
        "4.2 s",
        "59 s",
        "9 min 30 s",
        "1 h 05 min",
        "–",
    ]
    with pytest.raises(TypeError, match="truth value"):
        number(True)


def test_unseen_characters_are_shown() -> None:
    assert visible("a\u202eb\nc\x00\ud800") == "a⟨U+202E⟩b⟨U+000A⟩c⟨U+0000⟩⟨U+D800⟩"
    assert visible("形状 é ✓") == "形状 é ✓"


@given(st.text(max_size=300))
def test_shortened_names_fit_and_are_visible(name: str) -> None:
    short = shortened(name)
    assert len(short) <= 48
    assert visible(short) == short


@given(st.text(max_size=100), st.text(max_size=100))
def test_slugs_are_plain_and_apart(first: str, second: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", slug(first))
    if slug(first) == slug(second):
        assert first.lower().replace("_", "-") == second.lower().replace("_", "-")


def test_overlong_names_in_sentences_are_cut() -> None:
    assert with_short_names(f"About {'x' * 60}.", ["x" * 60, "short"]) == f"About {'x' * 35}…{'x' * 12}."


def test_pictures_keep_their_values() -> None:
    images = np.zeros((3, 1, 4, 4), np.uint8)
    images[1] = 255
    picture = image_files.grid(images, 3, gap=0)
    pixels = _opened(picture)
    assert (picture.width, picture.height) == (12, 4)
    assert pixels[:, :4].max() == 0
    assert pixels[:, 4:8].min() == 255
    colour = np.random.default_rng(0).random((2, 3, 96, 96)).astype(np.float32)
    assert image_files.grid(colour, 2).media_type == "image/webp"
    assert image_files.grid(images, 3).uri.startswith("data:image/png;base64,")


def test_small_colour_pictures_are_kept_as_they_are() -> None:
    colour = np.random.default_rng(0).integers(256, size=(1, 3, 20, 30), dtype=np.uint8)
    flat = np.full((1, 3, 20, 30), 90, np.uint8)
    for images in (colour, flat):
        kept = _opened(image_files.grid(images, 1), "RGB")
        np.testing.assert_array_equal(kept, np.moveaxis(images[0], 0, -1))


def _opened(picture: image_files.Picture, mode: str = "L") -> np.ndarray:
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(picture.data)).convert(mode))


def test_names_in_plots_are_text_and_ids_are_prefixed() -> None:
    canvas = Canvas(200, 100)
    axes = canvas.figure.add_subplot()
    axes.set_title(canvas.name('$x^2$ <b onclick="x">'))
    axes.set_xlabel(canvas.name("形状"))
    axes.set_ylabel(canvas.name("url(#a) #1d2431"))
    axes.plot([0, 1], [0, 1])
    svg = canvas.finish()
    assert "$x^2$ &lt;b onclick=&#34;x&#34;&gt;" in svg
    assert "形状" in svg
    assert not re.search(r"~\d{4}n*~", svg)
    assert "url(&#35;a) &#35;1d2431" in inline(svg, "here", "alt")
    element = inline(svg, "here", 'an "alt"')
    assert 'aria-label="an &#34;alt&#34;"' in element
    ids = re.findall(r'\bid="([^"]+)"', element)
    assert len(ids) > 2
    assert all(re.fullmatch(r"p[0-9a-f]{8}\d+", found) for found in ids)


def test_every_row_of_the_selftest_has_its_words_in_both_languages() -> None:
    """The English ones are those of the record, which `latent-audit selftest` writes."""
    rows = json.loads((ROOT / "tasks" / "runs" / "selftest_record.json").read_text(encoding="utf-8"))["rows"]
    for language in ("en", "zh"):
        t = load(language)
        for row in rows:
            slug = re.sub(r"[^a-z0-9]+", "_", row["name"].lower()).strip("_")
            found = t(f"selftest_row.{slug}"), t(f"selftest_must.{slug}")
            if language == "en":
                assert found == (row["name"], row["must_show"])
            else:
                assert all(re.search("[\u4e00-\u9fff]", words) for words in found)
            for figure in row["measured"]:
                # Cells of a grid are named by their numbers alone.
                assert re.match(r"u0[\d.]*_d\d+_n\d+", figure) or f"selftest_figure.{figure}" in t.sentences
