"""A model card for each model of a run: Hugging Face's metadata header, and a body in Markdown."""

import re
from typing import Any

import yaml

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import estimate_text
from latent_audit.reports.page.phrases import Found, found, place_row
from latent_audit.reports.page.sections.overview import limitations, next_steps
from latent_audit.reports.page.visible_text import slug, visible
from latent_audit.vocabulary.record.leads import rung_of
from latent_audit.vocabulary.record.model import Model

TASK = "unconditional-image-generation"
# What has a meaning in Markdown.
MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")


def model_cards(page: Page, manifest_sha256: str) -> dict[str, str]:
    """Returns the cards of the models that are shown in full, by their file names.

    manifest_sha256: of the run, which the card names so that its readers can verify the run.
    """
    return {
        f"model-card-{page.model_key(model['name'])}.md": _card(page, model, manifest_sha256)
        for model in page.leads
    }


def _card(page: Page, model: Model, manifest_sha256: str) -> str:
    cells = [one for row in page.attributes if (one := found(page, model, row["name"])) is not None]
    head = yaml.safe_dump(_metadata(page, model, cells), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n\n" + "\n".join(_body(page, model, cells, manifest_sha256)) + "\n"


def _metadata(page: Page, model: Model, cells: list[Found]) -> dict[str, Any]:
    """Returns the header; each attribute whose place was tried is a result with the share that it follows by."""
    data = page.audit["data"]
    measured = [
        {
            "type": "interchange-cause",
            "name": f"{one.attribute}: {one.rung}, {one.verdict}",
            "value": cause,
        }
        for one in cells
        if (cause := _cause(page, model, one)) is not None
    ]
    result = {
        "task": {"type": TASK, "name": "latent-space audit"},
        "dataset": {"type": slug(data["name"]), "name": data["name"], "split": "test"},
        "metrics": measured,
    }
    return {
        "tags": ["latent-audit", "interpretability", model["kind"]],
        "pipeline_tag": TASK,
        # The format wants metrics in every result.
        **({"model-index": [{"name": model["name"], "results": [result]}]} if measured else {}),
    }


def _cause(page: Page, model: Model, one: Found) -> float | None:
    row = place_row(page, model, one.attribute)
    rung = None if row is None else rung_of(row)
    cause = None if rung is None else rung["cause"]
    return None if cause is None else cause["value"]


def _body(page: Page, model: Model, cells: list[Found], manifest_sha256: str) -> list[str]:
    t, subject, data = page.t, page.audit["subject"], page.audit["data"]
    fitness = model["fitness"]
    stated = t("model_card.not_stated")
    rows = [
        f"| {_md(page.called(one.attribute))} | {_md(one.phrase)} | {_md(one.effect or '–')} "
        f"| {t(f'verdict.{one.verdict}')} |"
        for one in cells
    ]
    return [
        f"# {_md(page.called_model(model['name']))}",
        "",
        t("model_card.intro", run=page.run["run_id"], n=f"{data['images']:,}", data=_md(data["name"])),
        "",
        f"## {t('model_card.details')}",
        "",
        *_listed(
            page,
            {
                "kind": model["kind"],
                "latent_dim": str(model["latent_dim"]),
                "parameters": "–" if model["parameters"] is None else f"{model['parameters']:,}",
                "labels": page.trained(model),
                "owner": subject["owner"] or stated,
                "weights": model["weights_digest"] or stated,
            },
        ),
        "",
        f"## {t('model_card.uses')}",
        "",
        *_listed(
            page,
            {
                "intended": subject["intended_use"] or stated,
                "out_of_scope": subject["out_of_scope"] or stated,
            },
        ),
        "",
        f"## {t('model_card.evaluation')}",
        "",
        t("model_card.evaluation_text"),
        "",
        "| "
        + " | ".join(t(f"model_card.{key}") for key in ("attribute", "place", "effect", "verdict"))
        + " |",
        "|---|---|---|---|",
        *rows,
        "",
        t(
            "model_card.fitness",
            reconstruction=_md(estimate_text(fitness["reconstruction"])),
            active=str(fitness["active_units"]),
            of=str(model["latent_dim"]),
        ),
        "",
        f"## {t('model_card.limits')}",
        "",
        *(f"- {_md(line)}" for line in _limits(page)),
        "",
        f"## {t('model_card.advice')}",
        "",
        *_advice(page),
        "",
        f"## {t('model_card.verify')}",
        "",
        t("model_card.verify_text", run=page.run["run_id"], digest=manifest_sha256),
    ]


def _listed(page: Page, facts: dict[str, str]) -> list[str]:
    return [f"- **{page.t(f'model_card.{key}')}**: {_md(value)}" for key, value in facts.items()]


def _limits(page: Page) -> list[str]:
    found = limitations.build(page)
    return [*found["own"], *found["more"], *found["always"]]


def _advice(page: Page) -> list[str]:
    steps = next_steps.build(page)["actions"]
    return [f"- {_md(step['sentence'])}" + (f" `{step['does']}`" if step["does"] else "") for step in steps]


def _md(text: str) -> str:
    """Returns a text of one line in which nothing is markup."""
    return MARKS.sub(r"\\\1", " ".join(visible(text).split()))
