"""Prepare and split: from a data set's own files to images, typed attributes and four disjoint parts."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks import attribute_correlation
from latent_audit.tasks.analyses.checks.testable import SetAside, rare_classes, split_testable
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics import splits
from latent_audit.tasks.analyses.statistics.content_order import content_order
from latent_audit.tasks.analyses.statistics.parts import PARTS, PURPOSES
from latent_audit.tasks.analyses.statistics.unused_parts import settled_shares
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.errors import ConstantAttribute, DataError, NotEnoughImages
from latent_audit.tasks.datasets.images.image_doubles import refuse_all_alike
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.part_notes import missing_notes, part_notes
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.storage.arrays import write_array, write_json, write_summary
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vocabulary.reasons import Reason, reason

if TYPE_CHECKING:
    from latent_audit.tasks.datasets.registry import DataSettings

# Of a probe part: what scores of the whole code, maps and edits are computed from.
MIN_COMPLETE = 30


def compute(
    folder: Path,
    context: StageContext,
    *,
    data: "DataSettings",
    files: DataFiles,
    shares: dict[str, float],
    trains_models: bool,
    trains_classifier: bool,
    fewest_of_a_class: int,
    duplicate_images: int,
    seed: int,
) -> None:
    """Writes images.npy, values.npy, masks.npy, parts.npy, order.npy, folds.npy, files.json, and data.json.

    Attributes that cannot be tested are set aside here: values.npy and all later stages have the others alone.
    """
    image_set = data.load(files.folder, folder, seed, lambda done, total: context.report(done, total, {}))
    _refuse_unusable(image_set)
    alike = refuse_all_alike(image_set)
    settled, fewest_images = settled_shares(shares, trains_classifier=trains_classifier)
    try:
        order = content_order(image_set.images, image_set.values, image_set.masks, seed)
        split = splits.split(
            image_set.attributes,
            image_set.values,
            seed,
            settled,
            fewest_images,
            order=order,
            groups=image_set.groups,
            trains_models=trains_models,
        )
    except ValueError as error:
        raise NotEnoughImages(f"{image_set.name}: {error}") from error
    image_set, aside = _set_aside(image_set, split, fewest_of_a_class)
    _refuse_few_complete(image_set, split)
    notes: list[Reason] = [
        *image_set.notes,
        *missing_notes(image_set),
        *(reason("testable.note", attribute=shown(each.attribute.name), why=each.reason) for each in aside),
        *alike,
        *rare_classes(image_set.attributes, image_set.values, split, fewest_of_a_class),
        *part_notes(image_set, split, duplicate_images, seed),
    ]
    _write_unless_mapped(folder / "images.npy", image_set.images)
    write_array(folder / "values.npy", image_set.values)
    write_array(folder / "parts.npy", split.codes)
    write_array(folder / "order.npy", order)
    if split.folds is not None:
        write_array(folder / "folds.npy", split.folds)
    if image_set.groups is not None:
        write_array(folder / "groups.npy", image_set.groups)
    if image_set.masks is not None:
        _write_unless_mapped(folder / "masks.npy", image_set.masks)
    prepared = Prepared(image_set, split.codes, order)
    write_json(folder / "data.json", _description(folder, prepared, aside, notes, seed))
    if image_set.file_names is not None:
        write_json(folder / "files.json", list(image_set.file_names))
    counts = {f"images.{name}": float(len(prepared.rows(name))) for name in PARTS}
    write_summary(folder, metrics=counts)


def _refuse_unusable(image_set: ImageSet) -> None:
    if not image_set.attributes:
        raise DataError(
            f"{image_set.name} has no attributes, so there is nothing to audit: name at least one"
        )
    if np.isinf(image_set.values).any():
        bad = [
            attribute.name
            for attribute, column in zip(image_set.attributes, image_set.values.T, strict=True)
            if np.isinf(column).any()
        ]
        raise DataError(
            f"{image_set.name}: infinite values in {', '.join(map(shown, bad))}: correct them or drop those rows"
        )


def _refuse_few_complete(image_set: ImageSet, split: splits.Split, least: int = MIN_COMPLETE) -> None:
    """Refuses data of which too few images of a probe part have every attribute, as scores of a whole code need."""
    complete = np.isnan(image_set.values).sum(axis=1) == 0
    for part in ("probe_fit", "probe_test"):
        count = int(complete[split.rows(part)].sum())
        if count < least:
            raise NotEnoughImages(
                f"{image_set.name}: {count} images of {part} have a value of every attribute and at least {least} are "
                "needed; leave out the attributes that most images lack (data.attributes)"
            )


def _set_aside(image_set: ImageSet, split: splits.Split, fewest: int) -> tuple[ImageSet, list[SetAside]]:
    """Returns the data with the attributes that can be tested, and the others; refuses data without any."""
    kept, aside = split_testable(image_set.attributes, image_set.values, split, fewest)
    if not kept:
        listed = "; ".join(
            f"{shown(each.attribute.name)}: {min(each.images.values())} images in one part" for each in aside
        )
        raise ConstantAttribute(
            f"{image_set.name}: no attribute can be tested, since each needs {fewest} images in which it varies in "
            f"every part ({listed}); add images in which they vary, or lower "
            "evidence.fewest_of_a_class"
        )
    if not aside:
        return image_set, aside
    chosen = tuple(image_set.attributes[column] for column in kept)
    # A grid of factors is one only with all of them.
    return replace(
        image_set,
        attributes=chosen,
        values=np.ascontiguousarray(image_set.values[:, kept]),
        factor_sizes=None,
    ), aside


def _description(
    folder: Path,
    prepared: Prepared,
    aside: Sequence[SetAside],
    notes: list[Reason],
    seed: int,
    shown_images: int = 24,
) -> dict[str, Any]:
    image_set = prepared.data
    correlation = attribute_correlation.compute(image_set.attributes, image_set.values)
    shown = prepared.draw("probe_test", shown_images, seed, "shown images")
    return {
        "name": image_set.name,
        "description": image_set.description,
        "source": image_set.source,
        "licence": image_set.licence,
        "images": len(image_set.images),
        "image_shape": list(image_set.images.shape[1:]),
        "factor_sizes": list(image_set.factor_sizes) if image_set.factor_sizes else None,
        "parts": [
            {
                "name": part,
                "images": len(prepared.rows(part)),
                "purpose": PURPOSES[part],
                "groups": None if (groups := prepared.image_groups(part)) is None else groups.count,
            }
            for part in PARTS
        ],
        "attributes": [
            {
                **_plain_attribute(attribute),
                "summary": _summary(attribute, column[~np.isnan(column)]),
                **({"missing": count} if (count := int(np.isnan(column).sum())) else {}),
            }
            for attribute, column in zip(image_set.attributes, image_set.values.T, strict=True)
        ],
        "not_tested": [
            {
                "attribute": each.attribute.name,
                "kind": each.attribute.kind,
                "rarest_class": each.rarest_class,
                "images": dict(each.images),
                "reason": each.reason,
            }
            for each in aside
        ],
        "notes": notes,
        "correlation": to_json(correlation),
        "samples": prepared.pictures(folder, "data_samples", "probe_test", shown),
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
