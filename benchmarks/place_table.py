"""Where the attributes of a finished run live, as a table in markdown: what docs/reference-results.md quotes.

    python -m benchmarks.place_table runs/latest

One row a model and attribute, one column a seed: verdict, place, cause and least kept of the swap with 95 % intervals.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latent_audit.reports.record.audit_json import read_audit
from latent_audit.vocabulary.record.leads import rung_of

LETTERS = {
    "supported": "S",
    "partly_supported": "P",
    "inconclusive": "I",
    "not_supported": "N",
    "not_tested": "not tested",
}


def main(words: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.place_table",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a finished run")
    audit: Any = read_audit(parser.parse_args(words).run)
    seeds = sorted({row["seed"] for row in audit["where"]})
    print(f"| model, attribute | {' | '.join(f'seed {seed}' for seed in seeds)} |")
    print(f"|---|{'---|' * len(seeds)}")
    cells = {(row["model"], row["attribute"], row["seed"]): _cell(audit, row) for row in audit["where"]}
    for model, attribute in dict.fromkeys((row["model"], row["attribute"]) for row in audit["where"]):
        print(f"| {model}, {attribute} | {' | '.join(cells[model, attribute, seed] for seed in seeds)} |")


def _cell(audit: Any, row: Any) -> str:
    found: Mapping[str, Any] = rung_of(row) or {}
    words = [LETTERS[row["verdict"]], row["rung"].replace("_", " ")]
    if row["rung"] in ("dimension", "direction", "block"):
        words.append(", ".join(_names(audit, row)))
    if row["shares_with"]:
        words.append(f"shared with {', '.join(row['shares_with'])}")
    figures = [_figure(found[name]) for name in ("cause", "least_kept") if found.get(name)]
    return f"{' '.join(words)}{': ' if figures else ''}{'; '.join(figures)}"


def _names(audit: Any, row: Mapping[str, Any]) -> list[str]:
    (model,) = (m for m in audit["models"] if (m["name"], m["seed"]) == (row["model"], row["seed"]))
    return [model["dimensions"][member["dimension"]]["name"] for member in row["members"]]


def _figure(estimate: Mapping[str, Any]) -> str:
    return f"{estimate['value']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"


if __name__ == "__main__":
    main()
