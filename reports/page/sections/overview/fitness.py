"""Section 5: whether each model is fit to be audited at all."""

from collections.abc import Sequence
from typing import Any

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number, percent
from latent_audit.reports.page.plots import curves
from latent_audit.reports.page.sections.explanations import (
    discriminator,
    generator,
    learning,
    model_specific,
    pruning,
)
from latent_audit.reports.page.sections.overview import likelihood, mixture
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import ArrayFile, Numbers, Part, recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.model_specific import ConditionalEdit

# Kinds of model whose encoder may return a pair of tensors.
OF_PAIRS = ("entrypoint", "exported_programs", "extension", "functions", "onnx", "lightning")


def build(page: Page) -> dict[str, Any]:
    """Returns one table of every model and seed, and curves and pictures of each lead model."""
    models = page.audit["models"]
    keys = (
        "model",
        "seed",
        "latent_dim",
        "parameters",
        "steps",
        "reconstruction",
        "kl",
        "elbo",
        "active_units",
        "collapsed",
    )
    rows = tuple(_row(page, model) for model in models)
    note = page.interval_note(
        model["fitness"].get(key) for model in models for key in ("reconstruction", "kl", "elbo")
    )
    table = Table(page.t("fitness.caption"), tuple(page.t(f"column.{key}") for key in keys), rows, note)
    return {"table": table, "models": [_model(page, model) for model in page.leads]}


def _row(page: Page, model: Model) -> tuple[Cell, ...]:
    fitness = model["fitness"]
    training = recorded(model["training"])
    steps = training["steps"] if training else None
    stopped = page.t.known(f"fitness.stopped_{training['stopped']}", "") if training else ""
    collapsed = fitness["collapsed"]
    word = "–" if collapsed is None else page.t("word.yes" if collapsed else "word.no")
    return (
        text(model["name"]),
        numeral(model["seed"]),
        numeral(model["latent_dim"]),
        numeral(model["parameters"]),
        Cell("estimate", number(steps), stopped, str(steps)) if stopped else numeral(steps),
        estimate(fitness["reconstruction"]),
        estimate(fitness["kl"]),
        estimate(fitness.get("elbo")),
        numeral(fitness["active_units"]),
        Cell("text", word),
    )


def _model(page: Page, model: Model) -> dict[str, Any]:
    fitness, key = model["fitness"], page.model_key(model["name"])
    gan = recorded(model["gan"])
    follow = None
    if gan and gan["samples_follow"]:
        follow = Table(
            page.t("fitness.follow_caption"),
            tuple(page.t(f"column.{name}") for name in ("attribute", "statistic", "score")),
            tuple(
                (text(r["attribute"]), text(r["statistic"]), estimate(r["estimate"]))
                for r in gan["samples_follow"]
            ),
            page.interval_note(row["estimate"] for row in gan["samples_follow"]),
        )
    return {
        "edits": _edits(page, gan.get("edits", [])) if gan else None,
        "name": shortened(model["name"]),
        "import_check": _import_check(page, model),
        "trained": page.trained(model),
        "restarts": _restarts(page, model["name"]),
        "collapse": page.prose(fitness["collapse_reason"]),
        "sampled": _sampled(page, model),
        "curves": _curves(page, model["name"], key),
        "pairs": _grid(page, fitness["reconstruction_pairs"], f"pairs-{key}", model, "fitness.pairs_alt"),
        "samples": _grid(page, fitness["samples"], f"samples-{key}", model, "fitness.samples_alt"),
        "follow": follow,
        "gan_samples": _grid(page, gan["samples"], f"asked-{key}", model, "fitness.asked_alt")
        if gan
        else None,
        "particulars": [
            *likelihood.build(page, model),
            *mixture.build(page, model),
            *learning.build(page, model),
            *pruning.build(page, model),
            *model_specific.build(page, model),
            *generator.build(page, model),
            *discriminator.build(page, model),
        ],
    }


def _restarts(page: Page, name: str) -> str:
    """Returns how often trainings of a model began again, over its seeds, and why; "" where none may."""
    starts = [
        (model["seed"], training["failed_starts"])
        for model in page.audit["models"]
        if model["name"] == name and (training := recorded(model["training"])) and "failed_starts" in training
    ]
    if not starts:
        return ""
    failed = [
        page.t(
            "fitness.failed_start",
            seed=seed,
            step=number(one["step"]),
            reason=page.prose(one["reason"]),
        )
        for seed, given_up in starts
        for one in given_up
    ]
    if not failed:
        return page.t("fitness.no_restart", seeds=len(starts))
    return page.t("fitness.restarts", n=len(failed), seeds=len(starts), starts="; ".join(failed))


def _import_check(page: Page, model: Model) -> dict[str, Any] | None:
    """Returns what was measured of a model from elsewhere before the audit; None for one trained here."""
    found = model.get("import_check")
    if found is None:
        return None
    deviations = [value for value in found["code_standard_deviation"] if value is not None]
    measured = page.t(
        "fitness.import_measured" if found["reach"].get("has_decoder", True) else "fitness.import_codes",
        n=number(found["images"]),
        cut=percent(found["pixels_cut"]),
        error=number(found["reconstruction_error"]),
        mean_image=number(found["mean_image_error"]),
        low=number(min(deviations, default=None)),
        high=number(max(deviations, default=None)),
        largest=number(max((abs(value) for value in found["code_mean"] if value is not None), default=None)),
    )
    if found["posterior_standard_deviation"] is not None and model["kind"] in OF_PAIRS:
        measured += " " + page.t("fitness.import_pair", spread=number(found["posterior_standard_deviation"]))
    if found.get("code_form"):
        measured += " " + page.t("fitness.import_form", form=found["code_form"])
    if tried := found.get("tried"):
        taken = next(row["reading"] for row in tried if row["taken"])
        errors = "; ".join(f"{row['reading']}: {number(row['error'])}" for row in tried)
        measured += " " + page.t("fitness.import_tried", taken=taken, errors=errors)
    return {
        "measured": measured,
        "warnings": [page.prose(warning) for warning in found["warnings"]],
        "not_applicable": [page.prose(sentence) for sentence in found["not_applicable_parts"]],
    }


def _sampled(page: Page, model: Model) -> str | None:
    """Returns whether an autoencoder, which has no prior, can be sampled, by its figures; None for other models."""
    moves = recorded(model.get("moves"))
    if model["kind"] != "autoencoder" or moves is None:
        return None
    distances = recorded(moves["frechet"])
    if distances is None:
        return None
    samples, real = distances["samples"], distances["real"]
    if samples["low"] is None or real["high"] is None:
        return None
    key = "fitness.not_sampled" if samples["low"] > real["high"] else "fitness.sampled"
    return page.t(key, samples=estimate_text(samples), real=estimate_text(real))


def _edits(page: Page, edits: Sequence[ConditionalEdit]) -> Table | None:
    """What asking for an attribute by name changes in images; None for data without binary attributes."""
    if not edits:
        return None
    return Table(
        page.t("fitness.edits_caption"),
        tuple(
            page.t(f"column.{name}") for name in ("attribute", "change", "moved", "off_target", "off_change")
        ),
        tuple(
            (
                text(edit["attribute"]),
                estimate(edit["change"]),
                estimate(edit["moved"]),
                text(edit["off_target"] or "–"),
                estimate(edit["off_target_change"]),
            )
            for edit in edits
        ),
        page.interval_note(edit["change"] for edit in edits),
    )


def _curves(page: Page, name: str, key: str) -> Figure | None:
    """Draws every seed of one model together: a panel for each curve."""
    panels: dict[str, list[tuple[str, list[float], Numbers]]] = {}
    rows = []
    for model in page.audit["models"]:
        training = recorded(model["training"])
        if model["name"] != name or training is None:
            continue
        for curve, points in sorted(training["curves"].items()):
            if points["value"]:
                label = page.t("word.seed_n", seed=model["seed"])
                panels.setdefault(curve, []).append((label, points["step"], points["value"]))
                rows.append(
                    (
                        text(curve),
                        numeral(model["seed"]),
                        numeral(points["value"][0]),
                        numeral(points["value"][-1]),
                        numeral(min((value for value in points["value"] if value is not None), default=None)),
                    )
                )
    if not panels:
        return None
    first = "held_out" if "held_out" in panels else next(iter(panels))
    ends = [end for trace in panels[first] if (end := trace[2][-1]) is not None]
    alt = page.t(
        "fitness.curves_alt" if len(panels[first]) > 1 else "fitness.curves_alt_one",
        model=shortened(name),
        curve=shortened(first),
        seeds=len(panels[first]),
        start=number(panels[first][0][2][0]),
        low=number(min(ends, default=None)),
        high=number(max(ends, default=None)),
    )
    header = tuple(page.t(f"column.{column}") for column in ("curve", "seed", "first", "last", "least"))
    caption = page.t("fitness.curves_caption", model=shortened(name))
    return page.drawing(
        f"training-{key}",
        curves.draw(dict(list(panels.items())[:9]), page.t("word.step")),
        alt,
        caption,
        Table(caption, header, tuple(rows)),
    )


def _grid(page: Page, reference: Part[ArrayFile], identifier: str, model: Model, key: str) -> Figure | None:
    found = recorded(reference)
    if found is None:
        return None
    images = page.array(found)
    if len(images) == 0:
        return None
    columns = 8
    if identifier.startswith("pairs"):  # originals in one row, their reconstructions under them
        pairs = min(len(images) // 2, 10)
        images = (
            images[: 2 * pairs]
            .reshape(pairs, 2, *images.shape[1:])
            .swapaxes(0, 1)
            .reshape(-1, *images.shape[1:])
        )
        columns = pairs
    alt = page.t(
        key,
        model=shortened(model["name"]),
        n=len(images),
        reconstruction=estimate_text(model["fitness"]["reconstruction"]),
    )
    scale = max(1.0, round(48 / images.shape[-1], 2))
    return page.picture(
        identifier,
        image_files.grid(images[:32], columns),
        alt,
        alt,
        scale,
        files=page.files_of(found)[:columns],
    )


SECTIONS = (Section("fitness", build, place=70, below="models"),)
