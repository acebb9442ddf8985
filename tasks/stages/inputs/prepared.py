"""Prepared data as stages read them: images, values and parts that `latent_audit.tasks.stages.data.prepare` wrote."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.parts import MODEL_TRAIN, PARTS, PROBE_PARTS
from latent_audit.tasks.analyses.statistics.sample_rows import class_columns, draw_rows
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.storage.arrays import read_array, read_json, reference
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vocabulary.batches import batches

_READ_BATCH_SIZE = 10_000


@dataclass(frozen=True)
class Prepared:
    """A prepared data set: memory-mapped images, and which part each belongs to.

    order: (n,) row numbers in a random order that does not depend on how the rows are stored; None: as stored. The
    rows of a part are in this order everywhere, and every `places` is an index into the rows of a part.
    folds: (n,) the fold of each image of the probe parts where images are few, else None. crosses: whether both
    probe parts are all images that have a fold.
    """

    data: ImageSet
    parts: NDArray[np.int8]
    order: NDArray[np.int64] | None = None
    folds: NDArray[np.int8] | None = None
    crosses: bool = False

    def audited(self) -> "Prepared":
        """Returns the data as the checks take them: where images are few, both probe parts are all of them."""
        return self if self.folds is None else replace(self, crosses=True)

    @property
    def audited_folds(self) -> NDArray[np.int8]:
        """The fold of each audited image."""
        assert self.folds is not None
        return np.asarray(self.folds[self.rows(PROBE_PARTS[0])])

    def places_of_halves(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the places of the images of each probe part among all audited ones."""
        parts = self.parts[self.rows(PROBE_PARTS[0])]
        first, second = (np.flatnonzero(parts == PARTS.index(name)) for name in PROBE_PARTS)
        return first, second

    @property
    def training_part(self) -> str:
        """The part that trains and judges nothing of the evidence: model_train, or where it is empty classifier_train.

        model_train is empty where every model was trained elsewhere and images are few, classifier_train where the
        classifier was. Where both are, it is probe_fit, on which dimensions, bins and probes are chosen.
        """
        return next(name for name in (MODEL_TRAIN, "classifier_train", "probe_fit") if len(self.rows(name)))

    def rows(self, part: str) -> NDArray[np.int64]:
        """Returns the row numbers of a part, in `order`."""
        order = np.arange(len(self.parts)) if self.order is None else self.order
        taken = PROBE_PARTS if self.crosses and part in PROBE_PARTS else (part,)
        return np.asarray(order[np.isin(self.parts[order], [PARTS.index(name) for name in taken])])

    def images(self, part: str, places: NDArray[np.int64] | None = None) -> NDArray[np.uint8]:
        """Returns a part's images, uint8 (n, c, h, w), in memory; those at `places` alone, if given."""
        rows = self.rows(part) if places is None else self.rows(part)[places]
        found = np.empty((len(rows), *self.data.images.shape[1:]), np.uint8)
        as_stored = np.argsort(rows)  # a memory map is read in the order of the file
        for some in batches(len(rows), _READ_BATCH_SIZE):
            found[as_stored[some]] = self.data.images[rows[as_stored[some]]]
        return found

    def file_names(self, part: str, places: NDArray[np.int64]) -> list[str] | None:
        """Returns the files of the images at `places` of a part; None where images are no files."""
        names = self.data.file_names
        return None if names is None else [names[row] for row in self.rows(part)[places]]

    def row_of(self, name: str) -> int:
        """Returns the row of the image that a user names by its file, or by the row itself.

        Raises DataError where there is no such image.
        """
        files = self.data.file_names
        if files is not None and name in files:
            return files.index(name)
        if name.isdecimal() and int(name) < len(self.parts):
            return int(name)
        known = "a file's name, or a row" if files is not None else "a row"
        raise DataError(f"there is no image {name!r}: name {known} from 0 to {len(self.parts) - 1}")

    def pictures(self, folder: Path, name: str, part: str, places: NDArray[np.int64]) -> dict[str, Any]:
        """Writes the images at `places` of a part for the report and returns their reference, with their files."""
        return reference(folder, name, self.images(part, places), self.file_names(part, places))

    def values(self, part: str, places: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Returns a part's attribute values, float64 (n, k), NaN where an image has none; those at `places` alone."""
        rows = self.rows(part)
        return np.asarray(self.data.values[rows if places is None else rows[places]])

    def complete(self, part: str) -> NDArray[np.int64]:
        """Returns the places of a part's images that have a value of every attribute, ascending."""
        return np.flatnonzero(~np.isnan(self.values(part)).any(axis=1))

    def image_groups(self, part: str, places: NDArray[np.int64] | None = None) -> ImageGroups | None:
        """Returns the groups of a part's images, None where each image stands by itself."""
        if self.data.groups is None:
            return None
        rows = self.rows(part)
        taken = rows if places is None else rows[places]
        return ImageGroups.of(self.data.groups[taken], len(taken))

    def classes(self, part: str) -> NDArray[np.float64] | None:
        """Returns the values (n, k) of a part's binary and categorical attributes, None where there are none."""
        return class_columns(self.data.attributes, self.values(part))

    def draw(
        self, part: str, most: int, seed: int, purpose: str, *, every_class: bool = False
    ) -> NDArray[np.int64]:
        """Returns the places of a random sample of a part, ascending; with a row of every class, if asked for."""
        classes = self.classes(part) if every_class else None
        return draw_rows(len(self.rows(part)), most, seed, purpose, classes=classes)


def open_prepared(prepared: Artifact) -> Prepared:
    """Returns what `latent_audit.tasks.stages.data.prepare` wrote, images as a memory map."""
    facts = read_json(prepared.path / "data.json")
    masks, files, groups = (prepared.path / name for name in ("masks.npy", "files.json", "groups.npy"))
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
        groups=read_array(groups) if groups.is_file() else None,
    )
    parts, order = (read_array(prepared.path / name) for name in ("parts.npy", "order.npy"))
    folds = prepared.path / "folds.npy"
    return Prepared(image_set, parts, order, read_array(folds) if folds.is_file() else None)


def _attribute(item: dict[str, Any]) -> Attribute:
    fields = {name: item[name] for name in ("name", "kind", "period", "unit", "description")}
    return Attribute(**fields, classes=tuple(item["classes"]))
