"""What only some models can show: said with its figures where it is recorded, and nowhere else."""

from markupsafe import escape

from latent_audit.reports.page import messages
from latent_audit.reports.page.render import open_page
from latent_audit.reports.page.sections.explanations import model_specific
from tests.reports.audit_builder import AuditBuilder
from tests.reports.conftest import Rendered, make_run

PARTS = ("named", "label_efficiency", "mixture", "attention", "uncertainty", "information")


def test_every_part_is_there_with_its_figures(full_run: Rendered) -> None:
    t = messages.load("en")
    for part in PARTS:
        # Its section is folded, so its headings are one level lower.
        assert full_run.html.count(f"<h5>{t(f'particular.{part}_title')}</h5>") == 1
    for sentence in (
        "2 of 3 components hold held-out images. Share of images whose component is mostly of their own class: "
        "shape 0.70 [0.66, 0.74], against 0.34 by chance.",
        "On average a place looks 0.31 [0.27, 0.35] of the image's side away; looking anywhere alike would be 0.52. "
        "What is gathered counts 0.40 times.",
        "A pixel's standard deviation is 2.10 [1.90, 2.30] % of the brightness range from the weights and 4.30 [4.10, "
        "4.50] % from the codes; weights make 0.19 [0.15, 0.23] of the variance of both.",
        "At 24.5 nats of capacity 10 dimensions carry information; z0 most, 4.00 nats.",
        "With 1.0 % of labels (90 images) shape is named with a balanced accuracy of 0.60 [0.56, 0.64] by the model "
        "and 0.40 [0.36, 0.44] by the plain classifier; chance is 0.33.",
    ):
        assert str(escape(sentence)) in full_run.html, sentence
    assert "square 75.0 %" in full_run.html


def test_a_model_without_any_shows_none(small_builder: AuditBuilder) -> None:
    make_run(small_builder)
    page = open_page(small_builder.folder, "zh")
    assert model_specific.build(page, page.leads[0]) == []
    assert not [name for name in page.files if name.startswith(("components", "labels"))]
