"""Try it: each model's decoder in the page, with images to start from; strips where it is not there."""

import base64
import json
from typing import Any

import numpy as np

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Figure, Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.phrases import mark_text
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.latent_space import CodeControl, Decoder
from latent_audit.vocabulary.record.model import Model

# All decoders of a report, as base64; of photographs a larger report is expected.
MAX_BYTES = 3_000_000
GRID_SIDE = 48
MAX_ROWS = 12


def build(page: Page) -> dict[str, Any]:
    """Returns, for each lead model, its decoder for the script, the reason where it has none, and its traversals."""
    fitting = _fitting(page)
    return {
        "models": [
            {
                "name": page.called_model(model["name"]),
                "key": f"try-{page.model_key(model['name'])}",
                "data": _data(page, model, decoder)
                if (decoder := _decoder(model)) and model["name"] in fitting
                else "",
                "reason": _reason(page, model, model["name"] in fitting),
                "grid": _grid(page, model),
                "shifts": _shifts(page, model),
            }
            for model in page.leads
        ],
        "any": bool(fitting),
    }


def _decoder(model: Model) -> Decoder | None:
    return recorded(model.get("decoder"))


def _stated(page: Page) -> str:
    report = page.audit["settings"].get("report")
    return str(report.get("decoder", "embed")) if isinstance(report, dict) else "embed"


def _fitting(page: Page) -> set[str]:
    """Returns the models whose decoders are in the page: the largest are left out until the rest fits."""
    if _stated(page) != "embed":
        return set()
    sizes = {
        model["name"]: 4 * page.array(decoder["weights"]).size // 3
        for model in page.leads
        if (decoder := _decoder(model))
    }
    while sum(sizes.values()) > MAX_BYTES:
        del sizes[max(sizes, key=lambda name: sizes[name])]
    return set(sizes)


def _reason(page: Page, model: Model, fits: bool) -> str:
    """Returns why a model's decoder is not in the page, "" where it is."""
    part = model.get("decoder")
    if fits:
        return ""
    if _stated(page) != "embed":
        return page.t(f"try.stated_{_stated(page)}")
    if part is not None and recorded(part) is not None:
        return page.t("try.too_large")
    if isinstance(part, dict):
        return page.prose(str(part.get("not_applicable") or ""))
    return page.absent(None, "show", model) or ""


def _data(page: Page, model: Model, decoder: Decoder) -> str:
    """Returns everything that the script needs, as JSON."""
    codes = page.array(decoder["codes"]).astype("<f4")
    readings = np.nan_to_num(page.array(decoder["readings"]).astype(np.float32), nan=-999.0)
    shown = range(len(codes)) if page.shows_images else range(0)
    channels, height, width = page.audit["data"]["image_shape"]
    return json.dumps(
        {
            "layers": decoder["layers"],
            "weights": _base64(page.array(decoder["weights"])),
            "tensors": [[tensor["size"], tensor["step"]] for tensor in decoder["tensors"]],
            "shape": [channels, height, width],
            "codes": _base64(codes),
            "starts": [
                shortened(decoder["starts"][place]["file"] or f"#{decoder['starts'][place]['image']}", 40)
                for place in shown
            ],
            "mean": decoder["mean"],
            "spread": decoder["spread"],
            "usual": decoder["usual"],
            "controls": [_control(page, model, control) for control in decoder["controls"]],
            "readings": _base64(readings.astype("<f4")),
            "steps": int(readings.shape[2]),
            "columns": int(readings.shape[3]),
            "read": [_read(page, row) for row in decoder["read"]],
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


def _control(page: Page, model: Model, control: CodeControl) -> dict[str, Any]:
    single = len(control["dimensions"]) == 1 and control["kind"] == "quantiles"
    named = page.dimension_name(model, control["dimensions"][0]) if single else ""
    is_dimension = single and control["name"] == next(
        (row["name"] for row in model["dimensions"] if row["index"] == control["dimensions"][0]), None
    )
    attribute = "" if is_dimension else control["name"]
    label = named if is_dimension else page.t("try.direction", attribute=page.called(attribute))
    return {
        "label": label,
        "kind": control["kind"],
        "filters": control["filters"],
        "pattern": control["pattern"],
        "levels": control["levels"],
        "marks": [
            number(mark) if is_dimension else mark_text(page, attribute, control["kind"], mark)
            for mark in control["marks"]
        ]
        if control["kind"] != "quantiles"
        else control["marks"],
    }


def _read(page: Page, row: Any) -> dict[str, Any]:
    described = next(one for one in page.attributes if one["name"] == row["attribute"])
    return {
        "name": page.called(row["attribute"]),
        "kind": described["kind"],
        "columns": row["columns"],
        "mean": row["mean"],
        "std": row["std"],
        "period": row["period"],
        "classes": [shortened(name, 16) for name in described["classes"]],
        "unit": page.called_unit(row["attribute"]),
    }


def _base64(array: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _grid(page: Page, model: Model) -> Figure | None:
    """Returns the traversals of all dimensions in the order of KL, a row a dimension."""
    traversal = recorded(model["traversal"])
    if traversal is None or _stated(page) == "none":
        return None
    steps = len(traversal["quantiles"])
    rows = traversal["rows"][:MAX_ROWS]
    frames = page.array(traversal["sheet"])[: len(rows) * steps]
    names = page.t("word.comma").join(shortened(row["name"], 16) for row in rows)
    alt = page.t(
        "try.grid_alt",
        model=page.called_model(model["name"]),
        names=names,
        low=f"{100 * traversal['quantiles'][0]:.0f}",
        high=f"{100 * traversal['quantiles'][-1]:.0f}",
    )
    return page.picture(
        f"traversals-{page.model_key(model['name'])}",
        image_files.grid(frames, steps),
        alt,
        alt,
        max(1, round(GRID_SIDE / frames.shape[-1])),
        files=tuple(traversal.get("files") or ())[:1] if page.shows_images else (),
    )


def _shifts(page: Page, model: Model) -> Figure | None:
    """Returns one image with numbers added to each dimension of its code; None where the settings ask for none."""
    traversal = recorded(model["traversal"])
    if traversal is None or "shifted" not in traversal or _stated(page) == "none":
        return None
    shifts, rows = traversal["shifts"], traversal["rows"][:MAX_ROWS]
    frames = page.array(traversal["shifted"])[: len(rows) * len(shifts)]
    alt = page.t(
        "try.shifts_alt",
        model=page.called_model(model["name"]),
        names=page.t("word.comma").join(shortened(row["name"], 16) for row in rows),
        shifts=page.t("word.comma").join(number(shift) for shift in shifts),
    )
    scale = max(1, round(GRID_SIDE / frames.shape[-1]))
    key = f"shifts-{page.model_key(model['name'])}"
    return page.picture(key, image_files.grid(frames, len(shifts)), alt, alt, scale)


SECTIONS = (Section("try", build, place=50),)
