"""latent-audit pdf: the report on paper, through the machine's Chromium, and a sentence where there is none."""

import re
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from latent_audit.flows.cli.main import main
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.tasks.runs.print_pdf import HARMLESS, OTHER_PRAGMA, _command, chromium
from tests.audits.tiny_audit import COMMAND
from tests.browser.test_shapes import pages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


@pytest.mark.usefixtures("chromium")
def test_the_report_is_printed_whole(report: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(report.parent, folder)
    before = sorted(path for path in folder.rglob("*"))
    browser = tmp_path / "a browser of mine"
    browser.write_text(f'#!/bin/sh\ntouch "{tmp_path}/called"\nexec "{chromium()}" "$@"\n')
    browser.chmod(0o755)
    words = ["run", "--output", "printed.pdf", "--browser", str(browser)]
    printed = subprocess.run(
        [COMMAND, "pdf", *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    # effect of pdf --browser
    assert (tmp_path / "called").is_file()
    # effect of pdf DIR --output
    assert printed.stdout == f"{tmp_path / 'printed.pdf'}\n"
    data = (tmp_path / "printed.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert pages(data) > 5
    assert sorted(path for path in folder.rglob("*")) == before  # the sealed folder is as it was


@pytest.mark.usefixtures("chromium")
def test_what_is_not_what_a_run_wrote_is_not_printed(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the folder was sealed anew around another report."""
    folder = tmp_path / "run"
    shutil.copytree(report.parent, folder)
    page = folder / "report.html"
    page.write_text(page.read_text().replace("</body>", "<script>document.title = 1</script></body>"))
    for _ in range(2):
        assert main(["pdf", str(folder)]) == 1
        assert "is not what a run wrote, and is not printed" in capsys.readouterr().err
        write_manifest(folder)
    assert not (tmp_path / "run.pdf").exists()


HOSTILE = """<!DOCTYPE html><title>t</title>
<script>document.write("<pre style=\\"font-family: monospace\\">x</pre>"); new Image().src = "http://127.0.0.1:{port}/script"</script>
<img src="http://127.0.0.1:{port}/image"><link rel="stylesheet" href="http://127.0.0.1:{port}/style">
<link rel="preconnect" href="http://127.0.0.1:{port}"><link rel="prefetch" href="http://127.0.0.1:{port}/p">
<iframe src="{secret}"></iframe><object data="{secret}"></object><embed src="{secret}">
<img src="{secret}" onerror="document.title='x'"><p style="background: url({secret})">printed</p>"""


@pytest.mark.usefixtures("chromium")
def test_a_page_that_is_printed_can_do_nothing(tmp_path: Path) -> None:
    """The checks of a folder left out: what Chromium itself is let do with a page."""
    secret = tmp_path / "secret.html"
    secret.write_text("<pre style='font-family: monospace'>secret</pre>")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked: list[bytes] = []
        threading.Thread(target=_note, args=(listening, asked), daemon=True).start()
        fonts = []
        for name, harmless in (("free.html", ""), ("held.html", HARMLESS)):
            page, target = tmp_path / name, tmp_path / f"{name}.pdf"
            text = HOSTILE.format(port=listening.getsockname()[1], secret=secret.as_uri())
            page.write_text(harmless + text)
            command = _command(chromium(), tmp_path / name.removesuffix(".html"), page, target)
            subprocess.run(command, check=True, capture_output=True, timeout=600)
            fonts.append(len(set(re.findall(rb"/FontName /([^ /\n]+)", target.read_bytes()))))
    assert asked == []
    assert fonts == [2, 1]  # the file in the frame, in a font of its own, is printed and is not


def _note(listening: socket.socket, asked: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        asked.append(connection.recv(1000))
        connection.close()


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ('<meta http-equiv="Content-Security-Policy" content="x">', False),
        ("<meta http-equiv=refresh content=0>", True),
        ('<META HTTP-EQUIV = "Refresh">', True),
        ('<meta http-equiv="&#114;efresh">', True),
    ],
)
def test_pages_that_send_the_browser_elsewhere_are_known(words: str, other: bool) -> None:
    assert (OTHER_PRAGMA.search(words) is not None) == other


def test_chromium_keeps_its_sandbox_unless_it_runs_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    for user, expected in ((0, True), (1000, False)):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        command = _command("chromium", Path("/tmp/a"), Path("/tmp/b.html"), Path("/tmp/c.pdf"))
        assert ("--no-sandbox" in command) == expected


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
