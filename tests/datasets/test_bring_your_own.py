"""What people's own data need and a later change brings: each test stands until it passes without its mark."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from latent_audit.tasks.analyses.statistics.splits import split
from latent_audit.tasks.datasets.attributes import Attribute
from tests.datasets.own_folder import OwnFolder, notes_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own(tmp_path: Path) -> OwnFolder:
    return OwnFolder(tmp_path)


def test_problems_can_be_left_out_and_are_counted(own: OwnFolder) -> None:
    own.write()
    with own.table.open("a", encoding="utf-8") as table:
        table.write("nowhere.png,yes\n")
    (own.images / "i03.png").write_bytes((own.images / "i03.png").read_bytes()[:60])
    (own.images / "without row.png").write_bytes((own.images / "i04.png").read_bytes())
    loaded = own.load(on_problem="skip")
    assert loaded.file_names == tuple(name for name in own.names if name != "i03.png")
    notes = notes_of(loaded)
    for name, counted in (
        ("nowhere.png", "1 rows name an image that is not in "),
        ("without row.png", "1 images have no row in the table"),
        ("i03.png", "1 images cannot be read and are skipped"),
    ):
        assert [counted in note for note in notes if name in note] == [True]


AVIF = pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")


@pytest.mark.parametrize(
    ("suffix", "mode", "value"),
    [
        (".gif", "L", 200),
        (".tif", "L", 200),
        (".tif", "I;16", 51400),
        (".png", "I;16", 51400),
        (".jp2", "L", 200),
        pytest.param(".avif", "L", 200, marks=AVIF),
    ],
)
def test_images_of_other_kinds_are_read(own: OwnFolder, suffix: str, mode: str, value: int) -> None:
    """16 bits are scaled to 8 by a rule that is stated: 65,535 is white."""
    image = Image.fromarray(np.full((16, 16), value, np.uint16 if mode == "I;16" else np.uint8))
    (own.images / "i05.png").unlink()
    own.names[5] = f"i05{suffix}"
    image.save(own.images / own.names[5])
    own.write()
    loaded = own.load(channels=1)
    assert loaded.file_names is not None
    assert loaded.file_names[5] == own.names[5]
    np.testing.assert_allclose(loaded.images[5], 200, atol=2)
    if mode == "I;16":
        assert any("16 bit" in note for note in notes_of(loaded))


def test_the_first_frame_of_a_moving_image_is_read(own: OwnFolder) -> None:
    first, second = (Image.fromarray(np.full((16, 16), value, np.uint8)) for value in (200, 50))
    (own.images / "i05.png").unlink()
    own.names[5] = "i05.gif"
    first.save(own.images / "i05.gif", save_all=True, append_images=[second], duration=100)
    own.write()
    np.testing.assert_allclose(own.load(channels=1).images[5], 200, atol=2)


def test_fifteen_hundred_images_can_be_split() -> None:
    """What whole audits of as many should give is in tests/end_to_end/test_bad_input.py."""
    values = np.tile([0.0, 1.0], 750)[:, None]
    parts = split([Attribute("lit", "binary", ("no", "yes"))], values, 0)
    assert len(parts.codes) == 1500


def test_the_coverage_of_intervals_for_rare_attributes_is_measured() -> None:
    record = json.loads((ROOT / "tasks" / "runs" / "selftest_record.json").read_text(encoding="utf-8"))
    (row,) = (row for row in record["rows"] if row["name"] == "rare attributes")
    for percent in (1, 2, 5, 10):
        assert 0.0 < row["measured"][f"shown_at_{percent}_percent"] <= 1.0
        for name in ("u", "auroc", "balanced_accuracy"):
            assert row["measured"][f"{name}_at_{percent}_percent"] >= 0.93
