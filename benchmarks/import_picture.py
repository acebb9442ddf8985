"""Draws docs/architecture.svg: the rooms of the project and the imports between them.

A frame is a top-level folder, a box is a folder in it (a "room"), and an arrow points from a room to one that it
imports. An arrow that follows from others is left out: where A imports B and B imports C, A's import of C is not
drawn. Rooms are ordered so that the fewest imports point upwards; those that still do are drawn in red.
"""

import argparse
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import grimp
import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "architecture.svg"
PACKAGE = "latent_audit"
# Frames from the top of the picture to the bottom; those of one row stand beside each other.
ROWS = (("flows",), ("tasks",), ("vae_models", "reports"), ("vocabulary",))
COLOURS = {
    "flows": "#dfeaf8",
    "tasks": "#e6f1e0",
    "vae_models": "#fbeed9",
    "reports": "#f4e4f0",
    "vocabulary": "#e9ebee",
}
INK, LINE, AGAINST = "#1d2431", "#5f6b7a", "#c0392b"
# All in points.
WIDTH, MARGIN, ROW_GAP = 800.0, 6.0, 30.0
TITLE_HEIGHT, BOX_HEIGHT, LEVEL_HEIGHT = 26.0, 25.0, 54.0
BOX_GAP, BOX_PADDING, LETTER = 20.0, 18.0, 6.9

Import = tuple[str, str]
Place = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """What is drawn: rooms by name ("tasks/storage") with the level of each, and arrows."""

    levels: dict[str, int]
    arrows: frozenset[Import]
    against_order: frozenset[Import]
    frame_arrows: frozenset[Import]


def picture() -> Picture:
    """Returns the rooms and imports of the package as it stands."""
    counted = count_imports()
    rooms = sorted({room for pair in counted for room in pair})
    levels: dict[str, int] = {}
    arrows: set[Import] = set()
    against: set[Import] = set()
    for frame in COLOURS:
        inside = [room for room in rooms if frame_of(room) == frame]
        within = Counter({pair: n for pair, n in counted.items() if {*pair} <= {*inside}})
        order = ordered(inside, within)
        down = {pair for pair in within if order.index(pair[0]) < order.index(pair[1])}
        arrows |= without_implied(down)
        against |= set(within) - down
        levels |= levels_of(order, down)
    frames = {(frame_of(a), frame_of(b)) for a, b in counted if frame_of(a) != frame_of(b)}
    return Picture(levels, frozenset(arrows), frozenset(against), frozenset(without_implied(frames)))


def count_imports() -> Counter[Import]:
    """Returns how many imports each room has of each other one; those for type checkers alone do not count."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    packages = {module for module in graph.modules if graph.find_children(module)}

    def room(module: str) -> str:
        parts = module.split(".")[1:] if module in packages else module.split(".")[1:-1]
        return "/".join(parts[:2])

    return Counter(
        (room(module), room(imported))
        for module in graph.modules - {PACKAGE}
        for imported in graph.find_modules_directly_imported_by(module) - {PACKAGE}
        if room(module) != room(imported)
    )


def frame_of(room: str) -> str:
    """Returns the top-level folder of a room."""
    return room.split("/")[0]


def ordered(rooms: Iterable[str], imports: Counter[Import]) -> list[str]:
    """Returns the rooms in the order in which the fewest imports point upwards: exact, over all subsets."""
    names = sorted(rooms)
    # By subset of rooms (bits): the fewest upward imports with these rooms on top, and their order.
    best: dict[int, tuple[int, list[str]]] = {0: (0, [])}
    for subset in range(1 << len(names)):
        upward, order = best[subset]
        for index, room in enumerate(names):
            if subset >> index & 1:
                continue
            found = upward + sum(imports[room, above] for above in order)
            grown = subset | 1 << index
            if grown not in best or found < best[grown][0]:
                best[grown] = (found, [*order, room])
    return best[(1 << len(names)) - 1][1]


def without_implied(pairs: Collection[Import]) -> set[Import]:
    """Returns the pairs of an acyclic relation that do not follow from the others."""

    def reaches(start: str, end: str) -> bool:
        return any(b == end or reaches(b, end) for a, b in pairs if a == start)

    return {
        (a, b) for a, b in pairs if not any(reaches(other, b) for start, other in pairs if start == a != b)
    }


def levels_of(order: Iterable[str], pairs: Collection[Import]) -> dict[str, int]:
    """Returns the level of each room in its frame: 0 at the top, below all that import it."""
    levels: dict[str, int] = {}
    for room in order:
        levels[room] = 1 + max((levels[a] for a, b in pairs if b == room), default=-1)
    return levels


def draw(drawn: Picture, path: Path) -> None:
    """Writes the picture as SVG, 800 points wide; equal pictures are equal bytes."""
    height, frames = frame_places(drawn)
    boxes = {
        room: place for frame in COLOURS for room, place in box_places(drawn, frame, frames[frame]).items()
    }
    style = {
        "svg.hashsalt": PACKAGE,
        "svg.fonttype": "path",
        "font.family": ["DejaVu Sans"],
        "font.size": 10.0,
    }
    with mpl.rc_context(style):  # type: ignore[arg-type]  # stubs want literal keys
        figure = Figure(figsize=(WIDTH / 72, height / 72), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        axes.set_axis_off()
        for frame, place in frames.items():
            _frame(axes, frame, place)
        for above, below in sorted(drawn.frame_arrows):
            _frame_arrow(axes, (above, below), frames[above], frames[below])
        for pair in sorted(drawn.arrows):
            _arrow(axes, pair, boxes[pair[0]], boxes[pair[1]], LINE)
        for pair in sorted(drawn.against_order):
            _arrow(axes, pair, boxes[pair[0]], boxes[pair[1]], AGAINST)
        for room, place in boxes.items():
            _box(axes, room, place)
        _legend(axes, frames[ROWS[0][0]])
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def frame_places(drawn: Picture) -> tuple[float, dict[str, Place]]:
    """Returns the height of the picture, and left, top, width and height of each frame."""
    places: dict[str, Place] = {}
    top = MARGIN
    for row in ROWS:
        rows = {frame: _rows(drawn, frame) for frame in row}
        height = max(TITLE_HEIGHT + LEVEL_HEIGHT * len(rows[frame]) - 16 for frame in row)
        needed = {frame: max(map(_row_width, rows[frame].values())) for frame in row}
        spare = (WIDTH - 2 * MARGIN - BOX_GAP * (len(row) - 1) - sum(needed.values())) / len(row)
        left = MARGIN
        for frame in row:
            places[frame] = (left, top, needed[frame] + spare, height)
            left += needed[frame] + spare + BOX_GAP
        top += height + ROW_GAP
    return top - ROW_GAP + MARGIN, places


def box_places(drawn: Picture, frame: str, place: Place) -> dict[str, Place]:
    """Returns left, top, width and height of each room of a frame; rooms stand below those that import them."""
    left, top, width, _ = place
    boxes: dict[str, Place] = {}

    def wanted(room: str) -> tuple[float, str]:
        above = [boxes[a] for a, b in drawn.arrows if b == room and a in boxes]
        return (sum(x + w / 2 for x, _, w, _ in above) / len(above) if above else 0.0, room)

    for level, rooms in _rows(drawn, frame).items():
        gap = (width - sum(map(_box_width, rooms))) / (len(rooms) + 1)
        x = left + gap
        for room in sorted(rooms, key=wanted):
            boxes[room] = (x, top + TITLE_HEIGHT + level * LEVEL_HEIGHT, _box_width(room), BOX_HEIGHT)
            x += _box_width(room) + gap
    return boxes


def label(room: str) -> str:
    """Returns the text of a box: the folder's name, or *.py for modules that stand in no room."""
    return room.partition("/")[2] or "*.py"


def _rows(drawn: Picture, frame: str) -> dict[int, list[str]]:
    rows: dict[int, list[str]] = {}
    for room, level in sorted(drawn.levels.items(), key=lambda item: (item[1], item[0])):
        if frame_of(room) == frame:
            rows.setdefault(level, []).append(room)
    return rows


def _box_width(room: str) -> float:
    return LETTER * len(label(room)) + BOX_PADDING


def _row_width(rooms: Collection[str]) -> float:
    return sum(map(_box_width, rooms)) + BOX_GAP * (len(rooms) + 1)


def _frame(axes: Axes, frame: str, place: Place) -> None:
    left, top, width, height = place
    shape = FancyBboxPatch(
        (left, top),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=6",
        facecolor=COLOURS[frame],
        linewidth=0,
    )
    axes.add_patch(shape).set_gid(f"frame:{frame}")
    axes.text(left + 9, top + 16, f"{frame}/", color=INK, fontsize=11, fontweight="bold", va="center")


def _box(axes: Axes, room: str, place: Place) -> None:
    left, top, width, height = place
    shape = FancyBboxPatch(
        (left, top), width, height, boxstyle="round,pad=0,rounding_size=4",
        facecolor="white", edgecolor=LINE, linewidth=0.8, zorder=3,
    )  # fmt: skip
    axes.add_patch(shape).set_gid(f"room:{room}")
    axes.text(left + width / 2, top + height / 2, label(room), color=INK, ha="center", va="center", zorder=4)


def _frame_arrow(axes: Axes, pair: Import, above: Place, below: Place) -> None:
    """Draws an arrow from the lower edge of a frame to the upper edge of another, where both are."""
    x = max(above[0], below[0]) / 2 + min(above[0] + above[2], below[0] + below[2]) / 2
    arrow = FancyArrowPatch(
        (x, above[1] + above[3]), (x, below[1]), arrowstyle="-|>", mutation_scale=16, color=INK, linewidth=2.2,
        shrinkA=0, shrinkB=0,
    )  # fmt: skip
    axes.add_patch(arrow).set_gid(f"frames:{pair[0]}>{pair[1]}")


def _arrow(axes: Axes, pair: Import, start: Place, end: Place, colour: str) -> None:
    """Draws an arrow between two boxes: from the lower edge to the upper one, or back up beside them."""
    down = start[1] < end[1]
    shift = 0.0 if colour == LINE else 14.0
    tail = (start[0] + start[2] / 2 + shift, start[1] + (start[3] if down else 0.0))
    head = (end[0] + end[2] / 2 + shift, end[1] + (0.0 if down else end[3]))
    bend = 0.0 if colour == LINE else 0.18
    arrow = FancyArrowPatch(
        tail, head, arrowstyle="-|>", connectionstyle=f"arc3,rad={bend}", mutation_scale=9, color=colour,
        linewidth=1.0, linestyle="solid" if colour == LINE else "dashed", shrinkA=0, shrinkB=0, zorder=2,
    )  # fmt: skip
    axes.add_patch(arrow).set_gid(f"import:{pair[0]}>{pair[1]}")


def _legend(axes: Axes, frame: Place) -> None:
    """Explains the two kinds of arrow in the upper right corner of a frame."""
    right, top = frame[0] + frame[2] - 12, frame[1] + 20
    for line, (text, colour) in enumerate((("imports", LINE), ("imports against the order", AGAINST))):
        y = top + 20 * line
        axes.text(right - 160, y, text, color=INK, va="center")
        arrow = FancyArrowPatch(
            (right - 200, y), (right - 168, y), arrowstyle="-|>", mutation_scale=9, color=colour, linewidth=1.0,
            linestyle="solid" if colour == LINE else "dashed", shrinkA=0, shrinkB=0,
        )  # fmt: skip
        axes.add_patch(arrow)


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCUMENT, help="the SVG file to write")
    draw(picture(), parser.parse_args().out)


if __name__ == "__main__":
    main()
