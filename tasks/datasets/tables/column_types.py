"""Types of the columns of a user's table, inferred from their cells or given by the user."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.tables.cell_numbers import (
    EXACT,
    Decimal,
    Reading,
    are_dates,
    are_numerals,
    common_unit,
    decimal_sign,
    merges_large_numbers,
    read_numbers,
    would_lose_zeros,
)
from latent_audit.tasks.datasets.tables.column_doubles import likely_one_class
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.datasets.tables.table_column import Column
from latent_audit.vocabulary.attribute_kinds import AttributeKind
from latent_audit.vocabulary.reasons import Reason, reason

_MAX_LEVELS = 20  # whole numbers with more distinct values are measured, not graded
_MAX_CLASSES = 100  # more distinct words than this are names or free text
_LONGEST_CLASS = 200  # characters; longer cells are no names of classes
_LARGEST = 1e30  # of a number that squares can be taken of, in single precision too
_MIN_SPREAD = 1e-12  # of a column, as a share of its largest number
_MOSTLY = 0.5  # a column with this share of numbers is meant to hold numbers
_EXAMPLES = 5
# Words that often stand for a missing value. They are read as classes unless data.missing_values names them.
_LIKE_MISSING = frozenset(
    {"na", "n/a", "n.a.", "none", "?", "-", "--", "unknown", "missing", "not available"}
)


class ColumnType(BaseModel):
    """The type of one column, if the inferred one is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: AttributeKind = Field(description="binary, categorical, ordinal, continuous or cyclic")
    period: float | None = Field(
        None,
        ge=1e-30,
        le=1e30,
        description="length of a full turn in the column's own unit; for cyclic columns only",
    )
    levels: tuple[str, ...] = Field((), description="order of an ordinal column of words, lowest first")
    unit: str = Field("", description="unit of the values, for the report")

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, given: Any) -> Any:
        return {"kind": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _fits(self) -> "ColumnType":
        if (self.kind == "cyclic") != (self.period is not None):
            raise ValueError("a period belongs to cyclic columns, and only to them")
        if self.levels and self.kind != "ordinal":
            raise ValueError("levels belong to ordinal columns only")
        if self.levels and not 2 <= len(set(self.levels)) == len(self.levels):
            raise ValueError("levels are two or more different words")
        return self


@dataclass(frozen=True)
class TypedColumns:
    """Attributes with their values float64 (n, k), problems, and notes for the user."""

    attributes: tuple[Attribute, ...]
    values: NDArray[np.float64]
    problems: tuple[str, ...]
    notes: tuple[Reason, ...]


class _Unusable(Exception):
    """A column cannot have its given type; the text states why."""


def typed_columns(
    names: Sequence[str],
    column_of: Callable[[str], Column],
    types: Mapping[str, ColumnType],
    missing_values: Sequence[str] = ("",),
    decimal: Decimal | None = None,
    *,
    keeps_missing: bool = False,
) -> TypedColumns:
    """Returns the typed columns, without those that have a problem.

    keeps_missing: cells without a value become NaN, and the type is that of the others; else they are a problem.

    Two distinct values make a binary column, words a categorical one, few whole numbers an ordinal one, all
    other numbers a continuous one; `types` stands above that.
    """
    problems = [
        f"data.types names {name!r}, which is not an attribute" for name in types if name not in names
    ]
    notes: list[Reason] = []
    attributes: list[Attribute] = []
    values: list[NDArray[np.float64]] = []
    sign = decimal or decimal_sign(column_of(name).distinct for name in names)
    rows = 0
    for column in map(column_of, names):
        rows = len(column.codes)
        try:
            known = known_rows(column, missing_values) if keeps_missing else np.arange(rows)
            attribute, of_known, said = _typed(column.at(known), types.get(column.name), missing_values, sign)
        except _Unusable as error:
            problems.append(str(error))
        else:
            attributes.append(attribute)
            coded = np.full(rows, np.nan)
            coded[known] = of_known
            values.append(coded)
            notes += said
    stacked = np.stack(values, axis=1) if values else np.empty((rows, 0))
    return TypedColumns(tuple(attributes), stacked, tuple(problems), tuple(notes))


def _typed(
    column: Column, said: ColumnType | None, missing_values: Sequence[str], decimal: Decimal | None
) -> tuple[Attribute, NDArray[np.float64], list[Reason]]:
    reading = read_numbers(column.distinct, decimal)
    empty = empty_cells(column, reading, missing_values)
    if empty is not None:
        raise _Unusable(empty)
    if not column.distinct:
        raise _Unusable(
            f"column {shown(column.name)!r} has no value in any row; leave it out of data.attributes"
        )
    if len(column.distinct) < 2:
        raise _Unusable(
            f"column {shown(column.name)!r} is {_first(column)} in every row; a constant cannot be audited"
        )
    numeric = bool(reading.are_numbers.all()) and not reading.question
    is_text = said is None and numeric and would_lose_zeros(column.distinct)
    if numeric and merges_large_numbers(column.distinct, reading):
        if said is None or said.kind not in ("binary", "categorical"):
            raise _Unusable(
                f"column {shown(column.name)!r} has whole numbers beyond {EXACT:,} ({_examples(column)}), which the "
                "computer's fractions cannot tell apart; leave it out, or say what it is with data.types, as in "
                f"{{{shown(column.name)}: categorical}}"
            )
        is_text = True
    kind = said.kind if said is not None else _inferred(column, reading, numeric and not is_text)
    unit = said.unit if said is not None and said.unit else reading.unit if numeric else ""
    if kind in ("binary", "categorical"):
        classes, codes = _coded(column, kind, reading if numeric and not is_text else None)
        notes = [] if numeric else _notes_on_classes(column.name, classes)
        if said is None and not numeric and are_dates(column.distinct):
            notes.append(reason("note.dates", column=shown(column.name), cell=shown(column.distinct[0])))
        if would_lose_zeros(column.distinct) and numeric:
            cell = next(cell for cell in column.distinct if would_lose_zeros([cell]))
            notes.append(reason("note.leading_zeros", column=shown(column.name), cell=shown(cell)))
        return Attribute(column.name, kind, classes=classes, unit=unit), codes, notes
    if kind == "ordinal" and said is not None and said.levels:
        graded = _graded(column, said.levels)
        return Attribute(column.name, kind, classes=said.levels, unit=unit), graded, []
    if not numeric:
        _refuse_words(column, reading, kind)
    _refuse_extremes(column, reading)
    period = None if said is None else said.period
    how: list[str | Reason] = [reason(f"numbers.{step}") for step in reading.how]
    notes = [reason("note.numbers", column=shown(column.name), how=how)] if how else []
    return Attribute(column.name, kind, period=period, unit=unit), reading.values[column.codes], notes


def known_rows(column: Column, missing_values: Sequence[str]) -> NDArray[np.int64]:
    """Returns the rows of a column whose cell is neither empty nor a word for a missing value."""
    known = np.array([cell != "" and cell not in missing_values for cell in column.distinct], bool)
    return column.rows_of(known)


def empty_cells(column: Column, reading: Reading, missing_values: Sequence[str]) -> str | None:
    """Returns a sentence on cells of a column that are empty, stand for a missing value, or are infinite."""
    missing = np.array([cell in missing_values or cell == "" for cell in column.distinct], bool)
    missing |= np.isinf(reading.values)
    if not missing.any():
        return None
    rows = column.rows_of(missing)
    lines = ", ".join(f"{column.lines[row]:,}" for row in rows[:_EXAMPLES])
    words = [shown(cell) for cell, m in zip(column.distinct, missing, strict=True) if m and cell][:_EXAMPLES]
    named = f" ({', '.join(map(repr, words))})" if words else ""
    return (
        f"column {shown(column.name)!r} has {len(rows):,} empty or not finite cells, the first in line {lines}{named}; "
        "fill them, or set data.on_missing to keep (each attribute is judged on the images that have it) or leave_out "
        "(data.missing_values says which words count as empty)"
    )


def _inferred(column: Column, reading: Reading, numeric: bool) -> AttributeKind:
    rows, many = len(column.codes), len(column.distinct)
    if numeric:
        numbers = np.unique(reading.values)
        whole = bool((numbers == np.round(numbers)).all())
        if len(numbers) == 2:
            return "binary"
        if whole and len(numbers) == rows > _MAX_LEVELS:
            raise _Unusable(
                f"column {shown(column.name)!r} has a different whole number in every row ({_examples(column)}), as "
                "row numbers have; leave it out of data.attributes, or say what it measures with data.types, as in "
                f"{{{shown(column.name)}: continuous}}"
            )
        return "ordinal" if whole and len(numbers) <= _MAX_LEVELS else "continuous"
    if many == 2:
        return "binary"
    _refuse_numbers_as_text(column, reading)
    if many == rows > _MAX_LEVELS:
        raise _Unusable(
            f"column {shown(column.name)!r} has a different text in every row ({_examples(column)}), as names have; "
            "leave it out with data.attributes"
        )
    return "categorical"


def _refuse_numbers_as_text(column: Column, reading: Reading) -> None:
    """Raises if a column of text is probably meant as numbers, instead of guessing."""
    if would_lose_zeros(column.distinct):
        return
    if reading.question:
        raise _Unusable(f"column {shown(column.name)!r}: {reading.question}")
    unit = common_unit(column.distinct)
    if unit:
        raise _Unusable(
            f"column {shown(column.name)!r} holds numbers with {shown(unit)!r} beside them ({_examples(column)}); "
            f"write the numbers alone, or say what it is with data.types, as in {{{shown(column.name)}: categorical}}"
        )
    are = reading.are_numbers
    numbers, rows = int(column.counts[are].sum()), len(column.codes)
    if are.sum() > 2 and (numbers >= _MOSTLY * rows or are.sum() > _MAX_LEVELS):
        raise _Unusable(_some_are_no_numbers(column, ~are))
    if len(column.distinct) > _MAX_LEVELS and are_numerals(column.distinct):
        raise _Unusable(
            f"column {shown(column.name)!r} holds figures with signs between them ({_examples(column)}), as dates, "
            "times and fractions are written; write plain numbers, such as years or minutes, leave it out of "
            f"data.attributes, or say what it is with data.types, as in {{{shown(column.name)}: categorical}}"
        )


def _some_are_no_numbers(column: Column, words: NDArray[np.bool_]) -> str:
    count, rows = int(column.counts[words].sum()), len(column.codes)
    return (
        f"{count:,} of {rows:,} cells of {shown(column.name)!r} {'is no number' if count == 1 else 'are no numbers'} "
        f"({column.where(words)}); correct them, name what stands for a missing value in data.missing_values, or say "
        f"what the column is with data.types, as in {{{shown(column.name)}: categorical}}"
    )


def _refuse_words(column: Column, reading: Reading, kind: str) -> None:
    if reading.question:
        raise _Unusable(f"column {shown(column.name)!r}: {reading.question}")
    if reading.are_numbers.any():
        raise _Unusable(_some_are_no_numbers(column, ~reading.are_numbers))
    raise _Unusable(
        f"column {shown(column.name)!r} holds words such as {_first(column)} and cannot be {kind}; make it "
        "categorical or, with `levels`, ordinal"
    )


def _refuse_extremes(column: Column, reading: Reading) -> None:
    """Raises for numbers whose mean and standard deviation no computer's fractions can hold."""
    huge = np.abs(reading.values) > _LARGEST
    if huge.any():
        raise _Unusable(
            f"column {shown(column.name)!r} has numbers beyond ±{_LARGEST:g} ({column.where(huge)}), with which "
            "nothing can be computed; correct them, or give the column in another unit"
        )
    if np.ptp(reading.values) <= max(_MIN_SPREAD * np.abs(reading.values).max(), 1 / _LARGEST):
        raise _Unusable(
            f"column {shown(column.name)!r} is {_first(column)} in every row but for rounding; a constant cannot be "
            "audited"
        )


def _coded(column: Column, kind: str, reading: Reading | None) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Returns class names in order (numbers by size, words by letter) and each row's code."""
    if reading is None:
        classes = tuple(sorted(column.distinct))
        place = {name: code for code, name in enumerate(classes)}
        of_distinct = np.array([place[name] for name in column.distinct], np.int64)
    else:
        numbers, of_distinct = np.unique(reading.values, return_inverse=True)
        classes = tuple(str(int(n)) if n == round(n) and abs(n) < 1e15 else repr(float(n)) for n in numbers)
    name = shown(column.name)
    if kind == "binary" and len(classes) != 2:
        raise _Unusable(f"column {name!r} has {len(classes)} distinct values and cannot be binary")
    if len(classes) > _MAX_CLASSES:
        raise _Unusable(
            f"column {name!r} has {len(classes):,} distinct values, too many for classes (at most {_MAX_CLASSES}): "
            f"{_examples(column)}; leave it out with data.attributes or, if it holds numbers, make it continuous"
        )
    longest = max(column.distinct, key=len)
    if len(longest) > _LONGEST_CLASS:
        line = column.lines[int(np.flatnonzero(column.codes == column.distinct.index(longest))[0])]
        raise _Unusable(
            f"column {name!r} has a cell of {len(longest):,} characters in line {line:,}; the name of a class has at "
            f"most {_LONGEST_CLASS}"
        )
    return classes, of_distinct[column.codes].astype(np.float64)


def _graded(column: Column, levels: tuple[str, ...]) -> NDArray[np.float64]:
    place = {level: code for code, level in enumerate(levels)}
    unknown = np.array([cell not in place for cell in column.distinct], bool)
    if unknown.any():
        raise _Unusable(
            f"column {shown(column.name)!r} holds {shown(column.distinct[int(unknown.argmax())])!r}, which is not "
            "among its levels"
        )
    of_distinct = np.array([place[cell] for cell in column.distinct], np.float64)
    return of_distinct[column.codes]


def _notes_on_classes(name: str, classes: Sequence[str]) -> list[Reason]:
    notes = [
        reason("note.classes_alike", column=shown(name), classes=[repr(shown(c)) for c in group])
        for group in likely_one_class(classes)
    ]
    like_missing = [c for c in classes if c.casefold() in _LIKE_MISSING]
    if like_missing:
        words: list[str | Reason] = [repr(shown(c)) for c in like_missing]
        notes.append(reason("note.like_missing", column=shown(name), classes=words))
    return notes


def _first(column: Column) -> str:
    """Returns the first cell: words between quotation marks, numbers without."""
    cell = column.distinct[0]
    return shown(cell) if read_numbers([cell], ".").are_numbers.all() else repr(shown(cell))


def _examples(column: Column) -> str:
    return ", ".join(shown(cell) for cell in column.distinct[:_EXAMPLES]) + ", ..."
