"""The gallery: each page is what its command writes, and embeds a report of this size that speaks for itself."""

import html
import re
from pathlib import Path

import pytest

from benchmarks import gallery
from tests.docs.pages import DOCS, GALLERY

LARGEST_REPORT = 6_000_000


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_a_page_is_as_its_command_writes_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    title = text.splitlines()[0].removeprefix("# ")
    says = re.findall(r"^- (.*)$", text.partition("What it shows:")[2], re.M)
    assert len(says) == 3
    assert gallery.page(path.stem, title, says) == text


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_the_report_says_what_its_page_says(path: Path) -> None:
    report = DOCS / "embedded" / "gallery" / f"{path.stem}-report.html"
    assert report.stat().st_size <= LARGEST_REPORT
    seen = html.unescape(re.sub(r"<[^>]+>", "", report.read_text(encoding="utf-8")))
    if gallery.EXAMPLES[path.stem].says is gallery.of_a_run:
        lines = path.read_text(encoding="utf-8").splitlines()
        answer = next(line.removeprefix("- ") for line in lines if line.startswith("- "))
        assert answer in " ".join(seen.split())
    else:
        assert "the code predicts digit" in seen


def test_every_report_has_its_page() -> None:
    reports = {path.name for path in (DOCS / "embedded" / "gallery").iterdir()}
    assert reports == {f"{path.stem}-report.html" for path in GALLERY}
    assert {path.stem for path in GALLERY} == gallery.EXAMPLES.keys()


@pytest.mark.endurance
@pytest.mark.timeout(600)
def test_the_table_of_codes_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "PAGES", tmp_path / "pages")
    monkeypatch.setattr(gallery, "REPORTS", tmp_path / "embedded")
    (tmp_path / "empty").mkdir()
    gallery.build("codes", tmp_path / "empty", tmp_path / "none")
    assert (tmp_path / "pages" / "codes.md").read_text("utf-8") == (
        gallery.DOCS / "gallery" / "codes.md"
    ).read_text("utf-8")
    assert "the code predicts digit" in (tmp_path / "embedded" / "codes-report.html").read_text("utf-8")
