"""Odd data: identical images, transparent grounds, extreme values, columns twice, images that are not square."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latent_audit.reports.page.messages import english
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.datasets.images.image_doubles import refuse_all_alike
from latent_audit.tasks.datasets.tables.column_doubles import double_columns
from latent_audit.tasks.datasets.tables.extreme_values import far_out
from tests.datasets.own_folder import OwnFolder, notes_of, write_images


@pytest.fixture
def own(tmp_path: Path) -> OwnFolder:
    return OwnFolder(tmp_path)


def glyph(number: int) -> Image.Image:
    """Black signs on a transparent black ground, as icons often are."""
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 1 + number % 15, 2 + number // 15))
    return image


def test_glyphs_on_a_transparent_ground_are_seen(own: OwnFolder) -> None:
    for number, name in enumerate(own.names):
        glyph(number).save(own.images / name)
    own.write()
    loaded = own.load()
    assert len({image.tobytes() for image in loaded.images}) == 24
    assert refuse_all_alike(loaded) == ()
    assert "24 images have transparent pixels; they lie on white (data.ground)." in notes_of(loaded)
    black = own.load(ground="black")
    with pytest.raises(DataError, match=r"all 24 images are the same, pixel for pixel.*\(data\.ground\)"):
        refuse_all_alike(black)


def test_identical_images_are_counted_and_named(own: OwnFolder) -> None:
    content = (own.images / "i03.png").read_bytes()
    for name in ("i07.png", "i20.png"):
        (own.images / name).write_bytes(content)
    (own.images / "i05.png").write_bytes((own.images / "i04.png").read_bytes())
    own.write()
    first, second = map(english, refuse_all_alike(own.load()))
    assert first.startswith(
        "5 of 24 images are identical to another, pixel for pixel (i03.png = i07.png = i20.png; i04.png = i05.png)."
    )
    assert second.startswith("5 of them have other attributes than their copies")
    own.write({"lit": ["no"] * 12 + ["yes"] * 12})
    assert english(refuse_all_alike(own.load())[1]).startswith("3 of them have other attributes")


def test_images_that_are_not_square_are_said_with_what_is_cut(own: OwnFolder) -> None:
    write_images(own.images, own.names[:6], size=(400, 40))
    own.write()
    text = " ".join(notes_of(own.load()))
    assert (
        "6 of 24 images are not square and are cropped to their central square: 22.5% of all pixels are cut"
        in text
    )
    assert "at most 90% (i05.png). data.fit: pad or stretch keeps all of them." in text
    assert not notes_of(own.load(fit="pad"))
    assert not notes_of(own.load(fit="stretch"))


def test_extreme_values_are_named_with_line_and_file(own: OwnFolder) -> None:
    ages = [30 + (7 * k) % 23 + 0.5 for k in range(400)]
    ages[5], ages[9], ages[200] = 2014, 2014, -310
    names = [f"n{k:03d}.png" for k in range(400)]
    for name in own.names:
        (own.images / name).unlink()
    write_images(own.images, names)
    own.names[:] = names
    attribute, _, notes = own.read(ages)
    assert attribute.kind == "continuous"
    text = next(note for note in notes if "far outside" in note)
    assert text.startswith(
        "Column 'it' has 3 values far outside the others: 2014 (line 7, n005.png), 2014 (line 11, n009.png), "
        "-310 (line 202, n200.png)."
    )


def test_usual_distributions_have_no_extreme_values() -> None:
    random = np.random.default_rng(0)
    for values in (
        random.normal(size=2000),
        random.lognormal(sigma=1.5, size=2000),
        random.integers(0, 5, 2000),
    ):
        assert len(far_out(np.asarray(values, float))) == 0
    assert far_out(np.array([*random.normal(size=500), 999.0])).tolist() == [500]


def test_columns_that_say_the_same_are_named(own: OwnFolder) -> None:
    size = 10 + np.random.default_rng(0).permutation(24) * 1.37
    own.write(
        {
            "size": size,
            "rounded": np.round(size, 1),
            "inches": np.round(-size / 2.54, 4),
            "sex": ["f", "m"] * 12,
            "gender": ["female", "male"] * 12,
            "hair": ["red", "fair", "dark"] * 8,
            "Haar": ["rot", "blond", "braun"] * 8,
            "free": np.random.default_rng(1).normal(size=24).round(3),
        }
    )
    loaded = own.load()
    pairs = {(first, second) for first, second, _ in double_columns(loaded.attributes, loaded.values)}
    assert pairs == {
        ("size", "rounded"),
        ("size", "inches"),
        ("rounded", "inches"),
        ("sex", "gender"),
        ("hair", "Haar"),
    }
    assert any(
        note.startswith(
            "Columns 'size' and 'rounded' are likely one attribute twice (rank correlation 1.000)"
        )
        for note in notes_of(loaded)
    )


def test_columns_that_only_go_together_are_two() -> None:
    random = np.random.default_rng(0)
    glasses = (random.random(2000) < 0.01).astype(float)
    hat = (random.random(2000) < 0.01).astype(float)  # both are "no" in 98 % of the images
    length = random.normal(size=2000)
    weight = length + 0.3 * random.normal(size=2000)
    attributes = (
        Attribute("glasses", "binary", ("no", "yes")),
        Attribute("hat", "binary", ("no", "yes")),
        Attribute("length", "continuous"),
        Attribute("weight", "continuous"),
    )
    assert double_columns(attributes, np.stack([glasses, hat, length, weight], 1)) == []
