"""What type a column of a user's table has, inferred from its values or said by the user."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.datasets.attributes import Attribute, AttributeKind
from tasks.datasets.folder_table import FILE_COLUMN

_MOST_LEVELS = 20  # whole numbers with more distinct values are measured, not graded
_MOST_CLASSES = 100  # more distinct words than this are names or free text


class ColumnType(BaseModel):
    """The type of one column, where the inferred one is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["binary", "categorical", "ordinal", "continuous", "cyclic"] = Field(
        description="binary, categorical, ordinal, continuous or cyclic"
    )
    period: float | None = Field(
        None, gt=0, description="length of a full turn in the column's own unit; for cyclic columns only"
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


class _Unusable(Exception):
    """Why a column cannot have the type that it should have."""


def typed_columns(
    table: pd.DataFrame, types: dict[str, ColumnType]
) -> tuple[tuple[Attribute, ...], NDArray[np.float64], tuple[str, ...]]:
    """Returns attributes, values float64 (n, k), and the problems found, one sentence each.

    Two distinct values make a binary column, words a categorical one, few whole numbers an ordinal one, all
    other numbers a continuous one; `types` stands above that. Where there are problems, the columns concerned
    are left out.
    """
    names = [str(name) for name in table.columns if name != FILE_COLUMN]
    problems = [
        f"data.types names {name!r}, which is not an attribute" for name in types if name not in names
    ]
    attributes: list[Attribute] = []
    values: list[NDArray[np.float64]] = []
    for name in names:
        try:
            attribute, column = _typed_column(name, table[name], types.get(name))
        except _Unusable as reason:
            problems.append(str(reason))
        else:
            attributes.append(attribute)
            values.append(column)
    stacked = np.stack(values, axis=1) if values else np.empty((len(table), 0))
    return tuple(attributes), stacked, tuple(problems)


def _typed_column(
    name: str, column: "pd.Series[Any]", said: ColumnType | None
) -> tuple[Attribute, NDArray[np.float64]]:
    distinct = column.drop_duplicates()
    if len(distinct) < 2:
        raise _Unusable(
            f"column {name!r} is {distinct.tolist()[0]!r} in every row; a constant cannot be audited"
        )
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    kind = _inferred(distinct, numeric) if said is None else said.kind
    unit = "" if said is None else said.unit
    if kind in ("binary", "categorical"):
        classes, codes = _coded(name, column, kind)
        return Attribute(name, kind, classes=classes, unit=unit), codes
    if kind == "ordinal" and said is not None and said.levels:
        return Attribute(name, kind, classes=said.levels, unit=unit), _graded(name, column, said.levels)
    if not numeric:
        raise _Unusable(
            f"column {name!r} holds words such as {distinct.iloc[0]!r} and cannot be {kind}; make it categorical "
            "or, with `levels`, ordinal"
        )
    period = None if said is None else said.period
    return Attribute(name, kind, period=period, unit=unit), column.to_numpy(dtype=np.float64)


def _inferred(distinct: "pd.Series[Any]", numeric: bool) -> AttributeKind:
    if len(distinct) == 2:
        return "binary"
    if not numeric:
        return "categorical"
    numbers = distinct.to_numpy(dtype=np.float64)
    few_whole = len(numbers) <= _MOST_LEVELS and bool((numbers == np.round(numbers)).all())
    return "ordinal" if few_whole else "continuous"


def _coded(name: str, column: "pd.Series[Any]", kind: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    codes, distinct = pd.factorize(column, sort=True)
    if kind == "binary" and len(distinct) != 2:
        raise _Unusable(f"column {name!r} has {len(distinct)} distinct values and cannot be binary")
    if len(distinct) > _MOST_CLASSES:
        raise _Unusable(
            f"column {name!r} has {len(distinct):,} distinct values, too many for classes (at most "
            f"{_MOST_CLASSES}); leave it out with data.attributes or, if it holds numbers, make it continuous"
        )
    return tuple(str(value) for value in distinct), codes.astype(np.float64)


def _graded(name: str, column: "pd.Series[Any]", levels: tuple[str, ...]) -> NDArray[np.float64]:
    codes = pd.Index(levels).get_indexer(pd.Index(column.astype(str)))
    if (codes < 0).any():
        raise _Unusable(f"column {name!r} holds {column[codes < 0].iloc[0]!r}, which is not among its levels")
    return codes.astype(np.float64)
