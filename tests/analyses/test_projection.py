"""Maps of known groups: trustworthiness as scikit-learn's, clusters found, the same bytes twice."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness as their_trustworthiness

from latent_audit.tasks.analyses.latent_space.clusters import find_clusters
from latent_audit.tasks.analyses.latent_space.neighbourhoods import (
    continuity,
    neighbour_ranks,
    trustworthiness,
)
from latent_audit.tasks.analyses.latent_space.projection import Projections, project
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (
    Attribute("shape", "categorical", ("square", "ellipse", "heart")),
    Attribute("size", "continuous"),
    Attribute("coin", "binary", ("no", "yes")),
)


def groups(n: int = 150) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Three far groups in six dimensions; a continuous attribute and a coin that belong to nothing."""
    rng = np.random.default_rng(0)
    shape = np.arange(n) % 3
    codes = rng.standard_normal((n, 6)) + 12.0 * np.eye(6)[shape]
    return codes.astype(np.float32), np.stack([shape, rng.random(n), rng.integers(0, 2, n)], axis=1).astype(
        float
    )


@pytest.fixture(scope="module")
def maps() -> Projections:
    codes, values = groups()
    return project(codes, ATTRIBUTES, values, sample=120)


def test_one_linear_and_two_seeds_of_each_stochastic_map(maps: Projections) -> None:
    assert [(p.method, p.seed) for p in maps.pictures] == [
        ("pca", None),
        ("tsne", 0),
        ("tsne", 1),
        ("umap", 0),
        ("umap", 1),
    ]
    for picture in maps.pictures:
        assert picture.coordinates.shape == (120, 2)
        assert picture.coordinates.dtype == np.float32
        assert np.isfinite(picture.coordinates).all()
    by_seed = {(p.method, p.seed): p.coordinates for p in maps.pictures}
    assert not np.allclose(by_seed["tsne", 0], by_seed["tsne", 1], atol=0.1)
    assert not np.allclose(by_seed["umap", 0], by_seed["umap", 1], atol=0.1)


def test_every_map_shows_the_three_groups_and_names_their_attribute(maps: Projections) -> None:
    for picture in maps.pictures:
        assert picture.clusters.adjusted_rand["shape"] > 0.6
        assert abs(picture.clusters.adjusted_rand["coin"]) < 0.1
        assert "size" not in picture.clusters.adjusted_rand
        assert picture.trustworthiness > 0.7
        assert picture.continuity > 0.7


def test_stated_numbers_are_scikit_learns(maps: Projections) -> None:
    codes = groups()[0][maps.rows]
    for picture in maps.pictures:
        theirs = their_trustworthiness(codes, picture.coordinates, n_neighbors=picture.neighbours)
        assert picture.trustworthiness == pytest.approx(theirs, abs=1e-9)
        exchanged = their_trustworthiness(picture.coordinates, codes, n_neighbors=picture.neighbours)
        assert picture.continuity == pytest.approx(exchanged, abs=1e-9)


def test_the_same_arguments_give_the_same_bytes(maps: Projections) -> None:
    codes, values = groups()
    again = project(codes, ATTRIBUTES, values, sample=120)
    for first, second in zip(maps.pictures, again.pictures, strict=True):
        assert first.coordinates.tobytes() == second.coordinates.tobytes()
        assert first.clusters.as_record() == second.clusters.as_record()
    assert maps.rows.tobytes() == again.rows.tobytes()


def test_records_state_the_sample_and_hold_the_attributes_of_its_rows(maps: Projections) -> None:
    record: dict[str, Any] = maps.as_records()[0]
    assert (record["shown"], record["available"]) == (120, 150)
    np.testing.assert_array_equal(record["values"], groups()[1][maps.rows])
    assert set(record["clusters"]) >= {"count", "silhouette", "adjusted_rand"}


def test_three_components_give_three_coordinates() -> None:
    codes, values = groups(60)
    maps = project(codes, ATTRIBUTES, values, components=3, methods=("pca", "tsne"), tsne_iterations=250)
    assert {p.coordinates.shape for p in maps.pictures} == {(60, 3)}


def test_a_sample_without_groups_is_simply_drawn() -> None:
    codes, values = groups(80)
    maps = project(codes, ATTRIBUTES[1:2], values[:, 1:2], sample=40, methods=("pca",))
    assert len(maps.rows) == 40
    assert maps.pictures[0].clusters.adjusted_rand == {}


def test_no_map_is_drawn_of_a_collapsed_code_and_the_reason_is_said() -> None:
    _, values = groups(60)
    maps = project(np.ones((60, 6)), ATTRIBUTES, values)
    assert maps.pictures == ()
    assert maps.not_applicable == {
        "key": "projection.few_dimensions",
        "values": {"varied": "0", "components": "2"},
    }
    few = project(np.ones((10, 6)), ATTRIBUTES, values[:10])
    assert few.not_applicable is not None
    assert few.not_applicable == {"key": "projection.few_images", "values": {"least": "30", "images": "10"}}


def test_bad_input_gets_a_sentence() -> None:
    codes, values = groups(60)
    with pytest.raises(ValueError, match="at least two different seeds"):
        project(codes, ATTRIBUTES, values, seeds=(0, 0))
    with pytest.raises(ValueError, match="2 or 3 components"):
        project(codes, ATTRIBUTES, values, components=4)
    with pytest.raises(ValueError, match="must agree in n"):
        project(codes[:50], ATTRIBUTES, values)
    with pytest.raises(ValueError, match="NaN or infinity"):
        project(np.full_like(codes, np.nan), ATTRIBUTES, values)
    ranks = neighbour_ranks(codes, np.random.default_rng(0))
    with pytest.raises(ValueError, match="less than half of the 60"):
        trustworthiness(ranks, ranks, 30)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 9))
def test_a_map_onto_itself_is_perfect_and_any_other_is_within_bounds(seed: int, neighbours: int) -> None:
    rng = np.random.default_rng(seed)
    points, other = rng.random((25, 3)), rng.random((25, 2))
    ranks, others = neighbour_ranks(points, rng), neighbour_ranks(other, rng)
    assert trustworthiness(ranks, ranks, neighbours) == 1.0
    assert continuity(ranks, ranks, neighbours) == 1.0
    ours = trustworthiness(ranks, others, neighbours)
    assert 0.0 <= ours <= 1.0
    assert ours == pytest.approx(their_trustworthiness(points, other, n_neighbors=neighbours))


def test_tied_neighbours_come_in_an_order_of_each_points_own() -> None:
    """Forty points in one place: who is nearest must not be who is stored first."""
    ranks = neighbour_ranks(np.zeros((40, 2)), np.random.default_rng(0))
    assert (np.diag(ranks) == 0).all()
    assert (np.sort(ranks, axis=1) == np.arange(40)).all()
    assert len(np.unique(ranks.argsort(axis=1)[:, 1])) > 15


def test_tied_codes_show_no_structure_of_the_order_of_rows() -> None:
    """Codes in seven places say nothing of four labels, and images are stored label by label."""
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((7, 4))[rng.integers(7, size=600)].astype(np.float32)
    labels = np.repeat(np.arange(4.0), 150)
    label = Attribute("label", "categorical", ("a", "b", "c", "d"))
    maps = project(codes, (label,), labels[:, None], sample=600)
    assert {picture.method for picture in maps.pictures} == {"pca", "tsne", "umap"}
    for picture in maps.pictures:
        nearest = np.argsort(cdist(picture.coordinates, picture.coordinates) + 1e9 * np.eye(600), axis=1)
        votes = labels[nearest[:, :5]][:, :, None] == np.arange(4.0)
        accuracy = (votes.sum(axis=1).argmax(axis=1) == labels).mean()
        # 0.25 by chance; four standard deviations of 600 guesses.
        assert accuracy < 0.25 + 4 * (0.25 * 0.75 / 600) ** 0.5, (picture.method, picture.seed)


def test_one_blob_is_one_cluster_without_a_silhouette() -> None:
    points = np.random.default_rng(0).standard_normal((200, 2))
    found = find_clusters(points, points, ATTRIBUTES[2:], np.arange(200.0)[:, None] % 2, seed=0)
    assert found.count == 1
    assert found.silhouette is None
    assert found.adjusted_rand == {"coin": 0.0}
