"""What the attribute classifier may not judge in a model's images is not stated of that model anywhere.

Edits, noise on dimensions and asked-for samples are scored by the same classifier as check C. Where its gate is closed
for an attribute, its numbers mean nothing there either.
"""

from collections.abc import Mapping
from typing import Any

from latent_audit.vocabulary.reasons import Reason, reason_in

Record = dict[str, Any]


def closed_gates(
    record: Mapping[str, Any], unreadable: Mapping[str, Mapping[str, Reason]]
) -> dict[str, Reason]:
    """Returns why the classifier may not judge each attribute that it may not judge in this model's images."""
    found = {name: row["reason"] for name, row in unreadable.items()}
    for gate in (record.get("intervention") or {}).get("gates", ()):
        if gate["status"] != "passed":
            found.setdefault(gate["attribute"], reason_in(gate))
    return found


def take_out_unread(record: Record, closed: Mapping[str, Reason], unreadable: Mapping[str, Any]) -> None:
    """Puts the reason in the place of every number about an attribute whose gate is closed."""
    moves = record.get("moves") or {}
    for rows, ways in (
        (moves.get("arithmetic", ()), ("plain", "conditional", "random")),
        (moves.get("boundaries", {}).get("edits", ()), ("primal", "conditional")),
    ):
        for row in rows:
            if row["attribute"] in closed:
                row.update(dict.fromkeys(ways), reason=closed[row["attribute"]])
    disturbed = moves.get("perturbation", {"attributes": (), "rows": ()})
    for row in disturbed["rows"]:
        row["attributes"] = [
            {"not_applicable": closed[name]} if name in closed else value
            for name, value in zip(disturbed["attributes"], row["attributes"], strict=True)
        ]
    gan = record.get("gan") or {}
    if gan.get("edits"):
        gan["edits"] = [row for row in gan["edits"] if row["attribute"] not in closed]
    # That asked-for samples cannot be read is what this score says; only where real images cannot be it says nothing.
    for row in gan.get("samples_follow", ()):
        if row["attribute"] in unreadable:
            row["estimate"] = {"not_applicable": unreadable[row["attribute"]]["reason"]}
    for row in gan.get("asked", ()):
        if row["attribute"] in unreadable:
            reason = {"not_applicable": unreadable[row["attribute"]]["reason"]}
            row.update(read=reason, agrees=reason, share=reason)
