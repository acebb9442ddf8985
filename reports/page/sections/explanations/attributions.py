"""Which pixels matter, and whether the maps that say so may be believed."""

from typing import Any

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, numeral, text
from latent_audit.reports.page.heat_pictures import overlays
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import interval_bars
from latent_audit.reports.page.sections.explanations import (
    attribution_evidence,
    bayesian_classifier,
    learning,
)
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.attributions import Attribution, AttributionEvidence
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model

MAX_SHOWN = 6


def build(page: Page) -> dict[str, Any]:
    """Returns maps over images with their sanity checks, and the discriminator's own contributions.

    The attribute classifier is the same for all models and is shown once, at the end.
    """
    shared = next((model for model in page.leads if _of_classifier(model)), None)
    models = [_model(page, model) for model in page.leads]
    return {
        "models": models,
        "classifier": _classifier(page, shared) if shared else None,
        "classifier_failed": page.failure("explain_classifier", None),
        "learning": learning.of_classifier(page),
        "bayesian": bayesian_classifier.build(page),
    }


def _of_classifier(model: Model) -> list[Attribution]:
    return [row for row in _made(model) if row["target"] == "classifier"]


def _classifier(page: Page, model: Model) -> dict[str, Any]:
    name = page.t("attribution.classifier_title")
    return {
        **_maps(page, name, _of_classifier(model), _evidence(model, ("classifier",)), "classifier"),
        "calibration": attribution_evidence.calibration(page),
    }


def _model(page: Page, model: Model) -> dict[str, Any]:
    part, key = model["attributions"], page.model_key(model["name"])
    reasons = [row["not_applicable"] for row in recorded(part) or () if "not_applicable" in row]
    made = [row for row in _made(model) if row["target"] != "classifier"]
    absent = page.absent([*made, *reasons] if isinstance(part, list) else part, "attribute", model)
    return {
        "trained": page.trained(model),
        "absent": [absent] if absent else [page.prose(reason) for reason in reasons],
        "contributions": _contributions(page, model, key),
        **_maps(
            page,
            shortened(model["name"]),
            made,
            _evidence(model, ("encoder", "decoder", "discriminator")),
            key,
        ),
    }


def _made(model: Model) -> list[Attribution]:
    """Returns the attributions of a model that could be made."""
    return [row for row in recorded(model["attributions"]) or () if "not_applicable" not in row]


def _evidence(model: Model, targets: tuple[str, ...]) -> list[AttributionEvidence]:
    return [row for row in model.get("attribution_evidence") or [] if row["target"] in targets]


def _maps(
    page: Page, name: str, rows: list[Attribution], evidence: list[AttributionEvidence], key: str
) -> dict[str, Any]:
    """Returns maps that count apart from those that are set aside, with the table of each."""
    items = [(row, _item(page, row, f"attribution-{key}-{i + 1}")) for i, row in enumerate(rows)]
    return {
        "name": name,
        "items": [item for row, item in items if word(row) == "passed"],
        "signs_only": [item for row, item in items if word(row) == "passed_in_sign_only"],
        "set_aside": [item for row, item in items if word(row) in ("failed", "not_checked")],
        "agreement": attribution_evidence.agreement(page, evidence),
        "checks": _checks(page, name, rows) if rows else None,
        "evidence": attribution_evidence.counted(page, name, evidence) if evidence else None,
    }


def word(row: Attribution) -> str:
    """Returns how a map stood its randomisation check: passed, passed_in_sign_only, failed or not_checked."""
    checks = row["checks"]
    if "verdict" in checks:
        return str(checks["verdict"])
    if checks["faithful"] is None:
        return "not_checked"
    if not checks["faithful"]:
        return "failed"
    return "passed_in_sign_only" if checks.get("faithful_places") is False else "passed"


def _item(page: Page, row: Attribution, identifier: str) -> dict[str, Any]:
    images, maps = page.array(row["images"])[:MAX_SHOWN], page.array(row["maps"])[:MAX_SHOWN].astype(float)
    shown = overlays(images, maps)
    if mean_map := recorded(row["mean_map"]):
        mean = page.array(mean_map).astype(float)
        plain = np.zeros((1, *images.shape[1:]), np.uint8)
        shown = np.concatenate([shown, overlays(plain, mean[None])[1:]])
    checks, flag = row["checks"], word(row)
    picked = page.t("word.comma").join(
        page.t.known(f"picked.{word}", shortened(word, 24)) for word in row["picked"][:MAX_SHOWN]
    )
    rule = row.get("picked_by")
    if rule:
        picked += f" ({page.t.known(f'column.{rule}', shortened(rule, 40))})"
    subject = shortened(row["subject"])
    alt = page.t(
        "attribution.alt",
        method=shortened(row["method"]),
        subject=subject,
        picked=picked,
        inside=estimate_text(checks["mass_inside"]),
        share=number(checks["area_share"]),
        by_chance=estimate_text(checks.get("mass_randomised")),
    )
    caption = page.t(
        "attribution.caption",
        method=shortened(row["method"]),
        subject=subject,
        target=page.t(f"target.{row['target']}"),
        picked=picked,
    )
    figure = page.picture(
        identifier,
        image_files.grid(shown, len(shown)),
        alt,
        caption,
        max(1.0, round(64 / images.shape[-1], 2)),
        files=page.files_of(row["images"])[:MAX_SHOWN],
    )
    return {
        "figure": figure,
        "flag": flag,
        "flag_text": page.t(f"faithful.{flag}"),
        "reason": page.prose(checks["reason"]),
    }


def _checks(page: Page, name: str, rows: list[Attribution]) -> Table:
    cells, estimates = [], []
    for row in rows:
        checks = row["checks"]
        by_chance = checks.get("mass_randomised")
        estimates += [checks["infidelity"], checks["max_sensitivity"], checks["mass_inside"], by_chance]
        cascade = " · ".join(number(r["rank_correlation"]) for r in checks["randomisation"])
        cells.append(
            (
                text(f"{row['method']} · {row['subject']}"),
                Cell("text", page.t(f"target.{row['target']}")),
                Cell("text", page.t(f"faithful.short_{word(row)}")),
                estimate(checks["mass_inside"]),
                estimate(by_chance),
                numeral(checks["area_share"]),
                estimate(checks["infidelity"]),
                estimate(checks["max_sensitivity"]),
                numeral(checks["convergence_delta"]),
                Cell("prose", cascade or "–"),
            )
        )
    # What decides first: a narrow page shows the others by scrolling.
    header = tuple(
        page.t(f"column.{key}")
        for key in (
            "method",
            "target",
            "faithful",
            "inside",
            "inside_randomised",
            "area",
            "infidelity",
            "sensitivity",
            "delta",
            "randomisation",
        )
    )
    return Table(
        page.t("attribution.checks_caption", model=name),
        header,
        tuple(cells),
        page.interval_note(estimates),
    )


def _contributions(page: Page, model: Model, key: str) -> Figure | None:
    gan = recorded(model["gan"])
    part = recorded(gan["contributions"]) if gan else None
    if part is None:
        return None
    pairs = sorted(zip(part["names"], part["mean_absolute"], strict=True), key=lambda pair: -(pair[1] or 0))
    rows = [interval_bars.Row(shortened(name), value or 0, None, None) for name, value in pairs]
    alt = page.t(
        "contribution.alt",
        first=shortened(pairs[0][0]),
        value=number(pairs[0][1]),
        error=number(part["largest_sum_error"]),
    )
    table = Table(
        page.t("contribution.caption"),
        (page.t("column.dimension"), page.t("column.contribution")),
        tuple((text(name), numeral(value)) for name, value in pairs),
    )
    svg = interval_bars.bars(rows[:24], page.t("contribution.x"), width=380)
    return page.drawing(f"contributions-{key}", svg, alt, page.t("contribution.caption"), table)


SECTIONS = (Section("attributions", build, place=200, below="details"),)
