"""Prepared data as stages read them: images, values and parts that `tasks.prepare` wrote."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.analyses.parts import PARTS
from tasks.arrays import read_array, read_json
from tasks.datasets.attributes import Attribute
from tasks.datasets.image_set import ImageSet
from tasks.records import Artifact


@dataclass(frozen=True)
class Prepared:
    """A prepared data set: memory-mapped images, and which part each belongs to."""

    data: ImageSet
    parts: NDArray[np.int8]

    def rows(self, part: str) -> NDArray[np.int64]:
        """Returns the sorted row numbers of a part."""
        return np.flatnonzero(self.parts == PARTS.index(part))

    def images(self, part: str) -> NDArray[np.uint8]:
        """Returns a part's images, uint8 (n, c, h, w), in memory."""
        return np.asarray(self.data.images[self.rows(part)])

    def values(self, part: str) -> NDArray[np.float64]:
        """Returns a part's attribute values, float64 (n, k)."""
        return np.asarray(self.data.values[self.rows(part)])


def open_prepared(prepared: Artifact) -> Prepared:
    """Returns what `tasks.prepare` wrote, images as a memory map."""
    facts = read_json(prepared.path / "data.json")
    masks, files = prepared.path / "masks.npy", prepared.path / "files.json"
    sizes = facts["factor_sizes"]
    image_set = ImageSet(
        name=facts["name"],
        images=read_array(prepared.path / "images.npy"),
        attributes=tuple(_attribute(item) for item in facts["attributes"]),
        values=read_array(prepared.path / "values.npy"),
        description=facts["description"],
        source=facts["source"],
        licence=facts["licence"],
        masks=read_array(masks) if masks.is_file() else None,
        factor_sizes=tuple(sizes) if sizes else None,
        file_names=tuple(read_json(files)) if files.is_file() else None,
        notes=tuple(facts["notes"]),
    )
    return Prepared(image_set, read_array(prepared.path / "parts.npy"))


def _attribute(item: dict[str, Any]) -> Attribute:
    fields = {name: item[name] for name in ("name", "kind", "period", "unit", "description")}
    return Attribute(**fields, classes=tuple(item["classes"]))
