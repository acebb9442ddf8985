"""Figures of a result for a notebook, drawn by matplotlib without its global state."""

import io
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.visible_text import shortened
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.in_memory.result_tables import where_rows
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model

_CELL = 0.42  # inches
_MAX_WRITTEN = 160  # cells with a number in them


class ShownFigure(Figure):
    """A matplotlib figure that a notebook shows as a picture, whatever backend it uses."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", bbox_inches="tight")
        return buffer.getvalue()


class Plots:
    """The figures of a result. Each method takes the name of a model; None is the first."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def matrix(self, model: str | None = None) -> ShownFigure:
        """Draws the uncertainty coefficient of every attribute and dimension, 0 to 1.

        Framed: the claimed dimension of an attribute. Struck out: not significant.

        Args:
            model: name of a model; None is the first.

        Returns:
            A figure of matplotlib with a row for each attribute and a column for each dimension.

        Raises:
            UsageError: there is no such model, or it has no association.

        Example:
            >>> from latent_audit import load
            >>> figure = load("runs/latest").plot.matrix()
            >>> figure.axes[1].get_ylabel()
            'uncertainty coefficient'
        """
        record = self._model(model)
        association = recorded(record["association"])
        if association is None:
            raise UsageError(
                f"{record['name']} has no association: {self._page.absent(record['association'])}"
            )
        values = np.array(association["uncertainty"], dtype=float)
        names = [row["name"] for row in record["dimensions"]]
        rows, columns = values.shape
        figure = ShownFigure(figsize=(2.2 + _CELL * columns, 1.0 + _CELL * rows), layout="constrained")
        axes = figure.subplots()
        image = axes.imshow(np.nan_to_num(values), cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(columns), [shortened(n, 14) for n in names], rotation=90, parse_math=False)
        axes.set_yticks(range(rows), [shortened(n, 26) for n in association["attributes"]], parse_math=False)
        significant = np.array(association["p_adjusted"], dtype=float) <= self._page.significance
        for (row, column), value in np.ndenumerate(values):
            if not significant[row, column]:
                axes.plot(
                    [column - 0.4, column + 0.4], [row + 0.4, row - 0.4], color="#9aa5b5", linewidth=0.6
                )
            if values.size <= _MAX_WRITTEN:
                ink = "#111111" if value > 0.55 else "#ffffff"
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=ink)
        claims = {v["attribute"]: v["dimension"] for v in self._page.verdicts if v["model"] == record["name"]}
        for row, name in enumerate(association["attributes"]):
            if (column := claims.get(name)) is not None:
                axes.add_patch(_frame(row, column))
        figure.colorbar(image, ax=axes, label="uncertainty coefficient")
        return figure

    def traversal(self, dimension: str | int, model: str | None = None) -> ShownFigure:
        """Draws decoded images along one dimension, from low to high quantiles of its codes.

        Args:
            dimension: named as in the code ("z3") or by its index, from 0.
            model: name of a model; None is the first.

        Returns:
            A figure of matplotlib with an image for each step; above it the value of the dimension.

        Raises:
            UsageError: there is no such model or dimension, or the audit has no traversal of it.

        Example:
            >>> from latent_audit import load
            >>> figure = load("runs/latest").plot.traversal(0)
            >>> len(figure.axes) >= 3  # as many as `explanations.traversal_steps`
            True
        """
        record = self._model(model)
        index = _dimension(record, dimension)
        traversal = recorded(record["traversal"])
        if traversal is None:
            raise UsageError(
                f"{record['name']} has no traversal: {self._page.absent(record['traversal'], 'traverse')}"
            )
        rows = [row["dimension"] for row in traversal["rows"]]
        if index not in rows:
            drawn = ", ".join(row["name"] for row in traversal["rows"])
            raise UsageError(f"{dimension} is not among the dimensions that were traversed: {drawn}")
        steps, place = len(traversal["quantiles"]), rows.index(index)
        frames = self._page.array(traversal["sheet"]).reshape(
            len(rows), steps, *self._page.audit["data"]["image_shape"]
        )
        figure = ShownFigure(figsize=(1.1 * steps, 1.5), layout="constrained")
        figure.suptitle(shortened(traversal["rows"][place]["name"]), parse_math=False)
        for step, axes in enumerate(np.atleast_1d(figure.subplots(1, steps))):
            picture = frames[place, step].transpose(1, 2, 0)
            axes.imshow(picture[..., 0] if picture.shape[2] == 1 else picture, cmap="gray", vmin=0, vmax=255)
            value = traversal["values"][place][step]
            axes.set_title("" if value is None else f"{value:.2f}", fontsize=7)
            axes.set_axis_off()
        return figure

    def mapping(self, model: str | None = None) -> ShownFigure:
        """Draws, for each attribute, the cause of its place with its 95 % interval, and the verdict.

        Cause: how far the reading follows the donor when the place is swapped; 0 not at all, 1 as the donor's own.

        Args:
            model: name of a model; None is the first.

        Returns:
            A figure of matplotlib with a row for each attribute.

        Raises:
            UsageError: there is no such model, or the audit was written before places were.

        Example:
            >>> from latent_audit import load
            >>> load("runs/latest").plot.mapping().axes[0].get_xlabel()
            'cause of the place, with 95 % interval; the line is the limit'
        """
        record = self._model(model)
        rows = [
            row
            for row in where_rows(self._page.audit)
            if (row["model"], row["seed"]) == (record["name"], record["seed"])
        ]
        if not rows:
            raise UsageError("this audit holds no places: it was written by an earlier version")
        figure = ShownFigure(figsize=(7.0, 0.9 + 0.34 * len(rows)), layout="constrained")
        axes = figure.subplots()
        for height, row in enumerate(reversed(rows)):
            if row["cause"] is not None:
                low, high = row["cause_low"], row["cause_high"]
                if low is not None and high is not None:
                    axes.plot([low, high], [height, height], color="#0072b2", linewidth=2)
                axes.plot(row["cause"], height, "o", color="#0072b2")
            word, verdict = row["place"], self._page.t(f"verdict.{row['verdict']}")
            said = f"{self._page.t(f'place.short.{word}')} {shortened(row['members'], 20)}: {verdict}"
            axes.annotate(
                said,
                (1.02, height),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
                parse_math=False,
            )
        axes.set_yticks(
            range(len(rows)), [shortened(row["attribute"], 26) for row in reversed(rows)], parse_math=False
        )
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.axvline(self._page.limit("cause_min"), color="#9aa5b5", linewidth=0.8)
        axes.set_xlim(min(0.0, axes.get_xlim()[0]), max(1.0, axes.get_xlim()[1]))
        axes.set_xlabel("cause of the place, with 95 % interval; the line is the limit")
        return figure

    def _model(self, name: str | None) -> Model:
        found = [model for model in self._page.leads if name is None or model["name"] == name]
        if not found:
            known = ", ".join(model["name"] for model in self._page.leads)
            raise UsageError(f"there is no model {name!r}; the audit has {known}")
        return found[0]


def _dimension(record: Model, dimension: str | int) -> int:
    names: dict[Any, int] = {row["name"]: row["index"] for row in record["dimensions"]}
    indices = set(names.values())
    if dimension in indices:
        return int(dimension)
    if dimension not in names:
        raise UsageError(f"{record['name']} has no dimension {dimension!r}; it has {', '.join(names)}")
    return names[dimension]


def _frame(row: int, column: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#d55e00", linewidth=2)
