"""Samples of a part of data that are stored in order: every draw has all classes, and the order of rows is nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.mnist import MnistSettings
from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.subject import SplitSettings
from latent_audit.tasks.stages.data.prepare import compute as prepare
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.training.training_report import training_places
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vae_models.training.settings import TrainingSettings
from tests.datasets.idx_files import write_set

KINDS = ("circle", "cross", "line")
PARTS = ("model_train", "classifier_train", "probe_fit", "probe_test")


def image_set(order: np.ndarray | None = None, rare: int = 0) -> ImageSet:
    """Returns 2,400 noisy images sorted by class, or in another order; the last `rare` of them are of a class of
    their own.
    """
    rng = np.random.default_rng(0)
    kind = np.sort(np.arange(2400) % (2 if rare else 3)).astype(np.float64)
    kind[len(kind) - rare :] = 2 if rare else kind[-1]
    images = rng.integers(0, 256, (2400, 1, 8, 8), dtype=np.uint8)
    images[:, :, :2] = (kind * 100)[:, None, None, None]
    values = np.stack([kind, rng.normal(size=2400)], axis=1)
    order = np.arange(2400) if order is None else order
    return ImageSet(
        name="kinds",
        images=images[order],
        attributes=(Attribute("kind", "categorical", KINDS), Attribute("size", "continuous")),
        values=values[order],
        description="",
        source="",
        licence="",
    )


class Loaded:
    """Settings of a data set that is in memory."""

    def __init__(self, images: ImageSet) -> None:
        self.images = images

    def load(self, *_: Any) -> ImageSet:
        return self.images


def prepared(images: ImageSet, folder: Path, rare: bool = False) -> Prepared:
    folder.mkdir()
    loaded = Loaded(images)
    return computed(folder, loaded, folder, 1 if rare else 10)  # type: ignore[arg-type]  # has what is asked for


def computed(folder: Path, data: DataSettings, files: Path, fewest_of_a_class: int = 10) -> Prepared:
    """Returns the data as the stage leaves them in `folder`."""
    prepare(
        folder,
        StageContext("cpu", folder, lambda *_: None, lambda: False, None),
        data=data,
        files=DataFiles(files, {}),
        shares=SplitSettings().model_dump(),
        trains_models=True,
        trains_classifier=True,
        fewest_of_a_class=fewest_of_a_class,
        duplicate_images=500,
        seed=0,
    )
    return open_prepared(Artifact("prepare", "key", folder, "digest", 0.0, False, "run"))


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(image_set(), tmp_path_factory.mktemp("order") / "data")


def test_any_stretch_of_a_part_holds_all_classes(in_order: Prepared) -> None:
    """Even code that takes the first rows of a part gets a random sample of it."""
    for part in PARTS:
        kinds = in_order.values(part)[:, 0]
        counts = np.bincount(kinds[:60].astype(int), minlength=3)
        assert counts.min() >= 8, (part, counts)  # 20 expected, standard deviation 3.6


def test_all_images_of_files_that_are_sorted_by_class_are_samples_of_every_class(tmp_path: Path) -> None:
    """`data.images: null` takes them as they are stored, and no part or sample is of the first of them."""
    rng = np.random.default_rng(0)
    labels = np.sort(np.arange(3000) % 10).astype(np.uint8)
    pixels = np.zeros((3000, 28, 28), np.uint8)
    for digit in pixels:
        top, left, height, width = rng.integers(2, 12, 4)
        digit[top : top + height + 2, left : left + width + 2] = rng.integers(60, 256)
    write_set(tmp_path / "mnist", pixels, labels, train=2500)
    folder = tmp_path / "prepared"
    folder.mkdir()
    data = computed(folder, MnistSettings(images=None), tmp_path)
    assert len(data.data.images) == 3000
    np.testing.assert_array_equal(data.data.values[:, 0], labels)
    for part in PARTS:
        counts = np.bincount(data.values(part)[:, 0].astype(int), minlength=10)
        expected = len(data.rows(part)) / 10
        assert abs(counts - expected).max() < 4 * np.sqrt(expected), part
        sample = data.values(part, data.draw(part, 100, 0, "test"))[:, 0].astype(int)
        assert np.bincount(sample, minlength=10).max() <= 25, part  # 10 expected, standard deviation 3


def test_places_are_of_the_rows_of_a_part(in_order: Prepared) -> None:
    places = in_order.draw("probe_test", 50, 0, "test")
    assert len(places) == 50
    np.testing.assert_array_equal(
        in_order.images("probe_test", places), in_order.data.images[in_order.rows("probe_test")[places]]
    )
    np.testing.assert_array_equal(
        in_order.values("probe_test", places), in_order.values("probe_test")[places]
    )
    shuffled = places[::-1]
    np.testing.assert_array_equal(
        in_order.images("probe_test", shuffled), in_order.images("probe_test")[shuffled]
    )


def test_a_part_in_any_order_gives_unbiased_samples() -> None:
    """Without an order of their own, rows come as they are stored: sorted by class."""
    images = image_set()
    data = Prepared(images, np.full(len(images.images), 3, np.int8))
    kinds = data.values("probe_test", data.draw("probe_test", 300, 0, "test"))[:, 0]
    counts = np.bincount(kinds.astype(int), minlength=3)
    assert counts.min() > 100 - 4 * 7.6  # of a hypergeometric distribution


def test_images_in_another_order_are_the_same_parts(in_order: Prepared, tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(2400)
    other = prepared(image_set(order), tmp_path / "data")
    assert not np.array_equal(other.data.images, in_order.data.images)
    for part in PARTS:
        np.testing.assert_array_equal(other.images(part), in_order.images(part))
        np.testing.assert_array_equal(other.values(part), in_order.values(part))
        np.testing.assert_array_equal(order[other.rows(part)], in_order.rows(part))


def test_no_class_is_held_out_of_training_whole(tmp_path: Path) -> None:
    data = prepared(image_set(rare=14), tmp_path / "data", rare=True)
    part = "classifier_train"
    rare = int((data.values(part)[:, 0] == 2).sum())
    assert 1 <= rare <= 4
    settings = TrainingSettings(held_out_share=0.4, evaluation_images=100)
    learnt, watched = training_places(data, part, settings)
    assert (data.values(part, learnt)[:, 0] == 2).any()
    assert len(watched) == 100
    assert not set(learnt) & set(watched)
    again, _ = training_places(data, part, settings)
    assert again.tolist() == learnt.tolist()
