"""Reads cells of text as numbers: plain, with thousands separators, percent signs or decimal commas.

Ambiguous cells are not guessed: the reading contains a question for the user.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.tables.shown_text import shown

Decimal = Literal[".", ","]
_OTHER: dict[Decimal, Decimal] = {".": ",", ",": "."}
_BLANKS = " \u00a0\u2009\u202f'’"  # between thousands, in many languages
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_POINT = re.compile(
    rf"[+-]?(?:(?:\d+|\d{{1,3}}(?:,\d{{3}})+|\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+)(?:\.\d*)?|\.\d+){_EXPONENT}"
)
_COMMA = re.compile(
    rf"[+-]?(?:(?:\d+|\d{{1,3}}(?:\.\d{{3}})+|\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+)(?:,\d*)?|,\d+){_EXPONENT}"
)
_NOT_FINITE = re.compile(r"[+-]?(?:inf|infinity)", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{1,300}")
EXACT = 1 << 53  # whole numbers up to here have a float64 of their own
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_WORDS_OF_DATES = re.compile(
    rf"(?:{_MONTHS})[a-z]{{0,6}}|0x[\da-f]+|(?<=\d)t(?=\d)|(?<=\d)z$|(?<=\d)\s*[ap]\.?m\.?|utc|gmt|[年月日时分秒]",
    re.IGNORECASE,
)
_DATE_OR_TIME = re.compile(
    rf"\d{{1,4}}[-/. 年](?:\d{{1,2}}|(?:{_MONTHS})[a-z]*)[-/. 月]\d{{1,4}}|\d{{1,2}}:\d\d", re.IGNORECASE
)
_LEADING_ZERO = re.compile(r"[+-]?0\d+")
_WITH_UNIT = re.compile(r"([$€£¥]?)\s*[+-]?\d[\d.,]*\s*([^\W\d_]*[%µ°²³€$£¥/]*[^\W\d_]*[²³]?)")


@dataclass(frozen=True)
class Reading:
    """Cells as numbers, NaN where a cell is none.

    values: float64, one a cell. unit: "%" where every cell has that sign. how: what was done to read them, () for plain
    numbers. question: what must be asked before these cells can be numbers, "" for nothing.
    """

    values: NDArray[np.float64]
    unit: str = ""
    how: tuple[str, ...] = ()
    question: str = ""

    @property
    def are_numbers(self) -> NDArray[np.bool_]:
        """Returns whether each cell is a number."""
        return ~np.isnan(self.values)


def read_numbers(cells: Sequence[str], decimal: Decimal | None) -> Reading:
    """Returns the numbers in cells; `decimal` is the decimal sign, if known."""
    bare = [cell.replace("\u2212", "-") for cell in cells]  # the minus sign of typesetting
    unit, how = "", []
    percent = [cell.endswith("%") for cell in bare]
    if bare and all(percent):
        bare, unit = [cell[:-1].rstrip() for cell in bare], "%"
        how.append("percent")
    sign = decimal or _decimal_of(bare)
    if sign is None:
        example = next(cell for cell in bare if "," in cell)
        return Reading(
            _values(bare, "."),
            question=f"{shown(example)!r} may be {_number(example, '.'):g} or {_number(example, ','):g}; say which "
            "sign stands before decimals with data.decimal ('.' or ',')",
        )
    values = _values(bare, sign)
    if any(percent) and not unit:
        with_sign = _values([cell.rstrip("% ") for cell in bare], sign)
        if not np.isnan(with_sign).any():
            count = sum(percent)
            return Reading(
                values,
                question=f"{count:,} of {len(bare):,} distinct values have a percent sign and the others none",
            )
    if np.isnan(values).any() and not np.isnan(_values(bare, _OTHER[sign])).any():
        example = next(cell for cell in bare if not _is_number(cell, sign))
        return Reading(
            values,
            question=f"{shown(example)!r} is a number only where {_OTHER[sign]!r} stands before decimals, and "
            f"elsewhere in this table it is {sign!r}; write numbers alike, or set data.decimal",
        )
    if sign == "," and any("," in cell for cell in bare):
        how.append("comma")
    if _has_groups(bare, values, sign):
        how.append("thousands")
    return Reading(values, unit, tuple(how))


def decimal_sign(columns: Iterable[Sequence[str]]) -> Decimal | None:
    """Returns the decimal sign on which the unambiguous cells of a table agree; None if there are none."""
    found = {sign for cells in columns for sign in _evidence(cells)}
    return next(iter(found)) if len(found) == 1 else None


def would_lose_zeros(cells: Sequence[str]) -> bool:
    """Returns whether a cell such as 007 would lose zeros as a number."""
    return any(_LEADING_ZERO.fullmatch(cell) for cell in cells)


def common_unit(cells: Sequence[str]) -> str:
    """Returns the unit or currency that all cells share, "" if there is none."""
    found = set()
    for cell in cells:
        match = _WITH_UNIT.fullmatch(cell)
        if match is None:
            return ""
        found.add((match.group(1) + match.group(2)).strip())
    return found.pop() if len(found) == 1 else ""


def merges_large_numbers(cells: Sequence[str], reading: Reading) -> bool:
    """Returns whether different whole numbers in cells, beyond 2**53, would become one number."""
    if not (np.abs(reading.values) >= EXACT).any():
        return False
    whole = {int(cell) for cell in cells if _WHOLE.fullmatch(cell)}
    return len({float(number) for number in whole}) < len(whole)


def are_numerals(cells: Sequence[str]) -> bool:
    """Returns whether cells are figures with other signs between them, as dates, times, fractions and 0xff are."""
    bare = [_WORDS_OF_DATES.sub(" ", cell) for cell in cells]
    figures = all(any(sign.isdigit() for sign in cell) for cell in cells)
    return figures and not any(sign.isalpha() for cell in bare for sign in cell)


def are_dates(cells: Sequence[str]) -> bool:
    """Returns whether all cells begin as dates or times do."""
    return all(_DATE_OR_TIME.match(cell) for cell in cells)


def _evidence(cells: Sequence[str]) -> set[Decimal]:
    found: set[Decimal] = set()
    for cell in cells:
        bare = cell.rstrip("% ")
        if "," not in bare and "." not in bare:
            continue
        point, comma = _is_number(bare, "."), _is_number(bare, ",")
        if point != comma:
            found.add("." if point else ",")
    return found


def _decimal_of(cells: Sequence[str]) -> Decimal | None:
    """Returns the decimal sign; None if cells with commas are ambiguous."""
    with_comma = [cell for cell in cells if "," in cell and (_is_number(cell, ".") or _is_number(cell, ","))]
    if not with_comma:
        return "."
    evidence = _evidence(cells)
    if len(evidence) == 1:
        return evidence.pop()
    return None if not evidence else "."


def _is_number(cell: str, decimal: Decimal) -> bool:
    return (_POINT if decimal == "." else _COMMA).fullmatch(cell) is not None


def _number(cell: str, decimal: Decimal) -> float:
    """Returns the number in a cell, infinity included; NaN if there is none."""
    if _NOT_FINITE.fullmatch(cell):
        return float(cell)
    if not _is_number(cell, decimal):
        return float("nan")
    plain = cell.replace("." if decimal == "," else ",", "")
    for blank in _BLANKS:
        plain = plain.replace(blank, "")
    return float(plain.replace(",", "."))


def _values(cells: Sequence[str], decimal: Decimal) -> NDArray[np.float64]:
    return np.array([_number(cell, decimal) for cell in cells], np.float64)


def _has_groups(cells: Sequence[str], values: NDArray[np.float64], decimal: Decimal) -> bool:
    group = "." if decimal == "," else ","
    return any(
        (group in cell or any(blank in cell for blank in _BLANKS)) and not np.isnan(value)
        for cell, value in zip(cells, values, strict=True)
    )
