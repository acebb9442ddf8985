"""What is noted of the parts of a data set: how many groups each has, or that images nearly repeat across them; and
which attributes some images lack.
"""

import numpy as np

from latent_audit.tasks.analyses.statistics.folds import FOLDS
from latent_audit.tasks.analyses.statistics.near_duplicates import find
from latent_audit.tasks.analyses.statistics.parts import MODEL_TRAIN
from latent_audit.tasks.analyses.statistics.splits import Split
from latent_audit.tasks.analyses.statistics.unused_parts import CLASSIFIER_TRAIN
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import Reason, reason


def missing_notes(data: ImageSet) -> tuple[Reason, ...]:
    """Returns which share of the images has no value of which attribute; nothing where every cell is filled."""
    missing = np.isnan(data.values)
    if not missing.any():
        return ()
    shares: list[str | Reason] = [
        reason("note.missing_share", column=shown(attribute.name), share=f"{gone.mean():.1%}")
        for attribute, gone in zip(data.attributes, missing.T, strict=True)
        if gone.any()
    ]
    return (reason("note.missing_kept", shares=shares, without=f"{int(missing.all(axis=1).sum()):,}"),)


def part_notes(data: ImageSet, split: Split, most_images: int, seed: int) -> tuple[Reason, ...]:
    """Returns that few images are audited in folds, that no image is left for the training of models or classifier,
    and how many groups of images each part has; without groups, that images nearly repeat across parts or folds.
    """
    found: list[Reason] = []
    if split.folds is not None:
        images = int((split.folds >= 0).sum())
        found.append(reason("testable.folds", images=f"{images:,}", folds=str(FOLDS)))
    unused = [name for name in (MODEL_TRAIN, CLASSIFIER_TRAIN) if name not in split.used]
    if unused == [MODEL_TRAIN]:
        found.append(reason("note.no_model_train", count=f"{len(split.codes):,}"))
    elif unused == [CLASSIFIER_TRAIN]:
        found.append(reason("note.no_classifier_train"))
    elif unused:
        found.append(reason("note.no_training", count=f"{len(split.codes):,}"))
    return (*found, *_together(data, split, most_images, seed))


def _together(data: ImageSet, split: Split, most_images: int, seed: int) -> tuple[Reason, ...]:
    if data.groups is not None:
        listed: list[str | Reason] = [
            reason("testable.images", images=f"{len(np.unique(data.groups[split.rows(part)])):,}", part=part)
            for part in split.used
        ]
        return (reason("note.groups", count=f"{len(np.unique(data.groups)):,}", parts=listed),)
    apart = split.codes
    if split.folds is not None:
        apart = np.where(split.folds >= 0, len(split.names) + split.folds, split.codes)
    found = find(data.images, apart, most_images, seed)
    if not found.found:
        return ()
    names = data.file_names or [f"image {row + 1:,}" for row in range(len(data.images))]
    return (
        reason(
            "note.near_duplicates",
            count=f"{found.found:,}",
            sampled=f"{found.sampled:,}",
            share=f"{found.share:.1%}",
            pairs=[f"{shown(names[first])} ~ {shown(names[second])}" for first, second in found.pairs],
        ),
    )
