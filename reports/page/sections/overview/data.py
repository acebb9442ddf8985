"""Section 4: the data, how they were divided, what their attributes look like and how they hang together."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, numeral, text
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.plots import distributions, heat_map
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.audit import Auditability
from latent_audit.vocabulary.record.classifier import Classifier, ClassifierScore
from latent_audit.vocabulary.record.forms import recorded


def build(page: Page) -> dict[str, Any]:
    """Returns the description, the parts, attribute summaries, correlation, samples and classifier scores."""
    data = page.audit["data"]
    parts = Table(
        page.t("data.parts_caption"),
        (page.t("column.part"), page.t("column.images"), page.t("column.purpose")),
        tuple(
            (text(row["name"]), numeral(row["images"]), Cell("prose", page.prose(row["purpose"])))
            for row in data["parts"]
        ),
    )
    return {
        "data": data,
        "shape": " × ".join(str(side) for side in data["image_shape"]),
        "parts": parts,
        "attributes": _attributes(page),
        "not_tested": [(shortened(row["attribute"]), page.prose(row["reason"])) for row in page.set_aside],
        "notes": [page.prose(note) for note in data.get("notes", [])],
        "distributions": _distributions(page),
        "full_names": [name for name in page.long_names if len(name) > 48],
        "correlation": _correlation(page),
        "correlation_absent": page.absent(data["correlation"])
        or (page.t("data.correlation_one") if len(page.attributes) == 1 else None),
        "entangled": _entangled(page),
        "samples": _samples(page),
        "classifier": _classifier(
            page,
            recorded(page.audit["classifier"]),
            page.t("data.classifier_caption"),
            page.audit.get("auditability", ()),
        ),
        **_second(page),
        "brought": _brought(page),
        "classifier_absent": page.absent(page.audit["classifier"]),
    }


def _attributes(page: Page) -> Table:
    rows = []
    for attribute in page.attributes:
        summary = attribute["summary"]
        if "counts" in summary:
            pairs = zip(attribute["classes"], summary["counts"], strict=False)
            listed = [f"{shortened(name, 16)} {number(count)}" for name, count in pairs]
            message = page.t("word.comma").join(listed[:12]) + (" …" if len(listed) > 12 else "")
        else:
            message = page.t(
                "data.mean_std",
                mean=number(summary["mean"]),
                std=number(summary["std"]),
                low=number(summary["min"]),
                high=number(summary["max"]),
            )
        rows.append(
            (
                text(attribute["name"]),
                text(page.t(f"kind.{attribute['kind']}")),
                text(attribute["unit"]),
                Cell("prose", page.prose(attribute["description"])),
                Cell("prose", message),
            )
        )
    header = tuple(page.t(f"column.{key}") for key in ("attribute", "kind", "unit", "description", "values"))
    return Table(page.t("data.attributes_caption"), header, tuple(rows))


def _distributions(page: Page) -> Figure:
    counted = [
        (attribute, summary["counts"])
        for attribute in page.attributes
        if "counts" in (summary := attribute["summary"]) and sum(summary["counts"]) > 0
    ]
    if counted:
        rarest, counts = min(counted, key=lambda found: min(found[1]) / sum(found[1]))
        code = int(np.argmin(counts))
        name = rarest["classes"][code] if code < len(rarest["classes"]) else str(code)
        alt = page.t(
            "data.distribution_alt",
            attribute=shortened(rarest["name"]),
            value=shortened(name),
            share=f"{100 * counts[code] / sum(counts):.1f}",
            n=len(page.attributes),
        )
    else:
        alt = page.t("data.distribution_alt_continuous", n=len(page.attributes))
    return page.drawing(
        "data-attributes",
        distributions.draw(page.attributes, page.t("data.count")),
        alt,
        page.t("data.distribution_caption"),
    )


def _correlation(page: Page) -> Figure | None:
    correlation = recorded(page.audit["data"]["correlation"])
    if correlation is None or len(page.attributes) == 1:
        return None
    names, matrix = correlation["names"], np.array(correlation["matrix"], dtype=float)
    off = np.nan_to_num(matrix - np.diag(np.diag(matrix)))
    first, second = np.unravel_index(int(np.abs(off).argmax()), off.shape)
    svg = heat_map.draw(
        np.abs(matrix),
        [shortened(n) for n in names],
        [shortened(n) for n in names],
        page.t.known(f"statistic.{correlation['statistic']}", correlation["statistic"]),
    )
    alt = page.t(
        "data.correlation_alt",
        first=shortened(names[first]),
        second=shortened(names[second]),
        value=number(float(off[first, second])),
    )
    table = Table(
        page.t("data.correlation_caption"),
        (page.t("column.attribute"), *(shortened(n, 20) for n in names)),
        tuple(
            (text(n), *(numeral(v) for v in row)) for n, row in zip(names, correlation["matrix"], strict=True)
        ),
    )
    return page.drawing("data-correlation", svg, alt, page.t("data.correlation_caption"), table)


def _entangled(page: Page) -> list[str]:
    correlation = recorded(page.audit["data"]["correlation"])
    if correlation is None:
        return []
    return [
        page.t(
            "data.entangled_pair",
            first=shortened(pair["first"]),
            second=shortened(pair["second"]),
            value=number(pair["value"]),
        )
        for pair in correlation["entangled"][:12]
    ]


def _samples(page: Page) -> Figure | None:
    reference = recorded(page.audit["data"]["samples"])
    if reference is None:
        return None
    images = page.array(reference)[:40]
    if len(images) == 0:
        return None
    scale = max(1.0, round(48 / images.shape[-1], 2))
    alt = page.t("data.samples_alt", n=len(images), name=shortened(page.audit["data"]["name"]))
    return page.picture(
        "data-samples",
        image_files.grid(images, 20 if len(images) > 20 else 10),
        alt,
        alt,
        scale,
        files=page.files_of(reference)[: len(images)],
    )


def _brought(page: Page) -> list[str]:
    """Returns what is said of a classifier that the user brought; nothing of one of ours."""
    found = recorded(page.audit["classifier"])
    if found is None or "origin" not in found:
        return []
    code = found["origin"]["code"]
    named = page.t("data.classifier_function") if code is None else shortened(code)
    said = [page.t("data.classifier_brought", code=named)]
    if found.get("not_read"):
        names = page.t("word.comma").join(shortened(name) for name in found["not_read"])
        said.append(page.t("data.classifier_not_read", attributes=names))
    return said


def _second(page: Page) -> dict[str, Any]:
    """Returns what is said of a second classifier, None where one judges alone."""
    second = page.audit.get("second_classifier")
    if second is None:
        return {"second": None, "second_text": None}
    first_name, name = (shortened(found, 24) for found in second["names"])
    return {
        "second": _classifier(page, second, page.t("data.second_caption", second=name), ()),
        "second_text": page.t("data.second_text", first=first_name, second=name),
    }


def _classifier(
    page: Page, classifier: Classifier | None, caption: str, auditability: Sequence[Auditability]
) -> Table | None:
    if classifier is None:
        return None
    asked = {(row["attribute"], row["statistic"]): row for row in auditability}
    keys = ("attribute", "statistic", "score", "chance", "needed", "auditable")
    header = tuple(page.t(f"column.{key}") for key in keys[: 6 if asked else 4])

    def auditable(row: ClassifierScore) -> tuple[Cell, ...]:
        if not asked:
            return ()
        found = asked.get((row["attribute"], row["statistic"]))
        if found is None:
            return (Cell("number", "–"), Cell("text", "–"))
        word = page.t("word.yes" if found["auditable"] else "word.no")
        return (numeral(found["threshold"]), Cell("text", word))

    rows = tuple(
        (
            text(row["attribute"]),
            text(row["statistic"]),
            estimate(row["estimate"]),
            numeral(row["chance"]),
            *auditable(row),
        )
        for row in classifier["scores"]
    )
    note = page.interval_note(row["estimate"] for row in classifier["scores"])
    return Table(caption, header, rows, note)


SECTIONS = (Section("data", build, place=190, below="details"),)
