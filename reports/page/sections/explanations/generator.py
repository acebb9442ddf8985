"""What an InterpretableGAN's generator does: samples, asked and read, free dimensions, noise, how far it has come."""

from typing import Any

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, bounds, estimate, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number, percent
from latent_audit.reports.page.plots import interval_bars
from latent_audit.reports.page.sections.section import titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.model_specific import AskedAndRead, Gan, Noise, VarianceShare

MAX_ATTRIBUTES = 8


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the parts that explain a lead model's generator, each with title, text and what it shows."""
    gan, key = recorded(model["gan"]), page.model_key(model["name"])
    parts = [_free_dimensions(page, model)]
    if gan is not None:
        parts += [
            _asked(page, gan.get("asked", [])),
            _variance(page, gan.get("variance_shares", []), key),
            _noise(page, recorded(gan.get("noise")), key),
            _come_to_rest(page, model, gan),
        ]
    return [part for part in parts if part is not None]


def _part(page: Page, name: str, said: str, figures: list[Figure], table: Table | None) -> dict[str, Any]:
    return titled(page.t(f"generator.{name}_title"), said, figures, table)


def _asked(page: Page, found: list[AskedAndRead]) -> dict[str, Any] | None:
    """A row a sample: what was asked, and what is read where it is something else."""
    if not found:
        return None
    shown = found[:MAX_ATTRIBUTES]
    header = (page.t("column.sample"), *(shortened(row["attribute"], 20) for row in shown))
    cells = tuple(
        (numeral(sample + 1), *(_asked_cell(page, row, sample) for row in shown))
        for sample in range(len(found[0]["asked"]))
    )
    agreement = page.t("word.comma").join(
        f"{shortened(row['attribute'], 24)} {estimate_text(row['share'])}" for row in shown
    )
    table = Table(
        page.t("generator.asked_caption"),
        header,
        cells,
        page.interval_note(share for row in found if (share := recorded(row["share"]))),
    )
    return _part(page, "asked", page.t("generator.asked_text", agreement=agreement), [], table)


def _asked_cell(page: Page, row: AskedAndRead, sample: int) -> Cell:
    asked = _in_words(row["asked"][sample])
    read, agrees = recorded(row["read"]), recorded(row["agrees"])
    if read is None or agrees is None:
        return Cell("text", asked)
    if agrees[sample] and isinstance(row["asked"][sample], str):
        return Cell("text", asked)
    name = "generator.asked_agrees" if agrees[sample] else "generator.asked_fails"
    return Cell("text", page.t(name, asked=asked, read=_in_words(read[sample])))


def _in_words(value: str | float) -> str:
    return shortened(value, 16) if isinstance(value, str) else number(value)


def _free_dimensions(page: Page, model: Model) -> dict[str, Any] | None:
    rows = model["fitness"].get("free_dimensions", [])
    if not rows:
        return None
    table = Table(
        page.t("generator.free_caption"),
        tuple(page.t(f"column.{name}") for name in ("dimension", "recovered", "picture_change", "lives")),
        tuple(
            (
                text(row["name"]),
                estimate(row["recovered"]),
                numeral(row["change"]),
                Cell("text", page.t("generator.lives" if row["lives"] else _why_not(row["used"]))),
            )
            for row in rows
        ),
        page.interval_note(row["recovered"] for row in rows),
    )
    said = page.t(
        "generator.free_text",
        live=sum(row["lives"] for row in rows),
        of=len(rows),
        limit=number(page.audit["thresholds"].get("live_correlation_min")),
    )
    return _part(page, "free", said, [], table)


def _why_not(used: bool) -> str:
    return "generator.unused_not_recovered" if used else "generator.unused_not_drawn"


def _variance(page: Page, rows: list[VarianceShare], key: str) -> dict[str, Any] | None:
    if not rows:
        return None
    bars = []
    for row in rows:
        name = page.t(f"generator.group_{row['group']}", n=row["columns"])
        bars += [
            interval_bars.Row(f"{name} · {page.t('generator.total')}", *bounds(row["total"]), 0),
            interval_bars.Row(f"{name} · {page.t('generator.alone')}", *bounds(row["alone"]), 1),
        ]
    caption = page.t("generator.variance_caption")
    header = tuple(page.t(f"column.{name}") for name in ("group", "share_total", "share_alone"))
    table = Table(
        caption,
        header,
        tuple(
            (
                Cell("text", page.t(f"generator.group_{row['group']}", n=row["columns"])),
                estimate(row["total"]),
                estimate(row["alone"]),
            )
            for row in rows
        ),
        page.interval_note(row[name] for row in rows for name in ("total", "alone")),
    )
    alt = page.t("word.semicolon").join(
        page.t(
            "generator.variance_alt",
            group=page.t(f"generator.group_{row['group']}", n=row["columns"]),
            total=estimate_text(row["total"]),
            alone=estimate_text(row["alone"]),
        )
        for row in rows
    ) + page.t("word.full_stop")
    drawn = interval_bars.bars(bars, page.t("generator.variance_x"), width=340)
    figure = page.drawing(f"variance-{key}", drawn, alt, caption, table)
    return _part(page, "variance", page.t("generator.variance_text"), [figure], None)


def _noise(page: Page, noise: Noise | None, key: str) -> dict[str, Any] | None:
    if noise is None:
        return None
    images, levels = page.array(noise["strips"]), noise["levels"]
    caption = page.t("generator.noise_caption", low=number(levels[0]), high=number(levels[-1]))
    most = max(range(len(noise["moved"])), key=lambda j: noise["moved"][j]["value"] or 0.0)
    alt = page.t("generator.noise_alt", most=most + 1, moved=estimate_text(noise["moved"][most]))
    table = Table(
        caption,
        tuple(page.t(f"column.{name}") for name in ("noise_dimension", "picture_change")),
        tuple((numeral(j + 1), estimate(moved)) for j, moved in enumerate(noise["moved"])),
        page.interval_note(noise["moved"]),
    )
    scale = max(1.0, round(40 / images.shape[-1], 2))
    figure = page.picture(f"noise-{key}", image_files.grid(images, len(levels)), alt, caption, scale)
    return _part(page, "noise", page.t("generator.noise_text"), [figure], table)


def _come_to_rest(page: Page, model: Model, gan: Gan) -> dict[str, Any] | None:
    """Sentences: whether training levelled off, whether it failed, and how real samples are beside other models'."""
    said = []
    for row in gan.get("convergence", []):
        state = {True: "at_rest", False: "moving", None: "untold"}[row["levelled_off"]]
        said.append(
            page.t(
                f"generator.curve_{state}",
                curve=page.t.known(f"generator.curve_{row['curve']}", shortened(row["curve"])),
                start=number(row["start"]),
                end=number(row["end"]),
                moved=percent(row["moved"]),
            )
        )
    if gan.get("collapse_reason"):
        said.append(page.t("generator.collapsed", reason=page.prose(gan["collapse_reason"])))
    said += _how_real(page, model)
    return _part(page, "rest", " ".join(said), [], None) if said else None


def _how_real(page: Page, model: Model) -> list[str]:
    """How far samples are from real ones beside the nearest other model, with the likely reason where it is further."""
    distances = {}
    for other in page.leads:
        moves = recorded(other.get("moves"))
        found = recorded(moves["frechet"]) if moves else None
        if found is not None and found["samples"]["value"] is not None:
            distances[other["name"]] = found
    own = distances.pop(model["name"], None)
    if own is None:
        return []
    value = own["samples"]["value"]
    said = [page.t("generator.real", value=estimate_text(own["samples"]), real=estimate_text(own["real"]))]
    if distances:
        best = min(distances, key=lambda name: distances[name]["samples"]["value"] or 0.0)
        nearest = distances[best]["samples"]["value"]
        if value is not None and nearest and value > nearest:
            said.append(
                page.t(
                    "generator.further",
                    other=shortened(best),
                    value=estimate_text(distances[best]["samples"]),
                    times=number(value / nearest),
                )
            )
        else:
            said.append(page.t("generator.nearer", other=shortened(best), value=number(nearest)))
    return said
