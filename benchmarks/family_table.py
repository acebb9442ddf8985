"""What each kind of model of a finished run gives, as a table in markdown: what docs/reference-results.md quotes.

    latent-audit run configs/family.yaml && python -m benchmarks.family_table runs/latest

One row a model, first seed: reconstruction, KL and evidence lower bound in nats per image, the Frechet distance of its
samples in the classifier's features, and how many attributes have a place that an intervention supports. Bounds compare
models of the same pixel distribution alone, which the table names. Under it stands a sentence a model.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latent_audit.reports.record.audit_json import read_audit
from latent_audit.vocabulary.record.forms import recorded

COLUMNS = ("model", "pixels", "reconstruction", "KL", "ELBO", "Frechet distance of samples", "places")
PLACES = ("dimension", "direction", "block")
FOUND = ("supported", "partly_supported")
Found = Mapping[str, Any]


def main(words: Sequence[str] | None = None) -> None:
    """Prints the table and the sentences."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.family_table",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a finished run")
    audit: Any = read_audit(parser.parse_args(words).run)
    leads = [model for model in audit["models"] if model["is_lead"]]
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * len(COLUMNS)}")
    for model in leads:
        print(f"| {' | '.join(_cells(audit, model))} |")
    print()
    for model in leads:
        print(f"- {_sentence(audit, leads, model)}")


def _cells(audit: Found, model: Found) -> list[str]:
    fitness, moves = model["fitness"], recorded(model.get("moves"))
    distance = None if moves is None else moves["frechet"]["samples"]
    figures = (fitness["reconstruction"], fitness["kl"], fitness.get("elbo"), distance)
    places = _places(audit, model)
    return [
        model["name"],
        _pixels(model),
        *map(_figure, figures),
        f"{len(places)} of {len(audit['data']['attributes'])}",
    ]


def _pixels(model: Found) -> str:
    recipe = model["recipe"]
    kind = str(recipe.get("reconstruction", "–"))
    variance = recipe.get("pixel_variance")
    return kind if variance is None else f"{kind} {variance:g}"


def _places(audit: Found, model: Found) -> list[str]:
    return [
        row["attribute"]
        for row in audit["where"]
        if (row["model"], row["seed"]) == (model["name"], model["seed"])
        and row["rung"] in PLACES
        and row["verdict"] in FOUND
    ]


def _figure(part: Any) -> str:
    estimate = recorded(part)
    if not estimate:
        return "–"
    low, high = estimate["low"], estimate["high"]
    return f"{estimate['value']:.1f}" if low is None else f"{estimate['value']:.1f} [{low:.1f}, {high:.1f}]"


def _sentence(audit: Found, leads: Sequence[Found], model: Found) -> str:
    """Returns what a model buys beside the plain VAE of the run, by its figures."""
    parts = []
    plain = next((lead for lead in leads if lead["kind"] == "vae" and lead is not model), None)
    moves = recorded(model.get("moves"))
    if moves:
        samples, real = moves["frechet"]["samples"]["value"], moves["frechet"]["real"]["high"]
        if real is not None:
            parts.append(
                f"its samples lie {samples / real:.0f} times as far from the data as other real images at most do"
            )
        other = None if plain is None else recorded(plain.get("moves"))
        if other:
            parts.append(f"{samples / other['frechet']['samples']['value']:.2g} times the VAE's distance")
    elbo = recorded(model["fitness"].get("elbo"))
    if elbo and plain is not None and _pixels(plain) == _pixels(model):
        parts.append(
            f"its bound is {elbo['value'] - plain['fitness']['elbo']['value']:+.1f} nats from the VAE's"
        )
    elif not elbo:
        parts.append("it has no evidence lower bound")
    names = _places(audit, model)
    parts.append(f"{', '.join(names) if names else 'no attribute'} has a place that interventions support")
    return f"{model['name']}: {'; '.join(parts)}."


if __name__ == "__main__":
    main()
