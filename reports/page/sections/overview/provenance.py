"""Where every number came from: code, data, settings, weights, machine, and the run's ledger."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from latent_audit.reports.page.context import Cell, Figure, Page, Table, numeral, text
from latent_audit.reports.page.number_text import duration, number, percent
from latent_audit.reports.page.plots import timeline
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import block, shortened
from latent_audit.reports.record.what_changed import sentences
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.origin import Origin

# The kinds of models and classifiers that a Python program held in memory.
_OF_A_PROGRAM = ("functions", "function_classifier")


def build(page: Page) -> dict[str, Any]:
    """Returns facts of the run, digests, the weights' table, settings as JSON and the ledger."""
    run, audit, t = page.run, page.audit, page.t
    dirty = run.get("dirty")
    tree = "–" if dirty is None else t("provenance.dirty" if dirty else "provenance.clean")
    facts = [
        ("run_id", _plain(run.get("run_id"))),
        ("started", _plain(run.get("started"))),
        ("finished", _plain(run.get("finished"))),
        ("wall", duration(run.get("wall_seconds"))),
        ("overhead", f"{duration(run.get('overhead_seconds'))} ({percent(run.get('overhead_share'))})"),
        ("command", _plain(run.get("command"))),
        ("commit", _plain(run.get("commit"))),
        ("tree", tree),
        ("seeds", ", ".join(str(s) for s in sorted({m["seed"] for m in audit["models"]}))),
        *_since(page, run.get("since_accepted")),
        *_pairs(page, "hardware", run.get("hardware")),
        *_pairs(page, "mlflow", run.get("mlflow")),
        *_pairs(page, "prefect", run.get("prefect")),
    ]
    digests = [
        ("data", audit["data"]["digest"] or "–"),
        ("settings", audit["settings_digest"]),
        ("thresholds", audit["thresholds_digest"]),
        ("audit", page.audit_sha256),
    ]
    weights = Table(
        t("provenance.weights_caption"),
        (t("column.model"), t("column.seed"), t("column.weights")),
        tuple(
            (text(m["name"]), numeral(m["seed"]), Cell("code", m["weights_digest"] or "–"))
            for m in audit["models"]
        ),
    )
    packages = Table(
        t("provenance.packages_caption"),
        (t("column.package"), t("column.version")),
        tuple(
            (text(name), text(str(version))) for name, version in sorted((run.get("packages") or {}).items())
        ),
    )
    return {
        "facts": [(t.known(f"provenance.{key}", key), value) for key, value in facts],
        "digests": [(t(f"provenance.digest_{key}"), value) for key, value in digests],
        "origins": [
            *(_origin(page, m["name"], origin) for m in page.leads if (origin := m.get("origin"))),
            *_origin_of_classifier(page),
        ],
        "weights": weights,
        "packages": packages,
        "settings": _plain_text(audit["settings"]),
        "thresholds": _plain_text(audit["thresholds"]),
        "recipes": [(shortened(m["name"]), _plain_text(m["recipe"])) for m in page.leads],
        "selftest": _selftest(page),
        "ledger": _ledger(page),
    }


def _plain_text(settings: Any) -> Markup:
    return block(json.dumps(settings, indent=2, sort_keys=True, ensure_ascii=True))


def _selftest(page: Page) -> dict[str, Any]:
    """Returns the error rates of the evidence itself, and whether they are of the version that judged."""
    record, t = recorded(page.audit["selftest"]), page.t
    if record is None:
        return {"absent": page.absent(page.audit["selftest"])}
    header = (
        t("provenance.selftest_row"),
        *(t(f"column.{key}") for key in ("must_show", "measured", "holds")),
    )
    rows = tuple(
        (
            text(t.known(f"selftest_row.{_slug(row['name'])}", row["name"])),
            Cell("prose", t.known(f"selftest_must.{_slug(row['name'])}", row["must_show"])),
            Cell("prose", t("word.semicolon").join(_figures(page, row["measured"]))),
            Cell("text", t("word.yes" if row["holds"] else "word.no")),
        )
        for row in record["rows"]
    )
    return {
        "absent": None,
        "said": t(
            "provenance.selftest_current" if record["of_this_version"] else "provenance.selftest_stale"
        ),
        "digest": t("provenance.selftest_digest", digest=record["digest"]),
        "table": Table(t("provenance.selftest_caption"), header, rows),
    }


def _figures(page: Page, measured: Mapping[str, float]) -> Iterator[str]:
    for name, value in measured.items():
        yield f"{page.t.known(f'selftest_figure.{name}', name.replace('_', ' '))} {number(value)}"


def _slug(name: str) -> str:
    """Returns the key of a row's name; rows of other versions have none, and keep their own words."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _origin(page: Page, model: str, origin: Origin) -> str:
    """Says where a model that was trained elsewhere came from, and what of it was run."""
    named: list[tuple[str, str | None]] = [
        (shortened(file["name"]), file["sha256"]) for file in origin["files"]
    ]
    if origin["code"]:
        named.insert(0, (page.t("origin.code"), origin.get("code_sha256")))
    files = ", ".join(f"{name} ({(digest or '')[:16]}…)" for name, digest in named)
    words = {
        "model": shortened(model),
        "files": files,
        "code": shortened(origin["code"] or "–"),
    }
    kind, whole = origin["kind"], "whole" if origin["rebuilds_offline"] else "not_whole"
    if kind in _OF_A_PROGRAM:  # it has no files, and no code that a digest could stand for
        return page.t(f"origin.{kind}", **words)
    return f"{page.t(f'origin.{kind}', **words)} {page.t(f'origin.{whole}', **words)}"


def _origin_of_classifier(page: Page) -> list[str]:
    """Says where a classifier that the user brought came from; nothing of one of ours."""
    found = recorded(page.audit["classifier"])
    if found is None or "origin" not in found:
        return []
    return [_origin(page, page.t("origin.classifier"), found["origin"])]


def _plain(value: Any) -> str:
    return "–" if value is None else str(value)


def _since(page: Page, since: Any) -> list[tuple[str, str]]:
    """Returns what changed since the last accepted run of this name; nothing where none was accepted."""
    if not isinstance(since, dict):
        return []
    if not since["changed"]:
        return [("since", page.t("provenance.since_same", run=since["run_id"]))]
    changes = "; ".join(sentences(since, page.t))
    return [("since", page.t("provenance.since_changed", run=since["run_id"], changes=changes))]


def _pairs(page: Page, prefix: str, part: Any) -> list[tuple[str, str]]:
    """Returns the entries of one table of run.json, labelled with the table's name."""
    if not isinstance(part, dict):
        return [(prefix, _plain(part))] if part else []
    return [
        (f"{page.t(f'provenance.{prefix}')} · {key}", _plain(value)) for key, value in sorted(part.items())
    ]


def _ledger(page: Page) -> Figure | None:
    rows = sorted(page.ledger, key=lambda row: str(row.get("started")))
    if not rows:
        return None
    starts = [datetime.fromisoformat(row["started"]).timestamp() for row in rows]
    bars = [
        timeline.Bar(_stage(page, row), start - starts[0], float(row["seconds"]), bool(row["reused"]))
        for row, start in zip(rows, starts, strict=True)
    ]
    longest = max(bars, key=lambda bar: bar.seconds)
    reused = sum(bar.reused for bar in bars)
    alt = page.t(
        "ledger.alt", n=len(bars), reused=reused, stage=longest.name, seconds=duration(longest.seconds)
    )
    header = tuple(
        page.t(f"column.{key}") for key in ("stage", "model", "seed", "seconds", "reused", "digest")
    )
    cells = tuple(
        (
            text(row["stage"]),
            text(row["model"]),
            numeral(row["seed"]),
            Cell("number", number(float(row["seconds"])), sort=f"{row['seconds']:.6g}"),
            Cell("text", page.t("word.yes" if row["reused"] else "word.no")),
            Cell("code", str(row.get("digest") or "–")[:16]),
        )
        for row in rows
    )
    svg = timeline.draw(bars, page.t("ledger.x"), page.t("ledger.ran"), page.t("ledger.reused"))
    return page.drawing(
        "ledger", svg, alt, page.t("ledger.caption"), Table(page.t("ledger.caption"), header, cells)
    )


def _stage(page: Page, row: dict[str, Any]) -> str:
    parts = [
        row["stage"],
        row["model"],
        None if row["seed"] is None else page.t("word.seed_n", seed=row["seed"]),
    ]
    return " · ".join(shortened(str(part), 20) for part in parts if part)


SECTIONS = (Section("provenance", build, place=230, below="details", of_the_run=True),)
