"""One column of a user's table: its distinct texts, and the text and file line of each row."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from latent_audit.tasks.datasets.tables.shown_text import shown

_EXAMPLES = 5


@dataclass(frozen=True)
class Column:
    """Cells of one column. distinct: each text once. codes: its index for every row. lines: of every row."""

    name: str
    distinct: tuple[str, ...]
    codes: NDArray[np.int64]
    lines: NDArray[np.int64]

    @classmethod
    def of(cls, name: str, cells: pa.ChunkedArray, lines: NDArray[np.int64]) -> "Column":
        """Returns the column of an Arrow array."""
        if len(cells) == 0:
            return cls(name, (), np.empty(0, np.int64), lines)
        encoded = cells.combine_chunks().dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(name, tuple(encoded.dictionary.to_pylist()), codes, lines)

    def at(self, rows: NDArray[np.int64]) -> "Column":
        """Returns the column of some rows, with the texts that are left."""
        if len(rows) == len(self.codes):
            return self
        left, codes = np.unique(self.codes[rows], return_inverse=True)
        distinct = tuple(self.distinct[code] for code in left)
        return Column(self.name, distinct, codes.reshape(-1).astype(np.int64), self.lines[rows])

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each distinct text."""
        return np.bincount(self.codes, minlength=len(self.distinct)).astype(np.int64)

    def rows_of(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Returns the rows whose text is chosen; `chosen` has one entry per distinct text."""
        return np.flatnonzero(chosen[self.codes])

    def where(self, chosen: NDArray[np.bool_]) -> str:
        """Returns the first lines with a chosen text, and the text: "line 5: unknown, line 9: ?"."""
        rows = self.rows_of(chosen)[:_EXAMPLES]
        more = ", ..." if int(self.counts[chosen].sum()) > _EXAMPLES else ""
        cells = (f"line {self.lines[row]:,}: {shown(self.distinct[self.codes[row]])}" for row in rows)
        return ", ".join(cells) + more
