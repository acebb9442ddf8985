"""The face's place in aligned images: landmarks in, corners out, and a crop is the middle of the whole."""

import numpy as np
import pytest

from latent_audit.tasks.datasets.aligned_face import face_region


@pytest.mark.parametrize(("x", "y", "inside"), [
    (69, 111, True), (108, 111, True), (72, 152, True), (106, 152, True), (88, 134, True),
    (20, 111, False), (160, 111, False), (88, 30, False), (60, 190, False),
])  # fmt: skip
def test_landmarks_are_inside_and_the_background_is_not(x: int, y: int, inside: bool) -> None:
    region = face_region(178, 1.0)  # one pixel of it is one of the frame
    assert region[y - 20, x] == inside  # the square leaves 20 rows above and below


def test_its_area_is_that_of_the_ellipse() -> None:
    assert face_region(178, 1.0).sum() == pytest.approx(np.pi * 45 * 60, rel=0.01)
    assert face_region(64, 1.0).mean() == pytest.approx(np.pi * 45 * 60 / 178**2, rel=0.02)


def test_a_crop_is_the_middle_of_the_whole() -> None:
    whole = face_region(128, 1.0)
    np.testing.assert_array_equal(face_region(64, 0.5), whole[32:96, 32:96])
