"""What is taken out of a drawing, and that nothing that is read goes with it."""

import re

from latent_audit.reports.page.plots import interval_bars
from latent_audit.reports.page.plots.slim_svg import slim


def test_coordinates_are_cut_and_numbers_that_are_read_are_not() -> None:
    drawn = '<?xml?><svg><text x="12.34567" y="1.5">0.0025</text><path d="M 1.23456 7.8912"/></svg>'
    assert slim(drawn) == '<svg><text x="12.34" y="1.5">0.0025</text><path d="M1.23 7.89"/></svg>\n'


def test_ticks_of_small_values_differ_from_each_other() -> None:
    rows = [interval_bars.Row(f"row {i}", 0.002 * i, 0.001 * i, 0.003 * i) for i in range(1, 4)]
    ticks = re.findall(r">(-?\d[\d.]*)</text>", interval_bars.bars(rows, "share"))
    assert len(ticks) >= 3
    assert len(set(ticks)) == len(ticks)
