"""Prepare and split: from a data set's own files to images, typed attributes and four disjoint parts."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.analyses import attribute_correlation, splits
from tasks.analyses.parts import PARTS, PURPOSES
from tasks.analyses.plain import to_plain
from tasks.arrays import reference, write_array, write_json
from tasks.bench import Bench
from tasks.data_files import DataFiles
from tasks.datasets.attributes import Attribute
from tasks.datasets.errors import ConstantAttribute, DataError, NotEnoughImages
from tasks.datasets.image_set import ImageSet

if TYPE_CHECKING:
    from tasks.datasets.catalogue import DataSettings

SAMPLES = 24


def compute(
    folder: Path,
    bench: Bench,
    *,
    data: "DataSettings",
    files: DataFiles,
    shares: dict[str, float],
    entangled_from: float,
    seed: int,
) -> None:
    """Writes images.npy, values.npy, masks.npy, parts.npy, and data.json: the report's section on the data."""
    image_set = data.load(files.folder, folder, seed, lambda done, total: bench.report(done, total, {}))
    _refuse_unusable(image_set)
    try:
        split = splits.split(image_set.attributes, image_set.values, seed, shares)
    except ValueError as error:
        raise NotEnoughImages(f"{image_set.name}: {error}") from error
    _write_unless_mapped(folder / "images.npy", image_set.images)
    write_array(folder / "values.npy", image_set.values)
    write_array(folder / "parts.npy", split.codes)
    if image_set.masks is not None:
        _write_unless_mapped(folder / "masks.npy", image_set.masks)
    write_json(folder / "data.json", _description(folder, image_set, split, entangled_from))
    counts = {f"images.{name}": float(len(split.rows(name))) for name in PARTS}
    write_json(folder / "summary.json", {"metrics": counts})


def _refuse_unusable(image_set: ImageSet) -> None:
    if not image_set.attributes:
        raise DataError(
            f"{image_set.name} has no attributes, so there is nothing to audit: name at least one"
        )
    if not np.isfinite(image_set.values).all():
        bad = [
            attribute.name
            for attribute, column in zip(image_set.attributes, image_set.values.T, strict=True)
            if not np.isfinite(column).all()
        ]
        raise DataError(
            f"{image_set.name}: NaN or infinite values in {', '.join(bad)}: fill or drop those rows"
        )
    constant = [
        attribute.name
        for attribute, column in zip(image_set.attributes, image_set.values.T, strict=True)
        if np.ptp(column) == 0
    ]
    if constant:
        raise ConstantAttribute(
            f"{image_set.name}: the same value in every image for {', '.join(constant)}: nothing can be said "
            "about an attribute that never varies; leave it out or add images"
        )


def _description(
    folder: Path, image_set: ImageSet, split: splits.Split, entangled_from: float
) -> dict[str, Any]:
    correlation = attribute_correlation.compute(image_set.attributes, image_set.values, entangled_from)
    shown = split.rows("probe_test")[:SAMPLES]
    return {
        "name": image_set.name,
        "description": image_set.description,
        "source": image_set.source,
        "licence": image_set.licence,
        "images": len(image_set.images),
        "image_shape": list(image_set.images.shape[1:]),
        "factor_sizes": list(image_set.factor_sizes) if image_set.factor_sizes else None,
        "parts": [
            {"name": part, "images": len(split.rows(part)), "purpose": PURPOSES[part]} for part in PARTS
        ],
        "attributes": [
            {**_plain_attribute(attribute), "summary": _summary(attribute, column)}
            for attribute, column in zip(image_set.attributes, image_set.values.T, strict=True)
        ],
        "correlation": to_plain(correlation),
        "samples": reference(folder, "data_samples", np.asarray(image_set.images[shown])),
    }


def _write_unless_mapped(path: Path, array: NDArray[Any]) -> None:
    """Loaders write big arrays to their place themselves; writing one over its own memory map would empty it."""
    if not path.is_file():
        write_array(path, array)


def _plain_attribute(attribute: Attribute) -> dict[str, Any]:
    return {**asdict(attribute), "classes": list(attribute.classes)}


def _summary(attribute: Attribute, column: NDArray[np.float64]) -> dict[str, Any]:
    if attribute.classes and attribute.kind in ("binary", "categorical"):
        counts = np.bincount(column.astype(np.int64), minlength=len(attribute.classes))
        return {"counts": counts.tolist()}
    quantiles = np.quantile(column, [0.05, 0.25, 0.5, 0.75, 0.95])
    facts = {"mean": column.mean(), "std": column.std(), "min": column.min(), "max": column.max()}
    return {
        **{name: round(float(value), 6) for name, value in facts.items()},
        "quantiles": [round(float(value), 6) for value in quantiles],
    }
