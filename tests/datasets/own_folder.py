"""A user's folder of small images and a table of them, made for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from latent_audit.reports.page.messages import english
from latent_audit.tasks.datasets.folder import FolderSettings
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.tables.table_cells import Cells


def write_images(folder: Path, names: Sequence[str], size: tuple[int, int] = (4, 4)) -> None:
    """Writes a grey image of its own for each name."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", size, (number % 256, number // 256, 7))
        image.save(path, format="PNG", compress_level=0)


def write_table(
    path: Path,
    columns: Mapping[str, Sequence[Any] | np.ndarray],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> None:
    """Writes a table; cells stand as they are, without quotation marks."""
    rows = [delimiter.join(columns)]
    rows += [delimiter.join(map(str, cells)) for cells in zip(*columns.values(), strict=True)]
    path.write_bytes(("\n".join(rows) + "\n").encode(encoding))


class OwnFolder:
    """Twenty-four images i00.png to i23.png below `home`/images, and whatever table a test writes."""

    def __init__(self, home: Path, rows: int = 24) -> None:
        self.home = home
        self.images = home / "images"
        self.table = home / "labels.csv"
        self.names = [f"i{number:02d}.png" for number in range(rows)]
        write_images(self.images, self.names)
        (home / "work").mkdir()

    def write(self, columns: Mapping[str, Sequence[Any] | np.ndarray] | None = None, **how: str) -> None:
        """Writes the table: the names under `file`, then `columns`."""
        write_table(self.table, {"file": self.names, **(columns or {"lit": ["no", "yes"] * 12})}, **how)

    def write_text(self, content: str) -> None:
        """Writes the table as it stands."""
        self.table.write_text(content, encoding="utf-8", newline="")

    def settings(self, **given: Any) -> FolderSettings:
        """Returns settings for this folder."""
        places = {"folder": self.images, "table": self.table, "image_size": 16, "fewest_images": 4}
        return FolderSettings.model_validate({**places, **given})

    def load(self, **given: Any) -> ImageSet:
        """Returns what is read with these settings."""
        return self.settings(**given).load(self.home, self.home / "work", 0)

    def read(
        self, column: Sequence[Any] | np.ndarray, **given: Any
    ) -> tuple[Any, np.ndarray, tuple[str, ...]]:
        """Returns the attribute and the values of one column, and the notes."""
        self.write({"it": column}, delimiter=";")
        loaded = self.load(**given)
        return loaded.attributes[0], loaded.values[:, 0], notes_of(loaded)


def notes_of(loaded: ImageSet | Cells) -> tuple[str, ...]:
    """Returns the notes of a data set as sentences."""
    return tuple(english(note) for note in loaded.notes)
