"""What a script needs to find a point on a latent map: places as they are drawn, values that can be read back."""

import base64

import numpy as np

from latent_audit.reports.page.plots.latent_map import (
    AZIMUTH,
    ELEVATION,
    Panel,
    explorable,
    seen_from_the_side,
)


def test_places_and_values_are_a_byte_each() -> None:
    coordinates = np.array([[0.0, 0.0], [10.0, 5.0], [5.0, 10.0]])
    panels = [
        Panel("kind", np.array([0.0, 2.0, 1.0]), ("a", "b", "c"), False),
        Panel("size", np.array([-1.0, 0.0, 1.0]), (), False),
    ]
    found = explorable(coordinates, panels)
    # The axes reach 5 % of the range beyond the outermost points: 0 lies at 0.5/11 of them.
    assert list(base64.b64decode(found["places"])) == [12, 12, 243, 128, 128, 243]
    assert list(base64.b64decode(found["values"])) == [0, 2, 1, 0, 128, 255]
    assert found["scales"] == [["a", "b", "c"], [-1.0, 1.0]]
    assert found["names"] == ["kind", "size"]
    assert (found["columns"], found["cell"], found["axes"]) == (2, [200.0, 172.0], [2.0, 20.0, 158.0, 118.0])


def test_points_and_values_that_are_all_alike_have_a_place() -> None:
    found = explorable(np.zeros((2, 2)), [Panel("same", np.full(2, 7.0), (), False)])
    assert list(base64.b64decode(found["places"])) == [128] * 4
    assert list(base64.b64decode(found["values"])) == [0, 0]
    assert found["scales"] == [[7.0, 7.0]]


def test_a_solid_map_is_turned_and_then_tilted() -> None:
    seen = seen_from_the_side(np.eye(3))
    around, above = np.radians([AZIMUTH, ELEVATION])
    expected = [
        [np.cos(around), np.sin(around) * np.sin(above)],
        [-np.sin(around), np.cos(around) * np.sin(above)],
        [0.0, np.cos(above)],
    ]
    np.testing.assert_allclose(seen, expected)
    # Of a view only the direction of sight is lost: with it, lengths are whole.
    sight = np.array([np.sin(around), np.cos(around), 0]) * np.cos(above) - np.array([0, 0, np.sin(above)])
    np.testing.assert_allclose((seen**2).sum(axis=1) + sight**2, 1)
