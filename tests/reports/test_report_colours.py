"""Text and marks stand out from what they lie on, in the light and in the dark theme (WCAG 2.2 AA)."""

import re
from pathlib import Path

import pytest

from latent_audit import reports

STYLE = (Path(reports.__file__).parent / "page" / "static" / "report.css").read_text(encoding="utf-8")
THEMES = [
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.S)
]
TEXT = [
    ("ink", "paper"), ("muted", "paper"), ("muted", "ground"), ("muted", "soft"), ("link", "paper"),
    ("good", "good-soft"), ("part", "part-soft"), ("bad", "bad-soft"), ("doubt", "doubt-soft"), ("none", "none-soft"),
]  # fmt: skip


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_text_has_four_and_a_half_and_marks_have_three(theme: dict[str, str]) -> None:
    for ink, ground in TEXT:
        assert _contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    for index in range(8):
        assert _contrast(theme[f"c{index}"], theme["paper"]) >= 3, index
