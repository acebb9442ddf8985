"""Downloads and prepares one data set, and describes it."""

import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from latent_audit.reports.page.visible_text import visible
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.image_doubles import refuse_all_alike
from latent_audit.tasks.session.progress import ProgressDisplay
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.data.download import download
from latent_audit.tasks.storage.store import Store


def describe_data(settings: Settings) -> None:
    """Prints source, licence, size and every attribute of the data set in `settings`."""
    store = Store(settings.run.store)
    with ProgressDisplay() as progress, tempfile.TemporaryDirectory(dir=store.root) as workspace:
        files = download(settings.data, store.root, progress)
        data = settings.data.load(files.folder, Path(workspace), settings.run.seed)
        count, channels, height, width = data.images.shape
        console = Console(file=sys.stdout, highlight=False)
        console.print(visible(f"{data.name}: {data.description}"), markup=False)
        console.print(f"source: {visible(data.source)}\nlicence: {visible(data.licence)}", markup=False)
        console.print(f"{count:,} images of {height} x {width} pixels, {channels} channels")
        table = Table("attribute", "type", "values", "meaning", box=None)
        for attribute, column in zip(data.attributes, data.values.T, strict=True):
            cells = (attribute.name, attribute.kind, _values(attribute, column), attribute.description)
            table.add_row(*(Text(visible(cell)) for cell in cells))  # Text: a name is no markup
        console.print(table)
        for note in (*data.notes, *refuse_all_alike(data)):
            console.print(f"note: {visible(note)}", markup=False)


def _values(attribute: Attribute, column: np.ndarray) -> str:
    if attribute.kind in ("binary", "categorical"):
        counts = np.bincount(column.astype(np.int64), minlength=len(attribute.classes))
        shares = counts / len(column)
        return ", ".join(f"{name} {share:.0%}" for name, share in zip(attribute.classes, shares, strict=True))
    unit = f" {attribute.unit}" if attribute.unit else ""
    return f"{column.min():.4g} to {column.max():.4g}{unit}, mean {column.mean():.4g}"
