"""Nothing takes the first rows: images, codes and values are cut by `draw_rows` and `hold_out`, or walked in batches.

Read from the syntax tree of every file. Row data are what `images`, `values`, `of`, `rows` and `array` return, names
that say so, and local names for either; a cut is `[a:b]` along the first axis, `slice`, `islice`, `head` and the like.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path for room in ("flows", "tasks", "vae_models", "reports") for path in (ROOT / room).rglob("*.py")
)
ROW_DATA = re.compile(
    r"\b(\w*images|\w*codes|\w*values|\w*pixels|\w*latents|\w*means|\w*labels|\w*masks|\w*rows|\w*places|\w*samples|"
    r"\w*pictures|\w*maps|\w*factors|\w*responses|\w*points|mean|log_variance|inputs|presented|held_out|inside|real)\b"
)
ROW_METHODS = {"images", "values", "of", "rows", "array", "draw", "sample"}
CUTTING_CALLS = {"slice", "islice", "head", "tail", "narrow", "truncate"}
# Cuts where they are of rows: of numpy or torch, or of row data, along the first axis.
SPLITTING_CALLS = {
    "split",
    "array_split",
    "vsplit",
    "tensor_split",
    "chunk",
    "take",
    "index_select",
    "resize",
}
COUNTING_CALLS = {"arange", "range"}
DRAWING = {"draw_rows", "draw"}
BATCHES = "latent_audit/vocabulary/batches.py"
READ_IN_BLOCKS = "a reader of a data set walks through all rows, a block at a time"
DRAWN_BEFORE = "pictures that a stage has drawn or ranked; the page shows as many as it has room for"
DRAWN_IN_BLOCKS = "samples that a model has drawn, the last block as far as they were asked for"
TABLE = "lines of a table or chart, ranked before, and no images"
# File, the cut as `ast.unparse` writes it, and why it is none of the first rows of a part.
ALLOWED = {
    ("tasks/datasets/images/choosing.py", "ascending[first:last]"): READ_IN_BLOCKS,
    ("tasks/datasets/dsprites.py", "images[start:start + _ROWS_A_BLOCK, 0]"): READ_IN_BLOCKS,
    ("tasks/datasets/dsprites.py", "masks[start:start + _ROWS_A_BLOCK]"): READ_IN_BLOCKS,
    ("tasks/datasets/shapes3d.py", "images[start:start + _ROWS_A_BLOCK]"): READ_IN_BLOCKS,
    ("tasks/datasets/idx_images.py", "images[start:start + len(chosen), 0, inner, inner]"): READ_IN_BLOCKS,
    ("tasks/datasets/idx_images.py", "rows[start:start + _IMAGES_A_CHUNK]"): READ_IN_BLOCKS,
    ("tasks/datasets/idx_images.py", "slice(margin, margin + _SIDE)"): "pixels of a frame, and no rows",
    ("tasks/datasets/sprites.py", "slice(start, start + 16384)"): READ_IN_BLOCKS,
    ("tasks/datasets/tables/table_cells.py", "islice(records, _ROWS_A_BATCH)"): READ_IN_BLOCKS,
    (
        "tasks/datasets/tables/table_cells.py",
        "islice(_lines(stream), skipped, None)",
    ): "lines above a table are left out",
    (
        "tasks/datasets/tables/table_cells.py",
        "islice(_records(path, encoding, delimiter, skipped), _ROWS_LOOKED_AT)",
    ): "lines of a text file, to find what separates its cells",
    (
        "tasks/analyses/places/coordinate_association.py",
        "statistic[1:]",
    ): "all shuffles, below the row of the data",
    ("tasks/datasets/tables/table_cells.py", "rows[1:]"): "all lines of a table below its header",
    (
        "tasks/datasets/tables/file_column.py",
        "cells.slice(0, _CELLS_LOOKED_AT)",
    ): "cells, to find which column names files",
    ("tasks/datasets/tables/column_types.py", "rows[:_EXAMPLES]"): "line numbers in a message",
    ("tasks/datasets/own/own_images.py", "rows[:_EXAMPLES]"): "file names in a message",
    (
        "tasks/stages/training/import_check.py",
        "pixels[:2]",
    ): "whether a gradient passes is the same for any images; these are drawn",
    (
        "tasks/stages/training/import_check.py",
        "codes[:2]",
    ): "whether a gradient passes is the same for any codes; these are drawn",
    (
        "tasks/analyses/latent_space/interpolation.py",
        "np.array_split(rng.choice(len(codes), 2 * pairs, replace=False), 2)",
    ): "pairs of rows that were drawn at random",
    (
        "tasks/analyses/scores/calibration.py",
        "np.array_split(np.argsort(confidence, kind='stable'), min(BINS, len(confidence)))",
    ): "all rows, by their confidence, in bins of one size",
    (
        "tasks/analyses/scores/frechet_distance.py",
        "np.array_split(rng.permutation(len(real)), 2)",
    ): "halves of a random order",
    (
        "tasks/analyses/scores/information_scores.py",
        "ends.take(index, out=place, mode='clip')",
    ): "the end of each value's bin, and no rows",
    **dict.fromkeys(
        [
            ("tasks/analyses/selftest/place_audit.py", f"world.{what}[{part}]")
            for what in ("codes", "values")
            for part in ("fit", "test")
        ],
        "either half of simulated data, or all of it",
    ),
    (
        "tasks/analyses/selftest/synthetic_data.py",
        "np.array_split(np.arange(len(self.codes)), 2)",
    ): "halves of simulated codes, each drawn independently of the others",
    (
        "tasks/stages/data/hold_out_fold.py",
        "np.array_split(rows, folds)",
    ): "rows in random order, dealt to folds",
    (
        "vae_models/interpretable_gan/losses.py",
        "seen_samples.tensor_split([share_of(count, model.settings.learnt_share)])",
    ): "a share of samples that the generator has just drawn",
    (
        "vae_models/training/loop.py",
        "self.held_out.take(np.arange(len(self.held_out)))",
    ): "all held-out images, for a choice that a model makes once",
    (
        "vae_models/training/loop.py",
        "self.held_out.take(np.arange(rows.start, rows.stop))",
    ): "a batch of a walk over all that is held out",
    ("tasks/analyses/statistics/image_groups.py", "np.split(order, ends)"): "all rows, group by group",
    (
        "tasks/analyses/statistics/image_groups.py",
        "rows[np.arange(size)]",
    ): "the rows of a group in random order, cut to a common size",
    (
        "reports/page/phrases.py",
        "page.array(part['sheet'])[frames['first']:frames['first'] + len(frames['marks'])]",
    ): "all frames of one place",
    (
        "reports/page/sections/explanations/living.py",
        "page.array(traversal['shifted'])[:len(rows) * len(shifts)]",
    ): DRAWN_BEFORE,
    (
        "reports/page/sections/explanations/living.py",
        "page.array(traversal['sheet'])[:len(rows) * steps]",
    ): DRAWN_BEFORE,
    ("tasks/stages/explanations/show.py", "slice(*line['columns'])"): "all columns of one direction",
    (
        "vae_models/training/resident_images.py",
        "slice(place * size, (place + 1) * size)",
    ): "a batch of a shuffled epoch",
    (
        "vae_models/interpretable_gan/losses.py",
        "images[:share_of(len(images), model.settings.penalised_share)]",
    ): "a share of a training batch, whose images come in random order",
    (
        "reports/page/sections/explanations/attributions.py",
        "page.array(row['images'])[:MAX_SHOWN]",
    ): DRAWN_BEFORE,
    (
        "reports/page/sections/explanations/attributions.py",
        "page.array(row['maps'])[:MAX_SHOWN]",
    ): DRAWN_BEFORE,
    ("reports/page/sections/attributes/card_figures.py", "page.array(reference)[:12]"): DRAWN_BEFORE,
    ("reports/page/sections/overview/data.py", "page.array(reference)[:40]"): DRAWN_BEFORE,
    ("reports/page/sections/overview/fitness.py", "images[:2 * pairs]"): DRAWN_BEFORE,
    ("reports/page/sections/overview/fitness.py", "images[:32]"): DRAWN_BEFORE,
    ("tasks/runs/samples/sample_files.py", "self.images[:number]"): DRAWN_IN_BLOCKS,
    ("tasks/runs/samples/sample_files.py", "self.codes[:number]"): DRAWN_IN_BLOCKS,
    ("reports/page/plots/timeline.py", "rows[:MAX_ROWS]"): TABLE,
    ("reports/page/sections/explanations/attributions.py", "rows[:24]"): TABLE,
    ("reports/page/sections/attributes/card_figures.py", "rows[:MAX_BARS]"): TABLE,
    ("reports/page/sections/attributes/comparison.py", "rows[:4]"): TABLE,
}


def is_row_data(node: ast.expr, local: set[str]) -> bool:
    """Returns whether an expression is images, codes, values or the like, one row each."""
    if isinstance(node, ast.Name):
        return node.id in local or ROW_DATA.fullmatch(node.id) is not None
    if isinstance(node, ast.Attribute):
        return node.attr not in ("shape", "size") and ROW_DATA.fullmatch(node.attr) is not None
    if isinstance(node, ast.Subscript):
        return is_row_data(node.value, local)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ROW_METHODS or is_row_data(node.func.value, local)
    return False


def local_names(tree: ast.AST) -> set[str]:
    """Returns the names that are assigned row data anywhere in a file."""
    found: set[str] = set()
    for _ in range(3):  # a name of a name
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and is_row_data(node.value, found):
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def called(node: ast.AST) -> str:
    """Returns the name of the function that a call calls, "" for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def counts(node: ast.AST) -> bool:
    """Returns whether an expression is 0, 1, 2, ..."""
    return called(node) in COUNTING_CALLS


def splits_rows(call: ast.Call, local: set[str]) -> bool:
    """Returns whether a call takes parts of row data, along its rows."""
    if called(call) not in SPLITTING_CALLS or not isinstance(call.func, ast.Attribute):
        return False
    axes = [word.value for word in call.keywords if word.arg in ("dim", "axis")]
    if axes and ast.unparse(axes[0]) != "0":
        return False
    return ast.unparse(call.func.value) in ("np", "torch") or is_row_data(call.func.value, local)


def cuts(source: str) -> Iterator[str]:
    """Yields every cut of row data in a file."""
    tree = ast.parse(source)
    local = local_names(tree)
    numbers = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and counts(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            along_rows = (
                node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
            )
            cut = isinstance(along_rows, ast.Slice) and (along_rows.lower or along_rows.upper)
            counted = any(
                counts(inner) or getattr(inner, "id", "") in numbers for inner in ast.walk(along_rows)
            )
            if (cut or counted) and is_row_data(node.value, local):
                yield ast.unparse(node)
        if isinstance(node, ast.Call):
            name = called(node)
            of_a_network = name == "head" and ast.unparse(node.func) == "self.head"  # its last layer
            if (name in CUTTING_CALLS and not of_a_network) or splits_rows(node, local):
                yield ast.unparse(node)


def fixed_limits(source: str) -> Iterator[str]:
    """Yields every draw whose size is a number or a module's constant, and neither a setting nor an argument."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in DRAWING and len(node.args) > 1:
                most = node.args[1]
                # One or two images show the shape or the layers of a model, whichever they are.
                if (isinstance(most, ast.Constant) and most.value not in (1, 2)) or (
                    isinstance(most, ast.Name) and most.id.isupper()
                ):
                    yield ast.unparse(node)


@pytest.mark.parametrize(
    "cut",
    [
        "data.images('probe_test')[:count]",
        "codes.of('probe_fit')[LIMIT:]",
        "fit_codes[: 2 * n]",
        "data.data.images[0:200, :, 3]",
        "some = data.images('probe_test')\nshown = some[:8]",
        "some = codes.of('probe_test')\nother = some\nother[-5:]",
        "few = slice(probe_images)\ncodes[few]",
        "list(islice(images, 200))",
        "table.head(5)",
        "torch.narrow(pixels, 0, 0, 5)",
        "for some in torch.split(torch.arange(len(images)), 500):\n    images[some]",
        "first = np.array_split(order, 4)[0]",
        "codes.chunk(4)[0]",
        "codes.split(200)[0]",
        "images.take(range(200), 0)",
        "np.take(values, rows, axis=0)",
        "held_out[np.arange(200)]",
        "images[list(range(n))]",
        "few = torch.arange(200)\nimages[few]",
    ],
)
def test_first_rows_are_found(cut: str) -> None:
    assert list(cuts(cut))


@pytest.mark.parametrize(
    "kept",
    [
        "images.shape[1:]",
        "codes[:, :named]",
        "images[..., ::2, ::2]",
        "codes[draw_rows(len(codes), most, seed, 'gate')]",
        "for some in batches(len(images), 500):\n    images[some]",
        "name[:300]",
        "values[:, 3]",
        "mean, log_variance = outputs.chunk(2, dim=1)",
        "torch.split(code, sizes, dim=1)",
        "name.split('.')[0]",
        "values[:, list(range(3))]",
        "edges.take(index)",
    ],
)
def test_what_is_no_cut_of_rows_is_left_alone(kept: str) -> None:
    assert not list(cuts(kept))


def test_images_codes_and_values_are_cut_by_the_sampling_function_alone() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), cut)
        for path in SOURCES
        for cut in cuts(path.read_text(encoding="utf-8"))
    }
    found -= {(BATCHES, cut) for file, cut in found if file == BATCHES}
    new, gone = found - set(ALLOWED), set(ALLOWED) - found
    assert not new, f"draw these with draw_rows, or walk through them with batches: {sorted(new)}"
    assert not gone, f"these are there no more; take them off the list: {sorted(gone)}"
    assert all(len(reason) > 10 for reason in ALLOWED.values())


def test_every_limit_of_a_draw_is_a_setting_or_an_argument() -> None:
    assert list(fixed_limits("draw_rows(len(codes), GATE_IMAGES, seed, 'gate')"))
    assert list(fixed_limits("data.draw('probe_test', 3000, seed, 'gate')"))
    found = {
        path.name: limits
        for path in SOURCES
        if (limits := list(fixed_limits(path.read_text(encoding="utf-8"))))
    }
    assert Path(BATCHES).name not in found
    assert found == {}
