"""Figures of an explained image: its code, the discriminator's terms, and the Shapley values of each answer."""

from latent_audit.reports.page.context import Cell, Figure, Page, Table, numeral, text
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.plots import interval_bars, waterfall
from latent_audit.reports.page.plots.interval_bars import Panel, Row
from latent_audit.reports.page.plots.waterfall import Fall
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.image_explanation import ImageExplanation

MAX_DRAWN = 24


def code(page: Page, found: ImageExplanation) -> Figure | None:
    """Returns where each dimension lies among held-out images; None for a code of which none is used."""
    if not found["code"]:
        return None
    outermost = sorted(found["code"], key=lambda row: -abs(row["percentile"] - 50.0))
    drawn = sorted(outermost[:MAX_DRAWN], key=lambda row: row["dimension"])
    rows = [Row(row["name"], row["percentile"], 5.0, 95.0) for row in drawn]
    caption = page.t("explain.code_caption")
    table = Table(
        caption,
        tuple(
            page.t(key)
            for key in (
                "column.dimension",
                "column.attribute",
                "column.verdict",
                "explain.column.value",
                "explain.column.percentile",
                "explain.column.range",
            )
        ),
        tuple(
            (
                text(row["name"]),
                text(row["attribute"]),
                Cell("verdict", row["verdict"]) if row["verdict"] else Cell("text", "–"),
                numeral(row["value"]),
                numeral(row["percentile"]),
                Cell("text", f"{number(row['low'])} – {number(row['high'])}"),
            )
            for row in found["code"]
        ),
    )
    far = outermost[0]
    alt = page.t("explain.code_alt", name=shortened(far["name"], 24), percentile=number(far["percentile"]))
    svg = interval_bars.points([Panel("", rows, page.t("explain.column.percentile"))], 1)
    return page.drawing("explained-code", svg, alt, caption, table)


def discriminator(page: Page, found: ImageExplanation) -> dict[str, object] | None:
    """Returns the discriminator's decision in words, and how its terms lead from the mean of real images to it."""
    part = found["discriminator"]
    if part is None:
        return None
    terms = sorted(part["terms"], key=lambda one: -abs(one["value"]))
    caption = page.t("explain.terms_caption")
    table = Table(
        caption,
        (page.t("explain.column.term"), page.t("explain.column.difference")),
        tuple((text(one["name"]), numeral(one["value"])) for one in terms),
    )
    steps = [(one["name"], one["value"]) for one in terms[:MAX_DRAWN]]
    if len(terms) > MAX_DRAWN:
        steps.append((page.t("explain.other_terms"), sum(one["value"] for one in terms[MAX_DRAWN:])))
    alt = page.t("explain.terms_alt", name=shortened(terms[0]["name"], 32), value=number(terms[0]["value"]))
    start, end = page.t("explain.terms_start"), page.t("explain.terms_end")
    svg = waterfall.draw([Fall("", part["mean_logit"], steps)], start, end, page.t("explain.terms_x"), 1)
    return {
        "said": page.t(
            "explain.decision_real" if part["logit"] > 0 else "explain.decision_not_real",
            logit=number(part["logit"]),
            mean=number(part["mean_logit"]),
            percentile=number(part["percentile"]),
        ),
        "figure": page.drawing("explained-terms", svg, alt, caption, table),
    }


def shapley(page: Page, found: ImageExplanation) -> list[dict[str, object]]:
    """Returns the Shapley values of each answer, the largest first, with twice their standard error as interval."""
    made = []
    for index, part in enumerate(found["shapley"]):
        shares = sorted(part["shares"], key=lambda one: -abs(one["value"]))
        name = shortened(part["attribute"], 32)
        quantity = page.t(f"explain.quantity.{part['quantity']}", answer=shortened(part["shown"], 32))
        caption = page.t("explain.shapley_caption", attribute=name, quantity=quantity)
        rows = [
            Row(
                one["name"],
                one["value"],
                one["value"] - 2 * one["standard_error"],
                one["value"] + 2 * one["standard_error"],
            )
            for one in shares[:MAX_DRAWN]
        ]
        table = Table(
            caption,
            (
                page.t("column.dimension"),
                page.t("explain.column.share"),
                page.t("explain.column.standard_error"),
            ),
            tuple(
                (text(one["name"]), numeral(one["value"]), numeral(one["standard_error"])) for one in shares
            ),
        )
        alt = page.t(
            "explain.shapley_alt", name=shortened(shares[0]["name"], 32), value=number(shares[0]["value"])
        )
        svg = interval_bars.bars(rows, quantity, width=420)
        how = "exact" if not part["permutations"] else "reached" if part["reached"] else "not_reached"
        made.append(
            {
                "figure": page.drawing(f"explained-shapley-{index}", svg, alt, caption, table),
                "note": page.t(
                    f"explain.shapley_{how}",
                    nobody=number(part["nobody"]),
                    everybody=number(part["everybody"]),
                    permutations=number(part["permutations"]),
                    codes=number(part["absent_codes"]),
                ),
            }
        )
    return made
