"""The parts of a built audit that tell of explanations: moves through the latent space."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.reports.audit_builder import AuditBuilder


def add_explanations(builder: AuditBuilder, audit: dict[str, Any]) -> None:
    """Gives every lead model of a built audit the parts that older audits do not have."""
    for index, model in enumerate(audit["models"]):
        if model["is_lead"]:
            model["moves"] = manipulation(builder, f"explained{index}")
            model["uses"] = applications(builder)
            model["attributions"] += _of_the_classifier(model["attributions"])
            model["attribution_evidence"] = [_evidence(row) for row in model["attributions"]]
            model |= asked_parts(builder, f"asked{index}")
            model["frames"] = _frames(builder, f"explained{index}")
    audit["where"] = [_place(verdict, builder.names) for verdict in audit["verdicts"]]
    audit["classifier"]["calibration"] = [
        {
            "attribute": builder.names[0],
            "confidence": builder.estimate(0.95),
            "accuracy": builder.estimate(0.93),
            "error": builder.estimate(0.03, 0.01),
            "error_by_chance": 0.01,
            "bin_confidence": [0.8, 1.0],
            "bin_accuracy": [0.7, 0.99],
        }
    ]


RUNGS = {
    "supported": ("dimension", "isolates", {}),
    "partly_supported": ("direction", "also_changes", {"others": "shape (0.41), scale (0.55)"}),
    "not_supported": ("none", "none", {"limit": "0.02"}),
    "inconclusive": ("read", "read_not_drawn", {}),
    "not_tested": ("read", "read", {}),
}


def _place(verdict: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Returns the row of `where` of one claim: a dimension, a direction, or no place, by the word of its verdict."""
    rung, key, values = RUNGS[verdict["verdict"]]
    checks = {
        name: {"verdict": check["verdict"], "value": check["value"], "threshold": check["threshold"] or 0.0}
        for name, check in verdict["checks"].items()
    }
    reason = {"key": key, "values": values, "text": verdict["reason"]}
    dimensions = [verdict["dimension"]] if rung == "dimension" else [0, 1, 2] if rung == "direction" else []
    return {
        "model": verdict["model"],
        "seed": verdict["seed"],
        "attribute": verdict["attribute"],
        "rung": rung,
        "verdict": verdict["verdict"],
        "reason": reason,
        "members": [
            {"dimension": j, "coefficient": None, "low": None, "high": None}
            for j in dimensions
            if j is not None
        ],
        "shares_with": [],
        "checks": {name: {**check, "reason": reason} for name, check in checks.items()} if dimensions else {},
        "rungs": [],
        "together": None,
    }


def _frames(builder: AuditBuilder, prefix: str) -> dict[str, Any]:
    """Returns the frames of a dimension and a direction of each attribute, five each, and of one of its effects."""
    places = [(name, rung) for name in builder.names for rung in ("dimension", "direction")]
    return {
        "image": 17,
        "file": None,
        "sheet": builder.reference(f"{prefix}-frames", builder.sprites(2 + 5 * len(places))),
        "places": [
            {
                "attribute": name,
                "rung": rung,
                "held": [],
                "kind": "quantiles",
                "marks": [0.02, 0.25, 0.5, 0.75, 0.98],
                "effect": builder.estimate(0.77, 0.02),
                "unit": "own",
                "first": 2 + 5 * index,
            }
            for index, (name, rung) in enumerate(places)
        ],
    }


def _of_the_classifier(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    method = {"target": "classifier", "method": "KernelShap", "subject": "shape", "dimension": None}
    return [{**rows[0], **method}]


def _evidence(row: dict[str, Any]) -> dict[str, Any]:
    counts = row["checks"]["faithful"]
    return {
        "target": row["target"],
        "subject": row["subject"],
        "counted": [row["method"]] if counts else [],
        "signs_only": [row["method"]] if row["checks"]["verdict"] == "passed_in_sign_only" else [],
        "set_aside": [] if counts else [row["method"]],
        "agreement": None,
        "mass_inside": 0.7,
        "area_share": 0.1,
        "mass_randomised": 0.2,
    }


def manipulation(builder: AuditBuilder, prefix: str) -> dict[str, Any]:
    """Returns the `moves` part of one model, each number from the builder's random stream."""

    def outcome(success: float) -> dict[str, Any]:
        return {"success": builder.estimate(success), "others_kept": builder.estimate(0.8)}

    def pictures(name: str, count: int) -> dict[str, str]:
        return builder.reference(f"{prefix}-{name}", builder.sprites(count))

    return {
        "interpolation": {
            "paths": [
                {"kind": kind, "straightness": builder.estimate(0.7), "largest_step": builder.estimate(1.6)}
                for kind in ("linear", "spherical", "pixels")
            ],
            "pairs": 32,
            "steps": 5,
            "shown": 1,
            "pictures": pictures("interpolation", 15),
        },
        "arithmetic": [
            {
                "attribute": name,
                "meaning": f"{name} > 0.5",
                "plain": outcome(0.8),
                "conditional": outcome(0.7),
                "random": None if index == 0 else outcome(0.1),
                "cosine": 0.9,
                "reason": None,
                "pictures": pictures(f"added{index}", 4),
            }
            for index, name in enumerate(builder.names)
        ],
        "boundaries": {"steps": [-1.0, 0.0, 1.0], "edits": _edits(builder, outcome, pictures)},
        "perturbation": {
            "attributes": builder.names,
            "units": ["probability", *["standard deviations"] * (len(builder.names) - 1)],
            "noise": 0.25,
            "rows": [
                {
                    "dimension": j,
                    "name": f"z{j}",
                    "image": builder.estimate(0.02 / (j + 1), 0.001),
                    "attributes": _estimates(builder, len(builder.names)),
                }
                for j in range(builder.dimensions)
            ],
        },
        "frechet": {"samples": builder.estimate(3.0, 0.4), "real": builder.estimate(0.4, 0.1)},
    }


def _edits(builder: AuditBuilder, outcome: Any, pictures: Any) -> list[dict[str, Any]]:
    return [
        {
            "attribute": name,
            "meaning": f"{name} > 0.5",
            "accuracy": builder.estimate(0.9),
            "primal": outcome(0.9),
            "conditional": None if index == 0 else outcome(0.8),
            "kept_share": 0.9,
            "reason": "fewer than ten decoded images were read as being without it" if index == 0 else None,
            "strip": pictures(f"edited{index}", 3),
        }
        for index, name in enumerate(builder.names)
    ]


def _estimates(builder: AuditBuilder, count: int) -> Sequence[dict[str, Any]]:
    return [builder.estimate(0.1, 0.01) for _ in range(count)]


def applications(builder: AuditBuilder) -> dict[str, Any]:
    """Returns the `uses` part of one model."""

    def rate(at: float, bits: float) -> dict[str, Any]:
        return {
            "at": at,
            "rate_bits": builder.estimate(bits, 0.1),
            "distortion": builder.estimate(1 / (bits + 10), 0.001),
            "peak_signal_to_noise": 20.0,
        }

    curves = {
        "precision": [rate(step, 10 / step) for step in (2.0, 1.0, 0.5)],
        "size": [rate(count, 5 * count) for count in (0, 2, 4)],
        "raw_bits": 8192,
    }
    return {
        "anomaly": {
            "outside_name": "MNIST",
            "inside_images": 200,
            "outside_images": 200,
            "scores": [
                {
                    "score": score,
                    "auroc": builder.estimate(auroc),
                    "inside": builder.estimate(20.0, 1.0),
                    "outside": builder.estimate(15.0, 1.0),
                }
                for score, auroc in (("negative ELBO", 0.3), ("likelihood regret", 0.9))
            ],
            "likelihood_misleads": True,
            "not_applicable": None,
        },
        "compression": {
            **curves,
            "pca": {
                "fitted_images": 1500,
                "curves": curves,
                "differences": [
                    {
                        "dimensions": count,
                        "rate_bits": builder.estimate(-2.0, 0.5),
                        "distortion": builder.estimate(-0.02, 0.005),
                    }
                    for count in (0, 2, 4)
                ],
            },
        },
        "augmentation": [
            {
                "attribute": name,
                "meaning": f"{name} > 0.5",
                "points": [
                    {
                        "labelled": count,
                        "generated": 300,
                        "without": builder.estimate(0.7),
                        "with_generated": builder.estimate(0.8),
                        "difference": builder.estimate(0.1),
                    }
                    for count in (40, 80, 160)
                ],
            }
            for name in builder.names
        ],
    }


def asked_parts(builder: AuditBuilder, prefix: str) -> dict[str, Any]:
    """Returns what settings ask for of one model: `likelihood`, `variations`, and what stands beside the model."""
    random = np.random.default_rng(7)

    def pictures(name: str, count: int) -> dict[str, str]:
        drawn = random.integers(0, 256, (count, builder.channels, builder.size, builder.size), dtype=np.uint8)
        return builder.reference(f"{prefix}-{name}", drawn)

    gaps = ((11, 1.25, 210.0), (12, 4.5, 6.0), (13, 2.0, 88.0))
    return {
        "likelihood": {
            "images": len(gaps),
            "elbo": builder.estimate(-26.5, 0.8),
            "bounds": [
                {"draws": 500, "bound": builder.estimate(-24.6, 0.8), "effective": 21.0, "reached": 0.6667},
                {"draws": 5000, "bound": builder.estimate(-23.9, 0.8), "effective": 88.0, "reached": 0.6667},
            ],
            "exact": None,
            "too_low": builder.estimate(2.58, 0.3),
            "by_image": [
                {"row": row, "gap": gap, "effective": effective, "reached": effective >= 10}
                for row, gap, effective in gaps
            ],
        },
        **_beside(builder, pictures),
        "variations": {
            "noise": {
                "levels": [0.25, 0.5, 1.0],
                "draws": 3,
                "pictures": pictures("noisy", 20),
            },
            "disturbed": {
                "noise": 0.25,
                "dimensions": [2, 0, 1],
                "pictures": pictures("disturbed", 8),
            },
            "sums": [{"images": ["12", "7", "40"], "pictures": pictures("sum", 4)}],
            "ways": [
                {
                    "images": ["12", "7"],
                    "steps": 9,
                    "pictures": pictures("way", 18),
                }
            ],
            "edits": [
                {
                    "terms": ["+ shape = heart", "- scale > 0.7"],
                    "attributes": builder.names[:2],
                    "success": builder.estimate(0.44, 0.1),
                    "each": [builder.estimate(0.6, 0.1), builder.estimate(0.7, 0.1)],
                    "reason": None,
                    "pictures": pictures("edit", 10),
                }
            ],
        },
    }


def _beside(builder: AuditBuilder, pictures: Any) -> dict[str, Any]:
    """Returns `mixture`, `augmented_cnn` and `left_out` of one model."""

    def gallery(key: str, left_out: Sequence[bool]) -> dict[str, Any]:
        images = [
            {
                "row": 40 + place,
                "score": 90.0 - place,
                "left_out": is_left_out,
                "dimension": 1,
                "deviations": -4.5,
            }
            for place, is_left_out in enumerate(left_out)
        ]
        return {
            "images": images,
            "pictures": pictures(f"{key}-images", len(images)),
            "rebuilt": pictures(f"{key}-rebuilt", len(images)),
        }

    name = builder.names[0]
    return {
        "mixture": {
            "components": 10,
            "candidates": [
                {"components": 1, "log_likelihood": -38.1},
                {"components": 10, "log_likelihood": -31.2},
            ],
            "mixture": builder.estimate(-31.0, 0.5),
            "elbo": builder.estimate(-26.5, 0.8),
            "bound": builder.estimate(-25.0, 0.8),
            "difference": builder.estimate(6.0, 0.5),
            "pixels": "gaussian",
            "dimensions": 4,
            "fitted_images": 5000,
            "draws": 100,
            "exact": False,
            "means": pictures("mixture", 10),
        },
        "augmented_cnn": {
            "labelled": 100,
            "generated": 300,
            "held_out_images": 2500,
            "repeats": 5,
            "steps": 300,
            "gains": [
                {
                    "attribute": name,
                    "meaning": f"{name} > 0.5",
                    "without": builder.estimate(0.7, 0.02),
                    "with_generated": builder.estimate(0.78, 0.02),
                    "difference": builder.estimate(0.08, 0.03),
                }
            ],
        },
        "left_out": {
            "attribute": name,
            "value": "heart",
            "images": 1000,
            "left_out_images": 330,
            "training_images": 14000,
            "scores": [
                {
                    "score": "negative ELBO",
                    "auroc": builder.estimate(0.8, 0.02),
                    "above_pca": builder.estimate(0.15, 0.03),
                },
                {
                    "score": "PCA reconstruction error",
                    "auroc": builder.estimate(0.65, 0.02),
                    "above_pca": None,
                },
            ],
            "judged_by": "negative ELBO",
            "most_anomalous": gallery("strange", (True, True, False)),
            "usual": gallery("usual", (False, False, False)),
        },
    }
