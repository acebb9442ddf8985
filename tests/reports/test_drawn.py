"""Sections that were drawn once give the same report as sections drawn again."""

from pathlib import Path

from latent_audit.reports.page.drawing import draw
from latent_audit.reports.page.render import BUILDERS, HALVES, OF_THE_RUN, SECTIONS, render
from tests.reports.audit_builder import ATTRIBUTES, AuditBuilder
from tests.reports.conftest import make_run


def test_drawn_sections_give_the_same_bytes(tmp_path: Path) -> None:
    run, drawn = tmp_path / "run", [tmp_path / half for half in HALVES]
    for folder in (run, *drawn):
        folder.mkdir()
    make_run(
        AuditBuilder(
            run, models=("vae", "gan"), attributes=ATTRIBUTES[:2], dimensions=3, seeds=2, image_size=12
        )
    )
    whole = render(run).read_bytes()
    figures = {path.name: path.read_bytes() for path in (run / "figures").iterdir()}
    for half, folder in zip(HALVES, drawn, strict=True):
        draw(run, folder, {key: BUILDERS[key] for key in HALVES[half]})
    sections = [path.stem for folder in drawn for path in folder.glob("*.html")]
    assert sorted(sections) == sorted(set(SECTIONS) - set(OF_THE_RUN))
    assert render(run, drawn=drawn).read_bytes() == whole
    assert {path.name: path.read_bytes() for path in (run / "figures").iterdir()} == figures
