"""latent-audit pdf: the report on paper, through the machine's Chromium, and a sentence where there is none."""

import shutil
from pathlib import Path

import pytest

from flows.command import main
from tests.browser.test_shapes import pages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


@pytest.mark.usefixtures("chromium")
def test_the_report_is_printed_whole(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copyfile(report, folder / "report.html")
    assert main(["pdf", str(folder)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'run.pdf'}\n"
    data = (tmp_path / "run.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert pages(data) > 5
    assert [path.name for path in folder.iterdir()] == ["report.html"]  # the sealed folder is as it was


def test_what_cannot_be_printed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pdf", str(tmp_path)]) == 1
    assert "holds no report.html; give the folder of a finished run" in capsys.readouterr().err
    (tmp_path / "report.html").write_text("<!DOCTYPE html><title>t</title>")
    assert main(["pdf", str(tmp_path), "--browser", "netscape"]) == 2
    assert "there is no program netscape" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["pdf", str(tmp_path)]) == 2
    assert "no Chromium was found, which prints the report: install one" in capsys.readouterr().err
