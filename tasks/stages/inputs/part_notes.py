"""What is noted of the parts of a data set: how many groups each has, or that images nearly repeat across them."""

import numpy as np

from latent_audit.tasks.analyses.statistics.near_duplicates import find
from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.analyses.statistics.splits import Split
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import Reason, reason


def part_notes(data: ImageSet, split: Split, most_images: int, seed: int) -> tuple[Reason, ...]:
    """Returns how many groups of images each part has; without groups, that images nearly repeat across parts."""
    if data.groups is not None:
        listed: list[str | Reason] = [
            reason("testable.images", images=f"{len(np.unique(data.groups[split.rows(part)])):,}", part=part)
            for part in PARTS
        ]
        return (reason("note.groups", count=f"{len(np.unique(data.groups)):,}", parts=listed),)
    found = find(data.images, split.codes, most_images, seed)
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
