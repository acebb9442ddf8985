"""What MLflow's pages say of an audit and of its models, made from the record: tags, figures, a description, files."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latent_audit.tasks.storage.arrays import write_json
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.leads import lead_models, lead_verdicts
from latent_audit.vocabulary.verdicts import SUPPORTED


def audit_metrics(audit: Audit) -> dict[str, float]:
    """Returns how many verdicts there are of each word, and how many places of each kind."""
    verdicts = Counter(verdict["verdict"] for verdict in audit["verdicts"])
    places = Counter(place["rung"] for place in audit["where"])
    return {
        **{f"verdicts.{verdict}": float(count) for verdict, count in verdicts.items()},
        **{f"places.{rung}": float(count) for rung, count in places.items()},
    }


def audit_tags(audit: Audit, manifest_digest: str, report: str, commit: str | None) -> dict[str, str]:
    """Returns the tags of an audit's run: digests, claims of absence, requirements, its description, its commit.

    Args:
        audit: the record.
        manifest_digest: SHA-256 of manifest.json.
        report: address of the report in MLflow's pages.
        commit: of the code that ran; None where it is not known.
    """
    digests = {
        "manifest": manifest_digest, "data": audit["data"]["digest"], "settings": audit["settings_digest"]
    }  # fmt: skip
    return {
        **{f"digest.{name}": digest for name, digest in digests.items() if digest is not None},
        **{
            f"absent.{row['model']}.{_absence_name(row)}": row["word"]
            for row in audit["absent"]
            if row["seed"] == audit["subject"]["lead_seed"]
        },
        **{f"required.{row['model']}.{row['attribute']}": row["status"] for row in audit["requirements"]},
        "mlflow.note.content": _description(audit, report),
        **({"mlflow.source.git.commit": commit} if commit else {}),
    }


def model_tags(record: Mapping[str, Any], audit: Audit) -> dict[str, str]:
    """Returns the tags of a model's run: weights and labels, where attributes live, and claims of absence."""
    return {
        **_own_tags(record),
        **_place_tags(record, audit["where"]),
        **{
            f"absent.{_absence_name(row)}": row["word"]
            for row in audit["absent"]
            if (row["model"], row["seed"]) == (record["name"], record["seed"])
        },
    }


def metrics_of(record: Mapping[str, Any], where: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Returns how many places of a model are Supported, and the mean share of edits that the classifier sees succeed.

    Edits of attributes that it may not judge do not count; without any other there is no mean.
    """
    own = [row for row in where if (row["model"], row["seed"]) == (record["name"], record["seed"])]
    edits = ((record.get("moves") or {}).get("boundaries") or {}).get("edits", ())
    seen = [edit["conditional"]["success"]["value"] for edit in edits if edit["conditional"]]
    supported = float(sum(row["verdict"] == SUPPORTED for row in own))
    return {"supported_places": supported, **({"edit_success": sum(seen) / len(seen)} if seen else {})}


def write_parts(audit: Audit, into: Path) -> None:
    """Writes audit.json in files that MLflow's pane shows whole: it cuts large ones.

    A file for each key; of each lead model a folder, by its place among them, with a file for each of its keys.
    """
    parts = {key: value for key, value in audit.items() if key != "models"}
    for key, value in parts.items():
        write_json(into / f"{key}.json", value)
    for index, model in enumerate(lead_models(audit), 1):
        folder = into / f"model-{index}"
        folder.mkdir()
        for key, value in model.items():
            write_json(folder / f"{key}.json", value)


def _description(audit: Audit, report: str) -> str:
    """Returns the description on MLflow's page of the run; as markdown, so without names that a user chose."""
    lead = [verdict["verdict"] for verdict in lead_verdicts(audit)]
    found = ", ".join(
        f"{count} {verdict.replace('_', ' ')}" for verdict, count in Counter(lead).most_common()
    )
    places = Counter(row["rung"] for row in audit["where"] if row["seed"] == audit["subject"]["lead_seed"])
    placed = ", ".join(f"{count} {rung}" for rung, count in places.most_common())
    return (
        f"Of {len(lead)} claims that a dimension carries an attribute: {found}. Where attributes live: {placed}. "
        f"[Open the report]({report}), which has reasons, intervals and controls. Under Artifacts, audit.json is the "
        "record behind it, and audit/ has the same in parts."
    )


def _own_tags(record: Mapping[str, Any]) -> dict[str, str]:
    """Returns the tags of a model's run: digest of its weights, and the labels that it was trained with."""
    names = record["supervision"]["attributes"]
    labels = "not stated" if names is None else ", ".join(names) or "none"
    return {"weights_digest": record["weights_digest"], "trained_with_labels": labels}


def _absence_name(row: Mapping[str, Any]) -> str:
    """Returns what a claim of absence is of: "sex", or "sex given age, height"."""
    return f"{row['attribute']} given {', '.join(row['given'])}" if row["given"] else str(row["attribute"])


def _place_tags(record: Mapping[str, Any], where: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns where each attribute lives in a model: "place.posX": "direction (supported)"."""
    return {
        f"place.{row['attribute']}": f"{row['rung']} ({row['verdict'].replace('_', ' ')})"
        for row in where
        if (row["model"], row["seed"]) == (record["name"], record["seed"])
    }
