"""Attributes and image sets refuse what does not fit together."""

import numpy as np
import pytest

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.vocabulary.attribute_kinds import AttributeKind


@pytest.mark.parametrize(
    ("kind", "classes", "period", "text"),
    [
        ("categorical", ("one",), None, "at least two classes"),
        ("binary", ("a", "b", "c"), None, "binary and needs two classes"),
        ("cyclic", (), None, "a period belongs to cyclic"),
        ("continuous", (), 360.0, "a period belongs to cyclic"),
    ],
)
def test_attributes_refuse(
    kind: AttributeKind, classes: tuple[str, ...], period: float | None, text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        Attribute("x", kind, classes=classes, period=period)


def test_image_sets_refuse_wrong_shapes() -> None:
    images = np.zeros((3, 1, 4, 4), np.uint8)
    attributes = (Attribute("x", "continuous"),)
    with pytest.raises(ValueError, match=r"uint8 \(n, c, h, w\), got float64"):
        ImageSet("set", images.astype(np.float64), attributes, np.zeros((3, 1)), "", "", "")
    with pytest.raises(ValueError, match="3 images and 1 attributes need values"):
        ImageSet("set", images, attributes, np.zeros((2, 1)), "", "", "")
