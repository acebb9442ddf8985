"""docs/architecture.md follows the code: its picture shows today's imports, and every file that it names exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.import_picture import COLOURS, count_imports, frame_of, ordered, picture, without_implied

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:flows|tasks|vae_models|reports|latent_audit)/[\w/.-]+\.\w+)`", PAGE)))
DRAWN = re.compile(r'id="((?:frame|room|frames|import):[^"]+)"')


def drawn(svg: Path) -> set[str]:
    """Returns the names of the frames, rooms and arrows of a picture."""
    names = DRAWN.findall(svg.read_text(encoding="utf-8").replace("&gt;", ">"))
    assert len(names) == len(set(names))
    return set(names)


def test_the_picture_shows_the_imports_of_today(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.import_picture", "--out", str(tmp_path / "now.svg")]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    now = drawn(tmp_path / "now.svg")
    assert len(now) > 40
    assert drawn(ROOT / "docs" / "architecture.svg") == now, "run: python -m benchmarks.import_picture"


def test_every_room_and_every_import_is_in_the_picture() -> None:
    shown, counted = picture(), count_imports()
    folders = {
        "/".join([part for part in path.relative_to(ROOT).parent.parts if part != "latent_audit"][:2])
        for frame in (*COLOURS, "latent_audit/vocabulary")
        for path in (ROOT / frame).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert set(shown.levels) == folders

    def reached(start: str) -> set[str]:
        after = {end for begin, end in shown.arrows if begin == start}
        return after.union(*(reached(end) for end in after))

    for importer, imported in counted:
        if frame_of(importer) == frame_of(imported):
            assert imported in reached(importer) or (importer, imported) in shown.against_order
    assert not {pair for pair in shown.frame_arrows if pair[::-1] in shown.frame_arrows}


def test_the_order_has_the_fewest_imports_that_point_upwards() -> None:
    counted = count_imports()
    imports = type(counted)({("a", "b"): 1, ("b", "a"): 3, ("b", "c"): 2, ("c", "a"): 1, ("a", "c"): 2})
    assert ordered("abc", imports) == ["b", "a", "c"]
    assert without_implied({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}


def test_the_page_names_files_in_every_top_level_folder() -> None:
    assert len(NAMED) > 40
    assert {name.split("/")[0] for name in NAMED} >= {"flows", "tasks", "vae_models", "reports"}


@pytest.mark.parametrize("name", NAMED)
def test_each_file_that_the_page_names_exists(name: str) -> None:
    assert (ROOT / name).is_file()
