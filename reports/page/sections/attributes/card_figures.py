"""The figures of one card: dose and response, effects, leakage, counter-examples."""

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Figure, Page, Table, bounds, estimate, known, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import dose_response, interval_bars
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.association import Specificity
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.intervention import InterventionClaim
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.verdict import Verdict

MAX_BARS = 14


def dose(
    page: Page, model: Model, attribute: str, claim: InterventionClaim | None, place: str
) -> Figure | None:
    """Returns the curve of one claim with its band, or None where there is none or its gate is closed."""
    curve, part = recorded(claim["curve"]) if claim else None, recorded(model["intervention"])
    if claim is None or curve is None or part is None or page.closed(model, attribute):
        return None
    dimension = page.dimension_name(model, claim["dimension"])
    response = shortened(curve["response"], 30)
    # A curve's doses are either the quantile levels that were set, or the dimension's values there.
    scale = "quantile" if curve["dose"] == part["doses"] else "value"
    svg = dose_response.draw(
        curve["dose"],
        curve["mean"],
        curve["low"],
        curve["high"],
        page.t(f"dose.x_{scale}", dimension=dimension),
        response,
    )
    alt = page.t(
        "dose.alt",
        attribute=shortened(attribute),
        dimension=dimension,
        first=number(curve["mean"][0]),
        last=number(curve["mean"][-1]),
        effect=estimate_text(claim["on_target"]),
        consistency=estimate_text(claim["consistency"]),
    )
    header = tuple(page.t(f"column.{key}") for key in (scale, "mean", "low", "high"))
    rows = tuple(
        tuple(numeral(value) for value in line)
        for line in zip(curve["dose"], curve["mean"], curve["low"], curve["high"], strict=True)
    )
    note = page.interval_note([claim["on_target"]])
    table = Table(page.t("dose.caption"), header, rows, note)
    return page.drawing(f"dose-{place}", svg, alt, page.t("dose.caption"), table)


def effects(
    page: Page, model: Model, attribute: str, claim: InterventionClaim | None, place: str
) -> Figure | None:
    """Returns bars of the effect on the claimed attribute beside those on all others that can be judged."""
    part = recorded(model["intervention"])
    if claim is None or part is None or known(claim["on_target"]) is None or page.closed(model, attribute):
        return None
    others = sorted(
        (
            row
            for row in claim["off_target"]
            if known(row["effect"]) is not None and not page.closed(model, row["attribute"])
        ),
        key=lambda row: -abs(bounds(row["effect"])[0]),
    )
    units = {row["attribute"]: row["unit"] for row in part["claims"]}
    mixed = len(set(units.values())) > 1
    pairs = [(attribute, claim["on_target"], 0), *((row["attribute"], row["effect"], 1) for row in others)]
    rows = [
        interval_bars.Row(
            shortened(name, 14) + (f" · {_short_unit(page, units.get(name))}" if mixed else ""),
            *bounds(e),
            group,
        )
        for name, e, group in pairs
    ]
    largest = others[0] if others else None
    alt = page.t(
        "effects.alt" if largest else "effects.alt_alone",
        attribute=shortened(attribute),
        effect=estimate_text(claim["on_target"]),
        other=shortened(largest["attribute"]) if largest else "",
        off=estimate_text(largest["effect"]) if largest else "",
    )
    table = Table(
        page.t("effects.caption"),
        (page.t("column.attribute"), page.t("column.effect"), page.t("column.unit")),
        tuple((text(name), estimate(e), text(_short_unit(page, units.get(name)))) for name, e, _ in pairs),
        page.interval_note(e for _, e, _ in pairs),
    )
    unit = page.t("effects.own_unit") if mixed else page.t.known(f"unit.{claim['unit']}", claim["unit"])
    return page.drawing(
        f"effects-{place}", interval_bars.bars(rows[:MAX_BARS], unit), alt, page.t("effects.caption"), table
    )


def _short_unit(page: Page, unit: str | None) -> str:
    return page.t.known(f"unit_short.{unit}", unit or "–")


def leakage(page: Page, model: Model, specific: Specificity | None, place: str) -> Figure | None:
    """Returns bars of what else the claimed dimension carries, or None where nothing was measured."""
    if specific is None:
        return None
    leaks = [row for row in specific["leakage"] if known(row["conditional_uncertainty"]) is not None]
    if not leaks:
        return None
    leaks.sort(key=lambda row: -bounds(row["conditional_uncertainty"])[0])
    rows = [
        interval_bars.Row(shortened(row["attribute"]), *bounds(row["conditional_uncertainty"]), 2)
        for row in leaks
    ]
    dimension = page.dimension_name(model, specific["dimension"])
    alt = page.t(
        "leakage.alt",
        dimension=dimension,
        other=shortened(leaks[0]["attribute"]),
        value=estimate_text(leaks[0]["conditional_uncertainty"]),
        attribute=shortened(specific["attribute"]),
    )
    caption = page.t("leakage.caption", dimension=dimension, attribute=shortened(specific["attribute"]))
    table = Table(
        caption,
        (page.t("column.attribute"), page.t("column.leakage")),
        tuple((text(row["attribute"]), estimate(row["conditional_uncertainty"])) for row in leaks),
        page.interval_note(row["conditional_uncertainty"] for row in leaks),
    )
    return page.drawing(
        f"leakage-{place}", interval_bars.bars(rows[:MAX_BARS], page.t("leakage.x")), alt, caption, table
    )


def counter(page: Page, verdict: Verdict, place: str) -> Figure | None:
    """Returns the images that speak against a verdict, or None where there are none."""
    reference = recorded(verdict["counter_examples"])
    if reference is None:
        return None
    images = page.array(reference)[:12]
    if len(images) == 0:
        return None
    alt = page.t("counter.alt", n=len(images), attribute=shortened(verdict["attribute"]))
    scale = max(1.0, round(56 / images.shape[-1], 2))
    caption = page.t("counter.caption") + page.file_names(reference.get("files"))
    return page.picture(f"counter-{place}", image_files.grid(images, 6), alt, caption, scale)
