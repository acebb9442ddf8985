"""Reads one data set and describes it as an audit would have it, with every fault that would end one."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from latent_audit.reports.page.messages import english
from latent_audit.reports.page.visible_text import visible
from latent_audit.tasks.analyses.checks.testable import rare_classes, split_testable
from latent_audit.tasks.analyses.statistics import splits
from latent_audit.tasks.analyses.statistics.content_order import content_order
from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.analyses.statistics.unused_parts import settled_shares
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.errors import DataError, MissingFile
from latent_audit.tasks.datasets.images.image_doubles import refuse_all_alike
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.data.download import download
from latent_audit.tasks.stages.inputs.part_notes import missing_notes, part_notes
from latent_audit.tasks.storage.store import Store
from latent_audit.tasks.terminal_text import error_text
from latent_audit.vocabulary.reasons import Reason, reason

FAULTS = 2


def describe_data(settings: Settings) -> int:
    """Prints what was understood of the data set in `settings`, and what an audit would make of it.

    Returns the exit code: 0, or 2 with every fault printed if the data would end an audit.
    """
    store = Store(settings.run.store)
    console = Console(file=sys.stdout, highlight=False)
    with ProgressDisplay() as progress, tempfile.TemporaryDirectory(dir=store.root) as workspace:
        try:
            files = download(settings.data, store.root, progress)
        except MissingFile as error:
            console.print(f"fault: {error_text(error)}", markup=False)
            return FAULTS
        try:
            data = settings.data.load(files.folder, Path(workspace), settings.run.seed)
            _print_set(console, data)
            alike = refuse_all_alike(data)
            parts, faults, notes = _as_an_audit_has_it(settings, data)
        except DataError as error:
            console.print(f"fault: {error_text(error)}", markup=False)
            return FAULTS
        for note in (*data.notes, *alike, *notes):
            console.print(f"note: {visible(english(note))}", markup=False)
        if parts is not None:
            counts = ", ".join(f"{name} {len(parts.rows(name)):,}" for name in PARTS)
            console.print(f"parts of an audit: {counts}", markup=False)
        for fault in faults:
            console.print(f"fault: {visible(fault)}", markup=False)
        return FAULTS if faults else 0


def _print_set(console: Console, data: ImageSet) -> None:
    count, channels, height, width = data.images.shape
    console.print(visible(f"{data.name}: {data.description}"), markup=False)
    console.print(f"source: {visible(data.source)}\nlicence: {visible(data.licence)}", markup=False)
    console.print(f"{count:,} images of {height} x {width} pixels, {channels} channels")
    table = Table("attribute", "type", "values", "meaning", box=None)
    for attribute, column in zip(data.attributes, data.values.T, strict=True):
        cells = (attribute.name, attribute.kind, _values(attribute, column), attribute.description)
        table.add_row(*(Text(visible(cell)) for cell in cells))  # Text: a name is no markup
    console.print(table)


def _as_an_audit_has_it(
    settings: Settings, data: ImageSet
) -> tuple[splits.Split | None, list[str], list[Reason]]:
    """Returns the parts, faults that would end an audit, and notes on single attributes and near-duplicates."""
    order = content_order(data.images, data.values, data.masks, settings.run.seed)
    shares, fewest_images = settled_shares(
        settings.splits.shares, trains_classifier=settings.trains_classifier
    )
    try:
        parts = splits.split(
            data.attributes,
            data.values,
            settings.run.seed,
            shares,
            fewest_images,
            order=order,
            groups=data.groups,
            trains_models=settings.trains_models,
        )
    except ValueError as error:
        return None, [str(error)], []
    fewest = settings.evidence.fewest_of_a_class
    kept, aside = split_testable(data.attributes, data.values, parts, fewest)
    notes = [reason("testable.note", attribute=each.attribute.name, why=each.reason) for each in aside]
    notes += rare_classes(data.attributes, data.values, parts, fewest)
    notes += missing_notes(data)
    notes += part_notes(data, parts, settings.evidence.duplicate_images, settings.run.seed)
    faults = [] if kept else ["no attribute can be tested: add images in which they vary"]
    return parts, faults, notes


def _values(attribute: Attribute, column: np.ndarray) -> str:
    column = column[~np.isnan(column)]
    if attribute.kind in ("binary", "categorical"):
        counts = np.bincount(column.astype(np.int64), minlength=len(attribute.classes))
        shares = counts / len(column)
        return ", ".join(f"{name} {share:.0%}" for name, share in zip(attribute.classes, shares, strict=True))
    unit = f" {attribute.unit}" if attribute.unit else ""
    return f"{column.min():.4g} to {column.max():.4g}{unit}, mean {column.mean():.4g}"
