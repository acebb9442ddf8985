"""What only some models can show: said with its figures where it is recorded, and nowhere else."""

from typing import Any

from markupsafe import escape

from latent_audit.reports.page import messages
from latent_audit.reports.page.render import open_page
from latent_audit.reports.page.sections.explanations import left_out, model_specific
from latent_audit.reports.page.sections.overview import fitness
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


def test_what_the_settings_ask_for_is_shown_with_its_figures(full_run: Rendered) -> None:
    for sentence in (
        "In the decoder a place looks 0.44 [0.40, 0.48] of the image's side away on average",
        "The ELBO is too low by at least 2.58 [2.28, 2.88] nats per image, over 3 held-out images; image by image by "
        "at least 1.25 to 4.50 nats.",
        "For 1 of 3 images log p(x) is not reached: with 5 000 draws the effective sample size stays below 10.",
        "Pictures of the codes of a = 12, b = 7 and c = 40, and of a - b + c.",
        "From 12 to 7: the straight line, then the way around the sphere.",
        "+ shape = heart, - scale > 0.7",
        "The model is better: its log p(x) is at least 6.00 [5.50, 6.50] nats per image above the mixture's",
        "Generated images helped in 1 of 1 attributes and harmed in 0; in the others the interval includes zero.",
        "by the reconstruction error of PCA with as many dimensions 0.65 [0.63, 0.67]: the model finds them better "
        "(difference 0.15 [0.12, 0.18]). Of the 3 most anomalous images 2 are of the class left out.",
        "added to the code from left to right: \u22121.00, 0, 1.00.",
    ):
        assert str(escape(sentence)) in full_run.html.replace("\u2009", " "), sentence


def test_a_class_that_looks_more_usual_than_the_others_is_said_to_be_missed(
    small_builder: AuditBuilder,
) -> None:
    make_run(small_builder)
    page = open_page(small_builder.folder, "en")
    found: Any = page.leads[0]
    (part,) = left_out.build(page, found)
    assert "does not find them" not in part["text"]
    found["left_out"]["scores"][0]["auroc"] = small_builder.estimate(0.25, 0.03)
    found["left_out"]["scores"][0]["above_pca"] = small_builder.estimate(-0.09, 0.03)
    (part,) = left_out.build(page, found)
    assert "PCA finds them better" in part["text"]
    assert "this score does not find them" in part["text"]


def test_a_model_without_any_shows_none(small_builder: AuditBuilder) -> None:
    make_run(small_builder)
    page = open_page(small_builder.folder, "zh")
    assert model_specific.build(page, page.leads[0]) == []
    assert not [name for name in page.files if name.startswith(("components", "labels"))]


def test_an_autoencoder_is_said_to_be_no_model_to_sample_from_where_its_samples_are_not_like_the_data(
    small_builder: AuditBuilder,
) -> None:
    make_run(small_builder)
    page = open_page(small_builder.folder, "en")
    found: Any = page.leads[0]
    assert fitness.build(page)["models"][0]["sampled"] is None  # as it was written: another kind
    found["kind"] = "autoencoder"
    found["moves"]["frechet"] = {
        "samples": small_builder.estimate(120.0, 5.0), "real": small_builder.estimate(3.0, 1.0)
    }  # fmt: skip
    assert "they are not like the data" in fitness.build(page)["models"][0]["sampled"]
    found["moves"]["frechet"]["samples"] = small_builder.estimate(4.0, 2.0)
    assert "a difference is not shown" in fitness.build(page)["models"][0]["sampled"]
