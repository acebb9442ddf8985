"""What a column of cells becomes: numbers as people write them, classes, and what must be asked."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latent_audit.tasks.datasets.errors import BadTable
from latent_audit.tasks.datasets.tables.cell_numbers import read_numbers
from tests.datasets.own_folder import OwnFolder, notes_of


@pytest.fixture
def own(tmp_path: Path) -> OwnFolder:
    return OwnFolder(tmp_path)


@pytest.mark.parametrize(
    ("cells", "decimal", "numbers", "how"),
    [
        (["1", "-2.5", "+3e2", ".5", "4."], None, [1, -2.5, 300, 0.5, 4], ""),
        (["\u22122", "3"], None, [-2, 3], ""),
        (["1,234.5", "7"], None, [1234.5, 7], "thousands"),
        (["1,234,567", "2,345"], None, [1234567, 2345], "thousands"),
        (["1 234", "2\u202f345,5"], None, [1234, 2345.5], "comma thousands"),
        (["1'234.5", "12’345.0"], None, [1234.5, 12345], "thousands"),
        (["1,5", "2,25", "3"], None, [1.5, 2.25, 3], "comma"),
        (["1.234,5", "7,0"], None, [1234.5, 7], "comma thousands"),
        (["1,234", "2,345"], ",", [1.234, 2.345], "comma"),
        (["1,234", "2,345"], ".", [1234, 2345], "thousands"),
        (["45%", "7.5 %"], None, [45, 7.5], "percent"),
        (["1,5 %", "2,0%"], None, [1.5, 2], "percent comma"),
    ],
)
def test_numbers_are_read_as_people_write_them(
    cells: list[str], decimal: Any, numbers: list[float], how: str
) -> None:
    reading = read_numbers(cells, decimal)
    np.testing.assert_allclose(reading.values, numbers)
    assert reading.how == tuple(how.split())
    assert not reading.question


@pytest.mark.parametrize(
    "cell", ["", "x", "1-2", "1.2.3", "12,34,5", "e5", "-", "1e", "0x10", "1_000", "nan", "2021-03-05"]
)
def test_what_is_no_number_is_not_read_as_one(cell: str) -> None:
    assert not read_numbers([cell, "1.5"], None).are_numbers[0]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1,234", "2,345", "9,876"], r"'1,234' may be 1234 or 1\.234; say which sign .* data\.decimal"),
        (["45%", "0.3", "7%"], r"2 of 3 distinct values have a percent sign and the others none"),
        (
            ["12 mm", "13.5 mm", "14mm"],
            r"holds numbers with 'mm' beside them \(12 mm, 13\.5 mm, 14mm, \.\.\.\)",
        ),
        (["$1.5", "$2", "$3"], r"holds numbers with '\$' beside them"),
    ],
)
def test_numbers_that_could_mean_two_things_are_asked_about(
    own: OwnFolder, cells: list[str], said: str
) -> None:
    with pytest.raises(BadTable, match=said):
        own.read(cells * 8)
    attribute, _, _ = own.read(cells * 8, types={"it": "categorical"})
    assert attribute.kind == "categorical"


def test_decimal_commas_are_told_from_thousands_by_the_other_columns(own: OwnFolder) -> None:
    rows = {"a": [f"{k},5" for k in range(24)], "b": [f"1,{k // 2 + 100}" for k in range(24)]}
    own.write(rows, delimiter=";")
    loaded = own.load()
    np.testing.assert_allclose(loaded.values[:, 1], [1 + (k // 2 + 100) / 1000 for k in range(24)])
    assert "Column 'b': commas stand before decimals." in notes_of(loaded)
    own.write({**rows, "a": [f"{k}.5" for k in range(24)]}, delimiter=";")
    loaded = own.load()
    np.testing.assert_allclose(loaded.values[:, 1], [1100 + k // 2 for k in range(24)])
    own.write({**rows, "c": [f"{k}.25" for k in range(24)]}, delimiter=";")
    with pytest.raises(BadTable, match=r"column 'b': '1,100' may be 1100 or 1\.1; say which sign"):
        own.load()
    with pytest.raises(
        BadTable, match=r"column 'c': '0\.25' is a number only where '\.' stands before decimals"
    ):
        own.load(decimal=",", attributes=["b", "c"])


def test_percent_signs_are_the_unit(own: OwnFolder) -> None:
    attribute, values, notes = own.read([f"{k / 2}%" for k in range(24)])
    assert (attribute.kind, attribute.unit) == ("continuous", "%")
    np.testing.assert_allclose(values, np.arange(24) / 2)
    assert "Column 'it': percent signs are left out and stand as the unit." in notes


@pytest.mark.parametrize(("word", "count"), [("unknown", 1), ("n/a", 5), ("?", 10), ("NA", 3)])
def test_the_rare_cell_that_is_no_number_is_named_with_its_line(
    own: OwnFolder, word: str, count: int
) -> None:
    cells = [word] * count + [str(k + 0.5) for k in range(24 - count)]
    what = "is no number" if count == 1 else "are no numbers"
    with pytest.raises(BadTable) as caught:
        own.read(cells)
    assert f"{count} of 24 cells of 'it' {what} (line 2: {word}" in str(caught.value)
    with pytest.raises(
        BadTable, match=rf"column 'it' has {count} empty or not finite cells, the first in line 2"
    ):
        own.read(cells, missing_values=[word])
    assert own.read(cells, types={"it": "categorical"})[0].kind == "categorical"
    with pytest.raises(BadTable, match=f"{count} of 24 cells of 'it' {what}"):
        own.read(cells, types={"it": "continuous"})


@pytest.mark.parametrize("word", ["NA", "None", "N/A", "unknown", "-"])
def test_words_like_missing_values_are_classes_unless_set(own: OwnFolder, word: str) -> None:
    attribute, _, notes = own.read(["EU", "US", word] * 8)
    assert word in attribute.classes
    assert any(f"'{word}' is read as a class; if it stands for a missing value" in note for note in notes)
    with pytest.raises(BadTable, match=rf"column 'it' has 8 empty .* in line 4, 7, 10, 13, 16 \('{word}'\)"):
        own.read(["EU", "US", word] * 8, missing_values=[word])


@pytest.mark.parametrize("word", ["", "NaN", "nan", "NULL", "#N/A", "<NA>"])
def test_empty_cells_and_what_programs_write_for_them_are_missing(own: OwnFolder, word: str) -> None:
    with pytest.raises(BadTable, match="column 'it' has 8 empty or not finite cells, the first in line 4, 7"):
        own.read(["EU", "US", word] * 8)


def test_blanks_around_cells_are_left_out(own: OwnFolder) -> None:
    attribute, _, notes = own.read(["n ", "n", "y", "y\u00a0"] * 6)
    assert attribute.classes == ("n", "y")
    assert "Blanks around 12 cells of column 'it' are left out." in notes


@pytest.mark.parametrize(
    "classes", [("Yes", "yes"), ("blond hair", "Blond_Hair"), ("e\u0301", "é"), ("co-op", "coop")]
)
def test_likely_doubles_among_classes_are_named(own: OwnFolder, classes: tuple[str, str]) -> None:
    attribute, _, notes = own.read([*classes, "other"] * 8)
    assert set(attribute.classes) == {*classes, "other"}
    assert any("which are likely one; if so, write them alike" in note for note in notes)


@pytest.mark.parametrize(
    "classes", [("-1", "1"), ("A-", "A+", "A"), ("1-2", "12-", "12"), ("x1", "x-1"), ("é", "e")]
)
def test_classes_that_differ_are_not_called_likely_one(own: OwnFolder, classes: tuple[str, ...]) -> None:
    attribute, _, notes = own.read((classes * 24)[:24])
    assert set(attribute.classes) == set(classes)
    assert notes == ("The columns of labels.csv are separated by semicolons.",)


def test_a_leading_zero_is_kept(own: OwnFolder) -> None:
    attribute, values, notes = own.read(["007", "010", "7"] * 8)
    assert (attribute.kind, attribute.classes) == ("categorical", ("007", "010", "7"))
    np.testing.assert_array_equal(values[:3], [0, 1, 2])
    assert any("is read as text, since '007' would lose its leading zero" in note for note in notes)
    assert own.read(["007", "010", "7"] * 8, types={"it": "ordinal"})[1][:3].tolist() == [7, 10, 7]
    assert own.read(["0", "0.5", "1"] * 8)[0].kind == "continuous"


@pytest.mark.parametrize(
    ("cells", "kind", "classes"),
    [
        (["1", "1.0", "0", "0.0"], "binary", ("0", "1")),
        (["True", "False"], "binary", ("False", "True")),
        (["10", "9", "100"], "ordinal", ()),
        (["-1", "1"], "binary", ("-1", "1")),
        (["1.5", "2.5"], "binary", ("1.5", "2.5")),
    ],
)
def test_numbers_are_compared_as_numbers(
    own: OwnFolder, cells: list[str], kind: str, classes: tuple[str, ...]
) -> None:
    attribute, _, _ = own.read(cells * (24 // len(cells)))
    assert (attribute.kind, attribute.classes) == (kind, classes)


@pytest.mark.parametrize("cells", [["1.0"], [" 4"], ["0.5", "x"], ["1e999", "2", "3"]])
def test_messages_show_plain_numbers(own: OwnFolder, cells: list[str]) -> None:
    with pytest.raises(BadTable) as caught:
        own.read((cells * 24)[:24], types={"it": "continuous"})
    assert "np." not in str(caught.value)
    assert "float64" not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1e300", *(f"{k}.5" for k in range(23))], r"numbers beyond ±1e\+30 \(line 2: 1e300\)"),
        (["-1e31", "2", "3"] * 8, r"numbers beyond ±1e\+30"),
        ([repr(1 + k * 2.3e-16) for k in range(24)], "in every row but for rounding"),
        ([f"{k}e-320" for k in range(1, 25)], "in every row but for rounding"),
        (["1", "1.0"] * 12, "in every row but for rounding"),
    ],
)
def test_numbers_that_nothing_can_be_computed_with_are_refused(
    own: OwnFolder, cells: list[str], said: str
) -> None:
    """They made means infinite, and the run ended in JSON that has no word for that."""
    for types in ({}, {"it": "continuous"}):
        with pytest.raises(BadTable, match=said):
            own.read(cells, types=types)


def test_small_differences_of_large_numbers_are_read(own: OwnFolder) -> None:
    attribute, values, _ = own.read([1_700_000_000 + k % 7 / 8 for k in range(24)])
    assert attribute.kind == "continuous"
    assert len(np.unique(values)) == 7


def test_words_for_yes_and_no_in_several_languages_of_programs_are_likely_one_class(own: OwnFolder) -> None:
    _, _, notes = own.read(["yes", "True", "1.0", "no", "False", "0"] * 4)
    assert any("the classes '0', 'False', 'no', which are likely one" in note for note in notes)
    assert any("the classes '1.0', 'True', 'yes', which are likely one" in note for note in notes)
    assert not any("likely one" in note for note in own.read(["no", "yes", "maybe"] * 8)[2])


def test_classes_that_differ_in_an_invisible_sign_are_likely_one(own: OwnFolder) -> None:
    _, _, notes = own.read(["yes", "yes\u200b", "no"] * 8)
    assert any("which are likely one; if so, write them alike" in note for note in notes)


@pytest.mark.parametrize(
    "cells",
    [
        [f"2020-01-{day:02d}" for day in range(1, 25)],
        [f"{hour}:{hour + 10}" for hour in range(24)],
        [f"{day} March 2021" for day in range(1, 25)],
        [f"2020-01-{day:02d}T00:00:00Z" for day in range(1, 25)],
        [f"{number}/7" for number in range(24)],
        [hex(number) for number in range(24)],
        [f"1_{number:03d}" for number in range(24)],
    ],
)
def test_dates_times_and_other_figures_are_asked_about(own: OwnFolder, cells: list[str]) -> None:
    with pytest.raises(BadTable, match=r"as dates, times and fractions are written.*\{it: categorical\}"):
        own.read(cells)
    attribute, _, _ = own.read(cells, types={"it": "categorical"})
    assert attribute.kind == "categorical"
    attribute, _, notes = own.read(cells[:3] * 8)
    assert attribute.kind == "categorical"
    of_dates = ":" in cells[0] or "20" in cells[0]
    assert any("read as classes without an order" in note for note in notes) is of_dates


def test_whole_numbers_that_fractions_merge_are_no_constant_and_stay_apart_as_classes(own: OwnFolder) -> None:
    cells = [str(2**53 + number % 3) for number in range(24)]
    with pytest.raises(
        BadTable, match=r"has whole numbers beyond 9,007,199,254,740,992 .* cannot tell apart"
    ):
        own.read(cells)
    attribute, values, _ = own.read(cells, types={"it": "categorical"})
    assert attribute.classes == tuple(str(2**53 + number) for number in range(3))
    assert values[:3].tolist() == [0, 1, 2]
