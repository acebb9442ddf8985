"""What the page says follows from audit.json, claims no more than was tested, and blames nobody wrongly."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.page.drawing import section_html
from latent_audit.reports.page.render import BUILDERS, SECTIONS, open_page
from latent_audit.reports.page.templating import template_environment
from latent_audit.reports.record.audit_json import write_audit
from tests.reports.audit_builder import AuditBuilder
from tests.reports.conftest import Rendered, make_run
from tests.reports.explanation_parts import add_explanations

Change = Callable[[dict[str, Any]], None]


def section(html: str, key: str) -> str:
    return re.split(r"<section ", html[html.index(f'<section id="{key}"') + 1 :], maxsplit=1)[0]


def words(html: str) -> str:
    """Returns the text of a part of a page, its white space and markup left out."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def sections(folder: Path, *keys: str, language: str = "en") -> str:
    """Returns some sections of a run's page, drawn alone: a whole page takes seconds."""
    page = open_page(folder, language)
    templates = template_environment(page.t)
    return "".join(
        f'<section id="{key}">{section_html(page, templates, key, BUILDERS[key])}</section>' for key in keys
    )


def drawn(builder: AuditBuilder, change: Change, *keys: str) -> str:
    audit = builder.write()
    add_explanations(builder, audit)
    change(audit)
    write_audit(builder.folder, audit)
    return sections(builder.folder, *keys)


def test_a_training_that_ended_early_says_why(small_builder: AuditBuilder) -> None:
    audit = small_builder.write()
    audit["models"][0]["training"]["stopped"] = "deadline"
    write_audit(small_builder.folder, audit)
    assert "(time limit)" in sections(small_builder.folder, "fitness")
    assert "（达到时限）" in sections(small_builder.folder, "fitness", language="zh")


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Two models of two seeds; nobody can read the orientation, and the VAE's shape cannot be read either."""
    folder = tmp_path_factory.mktemp("closed")
    builder = AuditBuilder(
        folder,
        models=("vae", "interpretable_gan"),
        dimensions=5,
        seeds=2,
        image_size=12,
        unreadable=("orientation",),
    )
    audit = builder.write()
    add_explanations(builder, audit)
    for gate in audit["models"][0]["intervention"]["gates"]:
        if gate["attribute"] == "shape":
            gate.update(status="not_tested", reason="the classifier does not read these reconstructions")
    for verdict in audit["verdicts"]:
        if verdict["attribute"] == "orientation":
            reason = audit["auditability"][2]["reason"]
            verdict.update(verdict="not_tested", reason=reason, effect=None, would_change="leave it out")
        elif (verdict["model"], verdict["attribute"]) == ("vae", "shape"):
            verdict.update(verdict="not_tested", reason="intervention: not read", effect=None)
    write_audit(folder, audit)
    html = sections(folder, "summary", "data", "attributes", "moves", "limitations")
    return Rendered(folder, audit, html)


def test_the_labels_that_a_model_was_trained_with_stand_under_its_name(full_run: Rendered) -> None:
    given = "trained with the labels of all attributes of these data, on 25 % of its images"
    for key in ("models", "fitness", "mapping", "attributes", "comparison", "stability", "uses", "moves"):
        said = words(section(full_run.html, key))
        assert given in said, key
        assert "trained without labels" in said, key
    first = words(section(full_run.html, "summary"))
    assert first.count("trained with these labels") == 1
    assert first.count("without labels") == 2
    assert "It was given these labels in training, so this confirms its design." in first
    assert "by design, and no discovery" in words(section(full_run.html, "limitations"))


@pytest.mark.parametrize(
    ("supervision", "said"),
    [
        (None, "labels used in training: not stated"),
        (
            {"attributes": None, "labelled_share": None, "stated_by": None},
            "labels used in training: not stated",
        ),
        ({"attributes": [], "labelled_share": 0.0, "stated_by": "user"}, "trained without labels"),
        (
            {"attributes": ["shape"], "labelled_share": None, "stated_by": "user"},
            "trained with the labels of shape",
        ),
    ],
)
def test_what_is_not_known_of_a_models_labels_is_said(
    small_builder: AuditBuilder, supervision: dict[str, Any] | None, said: str
) -> None:
    def change(audit: dict[str, Any]) -> None:
        for model in audit["models"]:
            model.pop("supervision")
            model |= {} if supervision is None else {"supervision": supervision}

    assert said in words(drawn(small_builder, change, "models"))


def test_scores_have_their_direction_and_the_best_is_the_best(full_run: Rendered) -> None:
    said = words(section(full_run.html, "comparison"))
    better = {row["measure"]: row["better"] for row in full_run.audit["comparison"]}
    assert better["mutual_information_nats"] == "lower"
    assert re.search(r"Mean pairwise mutual information, nats lower ", said)
    assert re.search(r"MIG higher ", said)
    alt = re.search(r"Best on each measure: (.*?)\.\s", said)
    assert alt is not None
    assert "Mean pairwise mutual information, nats vae 0.10" in alt.group(1)  # the least of 0.1, 0.2 and 0.3
    assert re.search(r"MIG higher \d", words(section(full_run.html, "mapping")))


def test_a_measure_without_a_good_end_has_no_arrow_and_no_best(small_builder: AuditBuilder) -> None:
    def change(audit: dict[str, Any]) -> None:
        audit["comparison"][0]["better"] = "none"

    said = drawn(small_builder, change, "comparison")
    assert "MIG ↑" not in said
    assert "MIG ↓" not in said
    assert "Best on each measure" not in said
    assert "MIG 0.30" in said or "MIG: vae 0.30" in said


def test_what_cannot_be_read_in_real_images_is_said_once_and_of_no_model(closed: Rendered) -> None:
    reason = "not auditable: the classifier cannot read orientation in real held-out images either"
    first = words(section(closed.html, "summary"))
    assert first.count("Not auditable: the classifier cannot read it in real images either (R² −0.02).") == 1
    assert "Not testable in any model: rotation." in first
    assert "Leave out rotation, or label it modulo the symmetry of the objects" in first
    cards = words(section(closed.html, "attributes"))
    assert cards.lower().count(reason) == 1
    limits = words(section(closed.html, "limitations"))
    assert limits.count("orientation could not be audited in any model") == 1
    assert "orientation: the intervention was not tested" not in limits
    assert "vae, shape: the intervention was not tested" in limits
    assert re.search(r"orientation R2 .* 0.50 no ", words(section(closed.html, "data")))


def test_nothing_is_drawn_or_stated_where_a_gate_is_closed(closed: Rendered) -> None:
    for attribute, model in (("a3-orientation", "m1-vae"), ("a3-orientation", "m2-"), ("a1-shape", "m1-vae")):
        for figure in ("dose", "effects"):
            assert f'id="{figure}-{attribute}-{model}' not in closed.html
    assert 'id="dose-a1-shape-m2-' in closed.html
    nulls = re.findall(r'<figure id="effect-null-m1-vae".*?</figure>', closed.html, re.DOTALL)
    assert len(nulls) == 1
    assert "orientation" not in nulls[0]
    assert "shape" not in nulls[0]
    assert "scale" in nulls[0]
    effects = re.findall(r'<figure id="effects-a4-posx-m2-.*?</figure>', closed.html, re.DOTALL)
    assert effects
    assert all("orientation" not in figure for figure in effects)
    # Where nothing is measured no unit stands either.
    assert re.search(r'–\s*<span class="unit">', section(closed.html, "summary")) is None
    moves = section(closed.html, "moves")
    assert "orientation (" not in words(moves)


def test_each_effect_has_a_null_and_a_p_of_its_own(full_run: Rendered) -> None:
    (figure,) = re.findall(r'<figure id="effect-null-m2-.*?</figure>', full_run.html, re.DOTALL)
    claims = full_run.audit["models"][3]["intervention"]["claims"]
    assert full_run.audit["models"][3]["name"] == "beta_vae"
    rows = re.findall(r"<tr>(.*?)</tr>", figure, re.DOTALL)[1:]
    assert [words(row).split()[0] for row in rows] == [claim["attribute"] for claim in claims]
    for row, claim in zip(rows, claims, strict=True):
        unit = claim["unit"]
        assert unit in row
        assert words(row).split()[-1] == f"{claim['null']['p_adjusted']:.2f}"
    assert "exceed the largest of random directions" not in full_run.html


def test_colours_mean_the_same_in_every_matrix(full_run: Rendered) -> None:
    figures = re.findall(r'<figure id="mapping-m\d.*?</figure>', full_run.html, re.DOTALL)
    assert len(figures) == len(full_run.audit["subject"]["models"]) == 3
    for figure in figures:
        ticks = re.findall(r">(\d\.\d)</text>", figure)
        assert (ticks[0], ticks[-1]) == ("0.0", "1.0")


def test_blocks_of_settings_keep_their_lines(full_run: Rendered) -> None:
    blocks = re.findall(r"<pre[^>]*>(.*?)</pre>", full_run.html, re.DOTALL)
    assert len(blocks) >= 5
    assert "⟨U+000A⟩" not in section(full_run.html, "provenance")
    assert all(block.count("\n") > 1 for block in blocks)


def test_prose_that_was_written_over_several_lines_is_one_paragraph(small_builder: AuditBuilder) -> None:
    def change(audit: dict[str, Any]) -> None:
        audit["subject"]["intended_use"] = "Show what\n  an audit says.\n"
        audit["data"]["description"] = "Sprites,\r\ndrawn by rule."

    html = drawn(small_builder, change, "scope", "data", "limitations")
    assert html.count("Show what an audit says.") == 2
    assert "Sprites, drawn by rule." in html
    assert "⟨U+000A⟩" not in html


def test_a_map_passes_in_full_in_sign_only_or_not_at_all(full_run: Rendered) -> None:
    html = section(full_run.html, "attributions")
    flags = re.findall(r'<div class="flagged (\w+)">.*?<p class="flag"><b>(.*?)</b>', html, re.DOTALL)
    said = {
        "passed": "Passed.",
        "passed_in_sign_only": "Passed in sign only.",
        "failed": "Failed: no evidence.",
        "not_checked": "Not checked: no evidence.",
    }
    assert {flag for flag, _ in flags} == {"passed", "passed_in_sign_only", "failed"}
    assert all(said[flag] == told for flag, told in flags)
    # What passed in sign only is not shown among what passed.
    assert "Passed in sign only: 1 maps that do not show where the model looks" in words(html)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([-0.04, 0.007], "hardly agree with each other: a mean rank correlation of −0.04 to 0.0070 over 2"),
        ([0.2, 0.7], "agree with each other at a mean rank correlation of 0.20 to 0.70 over 2"),
    ],
)
def test_how_far_methods_agree_is_a_sentence(
    small_builder: AuditBuilder, values: list[float], said: str
) -> None:
    def change(audit: dict[str, Any]) -> None:
        rows = audit["models"][0]["attribution_evidence"]
        for row in rows:
            row["agreement"] = None
        of_encoder = [row for row in rows if row["target"] == "encoder"]
        for row, value in zip(of_encoder, values, strict=False):
            row["agreement"] = value

    assert said in words(drawn(small_builder, change, "attributions"))


def test_every_seed_has_a_mark(full_run: Rendered) -> None:
    first = section(full_run.html, "summary")
    marks = re.findall(r'<span class="dots">(.*?)</span></span></a>', first, re.DOTALL)
    assert len(marks) == 15
    for mark in marks:
        assert re.findall(r'aria-label="(seed \d), first three checks: [\w ]+"', mark) == [
            f"seed {seed}" for seed in range(3)
        ]


def test_bounded_measures_are_dots_without_an_interval(full_run: Rendered) -> None:
    (figure,) = re.findall(r'<figure id="model-comparison".*?</figure>', full_run.html, re.DOTALL)
    row = words(re.findall(r"<tr><th scope=\"row\">MIG</th>.*?</tr>", figure, re.DOTALL)[0])
    assert "[" not in row
    assert "0.30 (seeds: 0.29, 0.30, 0.31)" in row
    nats = words(re.findall(r"<tr><th scope=\"row\">Reconstruction.*?</tr>", figure, re.DOTALL)[0])
    assert "14.0 [14.0, 14.1]" in nats or "14.0 [13.9, 14.1]" in nats
    differences = words(section(full_run.html, "comparison"))
    assert "every seed of vae below every seed of beta_vae" in differences


def test_each_number_of_images_says_what_it_counts(full_run: Rendered, small_builder: AuditBuilder) -> None:
    def change(audit: dict[str, Any]) -> None:
        for verdict in audit["verdicts"]:
            for check, result in verdict["checks"].items():
                source = {"n": 256 if check == "intervention" else 6001, "source": "bootstrap over images"}
                verdict["checks"][check] = {**result, "value": {**small_builder.estimate(0.5), **source}}

    html = drawn(small_builder, change, "attributes")
    counted = (
        "Association, Specificity, Stability: bootstrap over 6 001 images; "
        "Intervention: bootstrap over 256 images."
    )
    assert f"Intervals: 95 %, {counted}" in words(html)
    assert "n = 256" not in html
    assert "256 … 6 001" not in html
    assert "…" not in "".join(re.findall(r'class="note">(.*?)</p>', full_run.html))


def test_an_unclaimed_dimension_is_active_by_a_stated_limit(full_run: Rendered) -> None:
    said = words(section(full_run.html, "unclaimed"))
    assert "Active: a KL from the prior of at least 0.05 nats per image" in said
    assert "carries something" not in said


def test_an_audit_of_an_older_schema_still_has_its_page(small_builder: AuditBuilder) -> None:
    """What 1.0 does not record is not stated, and is no reason to fail."""

    def older(audit: dict[str, Any]) -> None:
        audit["schema_version"] = "1.0"
        for key in ("auditability", "score_directions"):
            del audit[key]
        for row in audit["comparison"]:
            for found in (*row["models"], *row["differences"]):
                found.pop("by_seed", None)
                found.pop("seeds", None)
        for part in (*audit["models"], *audit["controls"]):
            part.pop("supervision", None)
            if "claims" in part["intervention"]:
                part["intervention"] |= {"null_random_directions": [0.1], "null_untrained_decoder": [0.1]}
                for claim in part["intervention"]["claims"]:
                    del claim["null"]
            for row in part.get("attributions", ()):
                row["checks"].pop("verdict", None)
                row["checks"]["faithful_places"] = False

    html = drawn(small_builder, older, *SECTIONS)
    assert "labels used in training: not stated" in html
    assert "Effect of random edits" not in html
    assert "Passed in sign only." in html


@pytest.mark.parametrize("active", [True, False])
def test_a_claimed_dimension_that_the_decoder_does_not_use_is_said_to_be_none(
    small_builder: AuditBuilder, active: bool
) -> None:
    """Today's sentence: whether such a claim should be made at all is another matter."""
    claimed: list[str] = []

    def change(audit: dict[str, Any]) -> None:
        dimension = audit["models"][0]["specificity"][0]["dimension"]
        row = audit["models"][0]["dimensions"][dimension]
        row["active"] = active
        claimed.append(row["name"])

    said = words(drawn(small_builder, change, "attributes"))
    sentence = (
        f"{claimed[0]} is not active in this model: hardly anything that a decoded image shows comes from it, whatever "
        "can be read from its code."
    )
    assert (sentence in said) == (not active)


def test_that_images_may_depend_on_each_other_is_among_the_limitations(full_run: Rendered) -> None:
    said = words(section(full_run.html, "limitations"))
    assert "Images are taken as independent of each other." in said
    assert "Where many images are of one person, object or device, intervals are too narrow" in said


def test_chinese_says_the_same(small_builder: AuditBuilder) -> None:
    make_run(small_builder)
    said = sections(small_builder.folder, "models", "attributions", language="zh")
    assert "训练时未用标注" in said
    assert "仅符号通过" in said


def test_an_effect_comes_in_the_attributes_own_unit_first(full_run: Rendered) -> None:
    first = words(section(full_run.html, "summary"))
    assert re.search(r"[\d.]+ of the width", first)
