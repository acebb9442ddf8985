"""Writes a run folder as the pipeline leaves it, from seeded random numbers, so that reports can be
tested at any size and with any names."""

import hashlib
import json
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from latent_audit.reports.record.audit_json import SCHEMA_VERSION
from latent_audit.tasks.analyses.checks.thresholds import Thresholds

DOSES = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]
ATTRIBUTES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("shape", "categorical", ["square", "ellipse", "heart"], None),
    ("scale", "ordinal", ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"], None),
    ("orientation", "cyclic", [], "degrees"),
    ("posX", "continuous", [], "share of the width"),
    ("posY", "continuous", [], "share of the height"),
)
MODELS = ("vae", "beta_vae", "interpretable_gan")
VERDICTS = {
    "vae": ["not_supported", "inconclusive", "not_tested", "partly_supported", "partly_supported"],
    "beta_vae": ["partly_supported", "supported", "not_supported", "supported", "supported"],
    "interpretable_gan": ["supported", "supported", "inconclusive", "supported", "supported"],
}
REASONS = {
    "supported": "Every check that was made passed, on images that chose nothing.",
    "partly_supported": "The association holds, but the dimension also carries other attributes.",
    "not_supported": "No dimension reaches the threshold for association.",
    "inconclusive": "The interval of the effect crosses the threshold.",
    "not_tested": "The classifier misreads this model's reconstructions, so the intervention says nothing.",
}


CONTROLS = ("shuffled", "random_init", "pca")


class AuditBuilder:
    """Builds one run folder; every size and name is an argument, every number follows from `seed`."""

    def __init__(
        self,
        folder: Path,
        *,
        models: tuple[str, ...] = MODELS,
        attributes: tuple[tuple[str, str, list[str], str | None], ...] = ATTRIBUTES,
        dimensions: int = 10,
        seeds: int = 3,
        image_size: int = 32,
        channels: int = 1,
        seed: int = 0,
        unreadable: tuple[str, ...] = (),
    ) -> None:
        self.unreadable = unreadable
        self.folder, self.models, self.attributes = folder, models, attributes
        self.dimensions, self.seeds, self.size, self.channels = dimensions, seeds, image_size, channels
        self.random = np.random.default_rng(seed)
        self.names = [attribute[0] for attribute in attributes]

    # ---- small pieces -------------------------------------------------------------------------

    def reference(self, name: str, array: np.ndarray) -> dict[str, str]:
        path = self.folder / "arrays" / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array)
        return {"path": f"arrays/{name}.npy", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}

    def estimate(
        self, value: float, width: float = 0.04, source: str = "bootstrap over images"
    ) -> dict[str, Any]:
        value = float(value)
        return {"value": value, "low": value - width, "high": value + width, "n": 1024, "source": source}

    def sprite(self, shape: int, scale: float, angle: float, x: float, y: float) -> np.ndarray:
        rows, columns = np.mgrid[0 : self.size, 0 : self.size] / (self.size - 1)
        u, v = columns - 0.25 - 0.5 * x, rows - 0.25 - 0.5 * y
        u, v = u * np.cos(angle) + v * np.sin(angle), -u * np.sin(angle) + v * np.cos(angle)
        radius = 0.18 * scale
        if shape == 0:
            inside = np.maximum(abs(u), abs(v)) < radius
        elif shape == 1:
            inside = (u / radius / 1.25) ** 2 + (v / radius / 0.7) ** 2 < 1
        else:
            p, q = u / radius, -v / radius + 0.2
            inside = (p**2 + q**2 - 1) ** 3 - p**2 * q**3 < 0
        image = np.repeat((inside * 255).astype(np.uint8)[None], self.channels, axis=0)
        if self.channels == 3:
            image = (image * np.array([0.9, 0.6, 0.3])[:, None, None]).astype(np.uint8)
        return image

    def sprites(self, count: int, blur: float = 0.0) -> np.ndarray:
        values = self.random.random((count, 5))
        images = np.stack(
            [self.sprite(int(v[0] * 3), 0.5 + v[1] / 2, v[2] * 6.28, v[3], v[4]) for v in values]
        )
        return self.soften(images, blur)

    def soften(self, images: np.ndarray, blur: float) -> np.ndarray:
        if blur <= 0:
            return images
        mixed = images.astype(float)
        for axis in (2, 3):
            mixed = (np.roll(mixed, 1, axis) + mixed + np.roll(mixed, -1, axis)) / 3
        return np.clip(mixed + 0, 0, 255).astype(np.uint8)

    # ---- parts --------------------------------------------------------------------------------

    def data(self) -> dict[str, Any]:
        matrix = np.clip(np.eye(len(self.names)) + self.random.random((len(self.names),) * 2) * 0.06, 0, 1)
        matrix = np.maximum(matrix, matrix.T)
        entangled = []
        if len(self.names) > 1:
            matrix[0, 1] = matrix[1, 0] = 0.31
            entangled = [{"first": self.names[0], "second": self.names[1], "value": 0.31}]
        described = []
        for name, kind, classes, unit in self.attributes:
            summary: dict[str, Any] = {
                "counts": [int(c) for c in self.random.integers(900, 1100, len(classes))]
            }
            if not classes:
                summary = {
                    "mean": 0.5,
                    "std": 0.29,
                    "min": 0.0,
                    "max": 1.0,
                    "quantiles": [0.05, 0.25, 0.5, 0.75, 0.95],
                }
            described.append(
                {
                    "name": name,
                    "kind": kind,
                    "classes": classes,
                    "unit": unit,
                    "summary": summary,
                    "description": f"What {name} says about an image.",
                }
            )
        return {
            "name": "sprites",
            "description": "White shapes on black, drawn from their rule.",
            "source": "rendered here",
            "licence": "Apache-2.0",
            "digest": "ab" * 32,
            "images": 36864,
            "image_shape": [self.channels, self.size, self.size],
            "parts": [
                {"name": name, "images": count, "purpose": purpose}
                for name, count, purpose in (
                    ("model_train", 20000, "trains the generative models"),
                    ("classifier_train", 8000, "trains the attribute classifiers"),
                    ("probe_fit", 4000, "chooses dimensions, bins and thresholds"),
                    ("probe_test", 4864, "scores what was chosen"),
                )
            ],
            "attributes": described,
            "correlation": {
                "names": self.names,
                "matrix": matrix.tolist(),
                "entangled": entangled,
                "statistic": "uncertainty coefficient",
            },
            "samples": self.reference("samples", self.sprites(40)),
        }

    def evidence(self, model: str, seed: int) -> dict[str, Any]:
        k, d = len(self.names), self.dimensions
        carried = self.random.random((k, d)) * 0.04
        for index in range(min(k, d)):
            carried[index, (index * 2 + seed) % d] = 0.35 + 0.5 * self.random.random()
        adjusted = np.where(carried > 0.05, 0.0005, 0.4 + 0.6 * self.random.random((k, d)))
        best = carried.argmax(axis=1)
        effect = carried * 2.5
        association = {
            "attributes": self.names,
            "uncertainty": carried.tolist(),
            "low": (carried * 0.9).tolist(),
            "high": (carried * 1.1).tolist(),
            "p_adjusted": adjusted.tolist(),
            "n": 4864,
            "permutations": 2000,
            "null_max": np.sort(2.0 + self.random.gamma(4, 0.15, 100)).tolist(),
            "statistic": (200 * carried).tolist(),
        }
        probes = [
            {
                "attribute": name,
                "statistic": "balanced accuracy" if classes else "R2",
                "results": [
                    {"probe": probe, "codes": codes, "estimate": self.estimate(value)}
                    for probe, codes, value in (
                        ("logistic", "model", 0.84),
                        ("boosting", "model", 0.93),
                        ("logistic", "random_init", 0.52),
                        ("logistic", "pca", 0.61),
                        ("logistic", "shuffled_labels", 0.34),
                        ("logistic", "majority", 0.33),
                    )
                ],
                "selectivity": self.estimate(0.5),
            }
            for name, _, classes, _ in self.attributes
        ]
        specificity = [
            {
                "attribute": name,
                "dimension": int(best[i]),
                "uncertainty": self.estimate(carried[i, best[i]]),
                "runner_up": int(np.argsort(carried[i])[-2]) if d > 1 else None,
                "gap": self.estimate(float(np.ptp(np.sort(carried[i])[-2:]))),
                "leakage": [
                    {
                        "attribute": other,
                        "conditional_uncertainty": self.estimate(0.02 + 0.1 * self.random.random(), 0.01),
                    }
                    for other in self.names
                    if other != name
                ],
                "survives_conditioning": [
                    {"on": other, "uncertainty": self.estimate(0.3), "survives": True}
                    for other in self.names
                    if other != name
                ],
                "explained_away_by": [self.names[0]] if model == "vae" and i == 1 else [],
            }
            for i, name in enumerate(self.names)
        ]
        claims = []
        for i, name in enumerate(self.names):
            middle = np.tanh(np.linspace(-2, 2, 7)) * effect[i, best[i]] / 2
            claims.append(
                {
                    "attribute": name,
                    "dimension": int(best[i]),
                    "unit": "probability"
                    if self.attributes[i][1] in ("binary", "categorical")
                    else "standard deviations",
                    "on_target": self.estimate(effect[i, best[i]], 0.08),
                    "consistency": self.estimate(0.93, 0.02),
                    "sign": 1,
                    "curve": {
                        "dose": DOSES,
                        "mean": middle.tolist(),
                        "low": (middle - 0.09).tolist(),
                        "high": (middle + 0.09).tolist(),
                        "response": name,
                    },
                    "off_target": [
                        {
                            "attribute": other,
                            "effect": self.estimate(0.05 + 0.15 * self.random.random(), 0.03),
                        }
                        for other in self.names
                        if other != name
                    ],
                    "null": {
                        "effect": float(effect[i, best[i]]),
                        "random_directions": np.sort(self.random.gamma(5, 0.04, 40)).tolist(),
                        "untrained_decoder": np.sort(self.random.gamma(3, 0.01, self.dimensions)).tolist(),
                        "p_adjusted": 0.02 if i % 2 == 0 else 0.4,
                    },
                }
            )
        intervention = {
            "images": 256,
            "doses": DOSES,
            "gates": [
                {
                    "attribute": name,
                    "status": "not_tested" if model == "vae" and i == 2 else "passed",
                    "statistic": "balanced accuracy on reconstructions",
                    "value": 0.91,
                    "threshold": 0.8,
                    "reason": "The classifier reads this model's reconstructions well enough.",
                }
                for i, name in enumerate(self.names)
            ],
            "effect": effect.tolist(),
            "effect_low": (effect * 0.9).tolist(),
            "effect_high": (effect * 1.1).tolist(),
            "p_adjusted": adjusted.tolist(),
            "claims": claims,
        }
        return {
            "association": association,
            "probes": probes,
            "specificity": specificity,
            "intervention": intervention,
        }

    def pictures(self, model: str, prefix: str) -> dict[str, Any]:
        steps, blur = 7, 1.0 if model == "vae" else 0.5
        dials = np.linspace(0, 1, steps)
        frames = []
        for dimension in range(self.dimensions):
            for dial in dials:
                values = [0.4, 0.7, 0.1, 0.5, 0.5]
                values[dimension % 5] = dial
                frames.append(
                    self.sprite(
                        int(values[0] * 2.99), 0.5 + values[1] / 2, values[2] * 6, values[3], values[4]
                    )
                )
        sheet = self.soften(np.stack(frames), blur)
        traversal = {
            "sheet": self.reference(f"{prefix}-traversal", sheet),
            "shifts": [-1.0, 0.0, 1.0],
            "shifted": self.reference(f"{prefix}-shifted", sheet[: 3 * self.dimensions]),
            "quantiles": DOSES,
            "rows": [
                {"dimension": j, "name": f"z{j}", "kl_nats": 3.0 / (j + 1)} for j in range(self.dimensions)
            ],
            "values": [np.linspace(-2, 2, steps).tolist() for _ in range(self.dimensions)],
        }
        count = 300
        factors = self.random.random((count, len(self.names)))
        for column, (_, _, classes, _) in enumerate(self.attributes):
            if classes:
                factors[:, column] = np.floor(factors[:, column] * len(classes))
        plane = np.stack([factors[:, 0] * 2 + self.random.normal(0, 0.3, count), factors[:, -1] * 4], axis=1)
        solid = np.column_stack([plane, factors[:, len(self.names) // 2]]).astype(np.float32)
        projections = [
            {
                "method": method,
                "components": components,
                "seed": 0,
                "coordinates": self.reference(f"{prefix}-{method}-{components}", solid[:, :components]),
                "rows": self.reference(f"{prefix}-{method}-rows", np.arange(count)),
                "values": self.reference(f"{prefix}-{method}-values", factors),
                "trustworthiness": 0.94,
                "continuity": 0.96,
                "clusters": {
                    "count": 3,
                    "silhouette": 0.41,
                    "adjusted_rand": dict.fromkeys(self.names, 0.2),
                },
            }
            for method, components in (("pca", 2), ("umap", 2), ("umap", 3))
        ]
        images = self.sprites(3)
        maps = (images[:, 0].astype(np.float32) / 255) * self.random.normal(
            0.6, 0.4, (3, self.size, self.size)
        )
        attributions = [
            {
                "target": target,
                "method": method,
                "subject": subject,
                "dimension": dimension,
                "images": self.reference(f"{prefix}-{target}-images", images),
                "maps": self.reference(f"{prefix}-{target}-maps", maps.astype(np.float32)),
                "picked": ["best", "median", "worst"],
                "mean_map": self.reference(f"{prefix}-{target}-mean", maps.mean(axis=0).astype(np.float32)),
                "checks": {
                    "convergence_delta": 0.0004,
                    "infidelity": self.estimate(0.02, 0.005),
                    "max_sensitivity": self.estimate(0.3, 0.02),
                    "randomisation": [
                        {"layer": "head", "rank_correlation": 0.2},
                        {"layer": "conv1", "rank_correlation": 0.05},
                    ],
                    "faithful": word != "failed",
                    "verdict": word,
                    "reason": "The map changes when the weights are randomised.",
                    "mass_inside": self.estimate(0.71),
                    "area_share": 0.12,
                    "mass_randomised": self.estimate(0.2),
                },
            }
            for target, method, subject, dimension, word in (
                ("encoder", "IntegratedGradients", "z0", 0, "passed_in_sign_only"),
                ("encoder", "SmoothGrad", "z0", 0, "passed"),
                ("decoder", "Jacobian", "z1", 1, "failed"),
            )
        ]
        return {"traversal": traversal, "projections": projections, "attributions": attributions}

    def model(self, name: str, seed: int) -> dict[str, Any]:
        prefix = f"{self.models.index(name)}-seed{seed}"
        lead = seed == 0
        steps = np.linspace(0, 4000, 20)
        originals = self.sprites(8)
        pairs = np.stack([originals, self.soften(originals, 1.0)], axis=1).reshape(-1, *originals.shape[1:])
        losses = 60 * np.exp(-steps / 900) + 12 + seed
        scores: dict[str, Any] = {
            key: self.estimate(value + seed * 0.01, 0.02)
            for key, value in (
                ("mig", 0.31),
                ("sap", 0.22),
                ("dci_disentanglement", 0.58),
                ("modularity", 0.86),
            )
        }
        scores["irs"] = {"not_applicable": "IRS needs a full factor grid, which these data are not."}
        gan = None
        if name == "interpretable_gan" and lead:
            gan = {
                "contributions": None,
                "samples_follow": [
                    {"attribute": n, "statistic": "balanced accuracy", "estimate": self.estimate(0.9)}
                    for n in self.names
                ],
                "edits": [
                    {
                        "attribute": self.names[0],
                        "change": self.estimate(0.4),
                        "moved": self.estimate(0.98),
                        "off_target": self.names[1],
                        "off_target_change": self.estimate(-0.03),
                    }
                ],
                "samples": self.reference(f"{prefix}-gan", self.sprites(16)),
                **self.generator(prefix),
            }
        empty: dict[str, Any] = {"traversal": None, "projections": [], "attributions": []}
        return {
            "id": f"{name}-seed{seed}",
            "name": name,
            "kind": name if name in MODELS else "vae",
            "seed": seed,
            "is_lead": lead,
            "latent_dim": self.dimensions,
            "parameters": 412345,
            "weights_digest": "cd" * 32,
            "recipe": {"kind": "vae", "beta": 4.0},
            "supervision": {
                "attributes": self.names if name == "interpretable_gan" else [],
                "labelled_share": 0.25 if name == "interpretable_gan" else 0.0,
                "stated_by": "training",
            },
            "dimensions": [
                {"index": j, "name": f"z{j}", "kl_nats": 3.0 / (j + 1), "active": j < self.dimensions - 3}
                for j in range(self.dimensions)
            ],
            "training": {
                "steps": 4000,
                "images_seen": 1024000,
                "stopped": "all steps done",
                "curves": {
                    "loss": {"step": steps.tolist(), "value": losses.tolist()},
                    "validation/loss": {"step": steps.tolist(), "value": (losses + 1.5).tolist()},
                },
            },
            "fitness": {
                "reconstruction_nats_per_image": 14.2,
                "kl_nats_per_image": 11.1,
                "reconstruction": self.estimate(14.2, 0.4),
                "kl": self.estimate(11.1, 0.2),
                "elbo": self.estimate(-26.5, 0.5) if name == "vae" else None,
                "active_units": 7,
                "collapsed": False,
                "collapse_reason": "7 of 10 dimensions are active.",
                "reconstruction_pairs": self.reference(f"{prefix}-pairs", pairs),
                "samples": self.reference(f"{prefix}-samples", self.sprites(16)),
                **({"free_dimensions": self.free_dimensions()} if name == "interpretable_gan" else {}),
            },
            "scores": scores,
            **self.evidence(name, seed),
            **(self.pictures(name, prefix) if lead else empty),
            "gan": gan,
            "discriminator": self.discriminator(prefix, seed) if name == "interpretable_gan" else None,
            "particulars": self.model_specific(prefix) if lead and name == "interpretable_gan" else None,
        }

    def free_dimensions(self) -> list[dict[str, Any]]:
        return [
            {
                "index": 8 + place,
                "name": f"free{place}",
                "recovered": self.estimate(recovered),
                "change": change,
                "used": change > 0.01,
                "lives": recovered >= 0.5 and change > 0.01,
            }
            for place, (recovered, change) in enumerate(((0.83, 0.2), (0.03, 0.1), (0.01, 0.0)))
        ]

    def generator(self, prefix: str) -> dict[str, Any]:
        """What an InterpretableGAN's generator does."""
        asked = []
        for name, kind, classes, _ in self.attributes:
            named = kind in ("categorical", "binary")
            values = [classes[0], classes[-1]] * 8 if named else np.linspace(0, 1, 16).round(3).tolist()
            wrong = [classes[0]] * 16 if named else [value + 0.4 for value in values]
            agrees = [place % 3 > 0 for place in range(16)]
            read = [
                value if good else other for value, other, good in zip(values, wrong, agrees, strict=True)
            ]
            asked.append(
                {
                    "attribute": name,
                    "asked": values,
                    "read": read,
                    "agrees": agrees,
                    "share": self.estimate(0.67, source="bootstrap over samples"),
                }
            )
        return {
            "asked": asked,
            "variance_shares": [
                {
                    "group": group,
                    "columns": columns,
                    "total": self.estimate(total),
                    "alone": self.estimate(alone),
                }
                for group, columns, total, alone in (
                    ("named", 8, 0.97, 0.88),
                    ("free", 3, 0.06, 0.02),
                    ("noise", 4, 0.1, 0.01),
                )
            ],
            "noise": {
                "levels": [-2.0, 0.0, 2.0],
                "moved": [self.estimate(0.02, 0.004) for _ in range(4)],
                "strips": self.reference(f"{prefix}-noise", self.sprites(12)),
            },
            "convergence": [
                {"curve": "follow", "start": 1.64, "end": 0.93, "moved": 0.31, "levelled_off": False},
                {"curve": "sample_diversity", "start": 0.7, "end": 0.9, "moved": 0.02, "levelled_off": True},
            ],
            "collapse_reason": "",
        }

    def discriminator(self, prefix: str, seed: int) -> dict[str, Any]:
        """What the discriminator of one seed decides by: a term of each attribute, and of one pair."""
        functions, terms = [], []
        for place, (name, kind, classes, _) in enumerate(self.attributes):
            form = (
                "classes" if kind in ("categorical", "binary") else "angle" if kind == "cyclic" else "number"
            )
            at = list(range(len(classes))) if form == "classes" else np.linspace(0, 1, 9).round(3).tolist()
            functions.append(
                {
                    "attribute": name,
                    "kind": form,
                    "at": at,
                    "labels": classes if form == "classes" else [],
                    "value": np.sin(np.arange(len(at)) + place).round(4).tolist(),
                    "real": [40] * len(at),
                    "generated": [50] * (len(at) - 1) + [3],
                    "few": [False] * (len(at) - 1) + [True],
                }
            )
            terms.append({"name": name, "importance": self.estimate(0.5 - 0.05 * place + 0.02 * seed, 0.03)})
        pairs = []
        for first, second in pairwise(functions[:3]):
            name = f"{first['attribute']} × {second['attribute']}"
            terms.append({"name": name, "importance": self.estimate(0.05, 0.01)})
            size = (len(first["at"]), len(second["at"]))
            pairs.append(
                {
                    "first": first["attribute"],
                    "second": second["attribute"],
                    "taken": 0.013,
                    "standard_error": 0.002,
                    "first_at": first["at"],
                    "second_at": second["at"],
                    "first_labels": first["labels"],
                    "second_labels": second["labels"],
                    "value": self.random.normal(0, 0.1, size).round(4).tolist(),
                }
            )
        return {
            "step": 1200,
            "images": 500,
            "base": 0.4,
            "fewest_images": 20,
            "terms": terms,
            "functions": functions,
            "pairs": pairs,
            "pairs_tried": 10,
            "pairs_tried_on": 1000,
            "examples": [
                {"row": row, "picked": picked, "logit": 0.4 + step, "terms": [step / len(terms)] * len(terms)}
                for row, picked, step in ((3, "most real", 1.5), (9, "median", 0.1), (5, "least real", -2.0))
            ],
            "images_of_examples": self.reference(f"{prefix}-decided", self.sprites(3)),
            "largest_sum_error": 3e-7,
            "adds_up": True,
            "captum": {"term_difference": 2e-5, "completeness_gap": 3e-5, "steps": 64},
        }

    def model_specific(self, prefix: str) -> dict[str, Any]:
        """Everything that any kind of model can show, as if one could show it all."""
        classed = [(name, classes) for name, kind, classes, _ in self.attributes if kind == "categorical"]
        maps = self.random.random((3, 4, self.size, self.size)).astype(np.float32)
        images = self.sprites(4)
        return {
            "named": [
                {"attribute": n, "statistic": "R2", "estimate": self.estimate(0.9), "chance": 0.0}
                for n in self.names
            ],
            "mixture": {
                "components": [
                    {
                        "index": index,
                        "weight": 0.3,
                        "share": share,
                        "classes": {name: classes[index % len(classes)] for name, classes in classed},
                        "class_shares": {name: 0.75 for name, _ in classed},
                    }
                    for index, share in ((1, 0.6), (0, 0.4))
                ],
                "used": 2,
                "of": 3,
                "purity": [
                    {"attribute": name, "estimate": self.estimate(0.7), "chance": 0.34} for name, _ in classed
                ],
                "samples": self.reference(f"{prefix}-components", self.sprites(8)),
            },
            "attention": {
                "strength": 0.4,
                "reach": self.estimate(0.31),
                "uniform_reach": 0.52,
                "images": self.reference(f"{prefix}-attended", images),
                "maps": self.reference(f"{prefix}-attention", maps[0]),
                "decoder": {
                    "strength": 0.2,
                    "reach": self.estimate(0.44),
                    "uniform_reach": 0.52,
                    "images": self.reference(f"{prefix}-attended-rebuilt", images),
                    "maps": self.reference(f"{prefix}-attention-decoder", maps[1]),
                },
            },
            "uncertainty": {
                "weights": self.estimate(0.021, 0.002),
                "latents": self.estimate(0.043, 0.002),
                "weights_share": self.estimate(0.19),
                "images": self.reference(f"{prefix}-doubted", images),
                "weight_maps": self.reference(f"{prefix}-weight-maps", maps[1]),
                "latent_maps": self.reference(f"{prefix}-latent-maps", maps[2]),
            },
            "information": {
                "capacity_nats": np.linspace(0.5, 24.5, 25).tolist(),
                "kl_nats": np.outer(np.arange(25) / 6, 1 / (1 + np.arange(self.dimensions))).tolist(),
            },
            "label_efficiency": {
                "attribute": self.names[0],
                "chance": 1 / 3,
                "shares": [
                    {
                        "share": share,
                        "labelled_images": round(9000 * share),
                        "model": self.estimate(0.6 + 0.3 * share),
                        "baseline": self.estimate(0.4 + 0.4 * share),
                        "cnn": self.estimate(0.5 + 0.4 * share),
                    }
                    for share in (0.01, 0.05, 0.1, 1.0)
                ],
            },
        }

    def verdict(self, model: dict[str, Any], index: int, name: str) -> dict[str, Any]:
        known = VERDICTS.get(model["name"], list(REASONS))
        word = known[index % len(known)]
        claim = model["intervention"]["claims"][index]
        dimension = claim["dimension"] if word not in ("not_supported", "not_tested") else None
        check = {
            "verdict": word,
            "reason": REASONS[word],
            "statistic": "uncertainty coefficient",
            "value": self.estimate(0.6),
            "threshold": 0.1,
        }
        return {
            "model": model["name"],
            "seed": model["seed"],
            "attribute": name,
            "dimension": dimension,
            "dimension_name": f"z{dimension}" if dimension is not None else None,
            "verdict": word,
            "reason": REASONS[word],
            "effect": claim["on_target"] if dimension is not None else None,
            "effect_unit": claim["unit"],
            "checks": {
                "association": check,
                "specificity": {**check, "statistic": "gap to the runner-up"},
                "intervention": {**check, "statistic": "range of the mean response", "threshold": 0.5},
                "stability": {
                    **check,
                    "verdict": "supported" if self.seeds >= 3 else "not_assessed",
                    "statistic": "matched strength",
                },
            },
            "would_change": "An effect whose interval lies below 0.5 standard deviations.",
            "counter_examples": self.reference(
                f"counter-{self.models.index(model['name'])}-{model['seed']}-{index}", self.sprites(6)
            )
            if dimension is not None
            else None,
        }

    def negative_control(self, name: str, control: str) -> dict[str, Any]:
        evidence = self.evidence(name, 0)
        section = {
            "name": name,
            "seed": 0,
            "control": control,
            "dimensions": [{"index": j, "name": f"z{j}"} for j in range(self.dimensions)],
            **{part: evidence[part] for part in ("association", "specificity", "intervention")},
        }
        if control == "random_init":
            section["intervention"] = {"not_applicable": "The classifier reads nothing in what is decoded."}
        check = {
            "verdict": "not_supported",
            "reason": REASONS["not_supported"],
            "statistic": "uncertainty coefficient",
            "value": self.estimate(0.01),
            "threshold": 0.1,
        }
        section["verdicts"] = [
            {
                "attribute": attribute,
                "dimension": 0,
                "dimension_name": "z0",
                "verdict": "not_supported",
                "reason": REASONS["not_supported"],
                "checks": dict.fromkeys(("association", "specificity", "intervention"), check),
            }
            for attribute in self.names
        ]
        return section

    def selftest(self) -> dict[str, Any]:
        row = {"must_show": "no more than 5 %", "measured": {"worlds": 4000, "rate": 0.049}, "holds": True}
        return {
            "digest": "56" * 32,
            "holds": True,
            "of_this_version": True,
            "seed": 0,
            "sizes": {"null_worlds": 4000},
            "rows": [{"name": name, "seconds": 1.5, **row} for name in ("null world", "leaky classifier")],
        }

    def audit(self) -> dict[str, Any]:
        models = [self.model(name, seed) for name in self.models for seed in range(self.seeds)]
        seeds = list(range(self.seeds))
        return {
            "schema_version": SCHEMA_VERSION,
            "subject": {
                "title": "Sprites audit",
                "dataset": "sprites",
                "models": list(self.models),
                "lead_seed": 0,
                "intended_use": "Show what an audit of a latent space looks like.",
                "out_of_scope": None,
                "owner": None,
            },
            "settings": {"data": {"name": "sprites"}, "seeds": seeds},
            "settings_digest": "12" * 32,
            "thresholds": asdict(Thresholds()),
            "thresholds_digest": Thresholds().digest(),
            "data": self.data(),
            "classifier": {
                "parameters": 101234,
                "weights_digest": "ef" * 32,
                "scores": [
                    {
                        "attribute": name,
                        "statistic": "balanced accuracy" if classes else "R2",
                        "estimate": self.estimate(0.96, 0.01),
                        "chance": 1 / len(classes) if classes else 0.0,
                    }
                    for name, _, classes, _ in self.attributes
                ],
            },
            "auditability": [
                {
                    "attribute": name,
                    "auditable": name not in self.unreadable,
                    "statistic": "balanced accuracy" if classes else "R2",
                    "value": -0.02 if name in self.unreadable else 0.96,
                    "threshold": 0.5,
                    "reason": f"not auditable: the classifier cannot read {name} in real held-out images either"
                    if name in self.unreadable
                    else "",
                    "helps": f"leave {name} out" if name in self.unreadable else "",
                }
                for name, _, classes, _ in self.attributes
            ],
            "score_directions": {"mig": "higher", "dci_disentanglement": "higher"},
            "models": models,
            "stability": [
                {
                    "model": name,
                    "seeds": seeds,
                    "status": "assessed" if self.seeds >= 3 else "not_assessed",
                    "reason": "Three seeds were trained.",
                    "matched_strength": self.estimate(0.88, 0.03, "seeds"),
                    "attributes": [
                        {
                            "attribute": a,
                            "dimensions": [(i * 2 + s) % self.dimensions for s in seeds],
                            "verdicts": ["supported"] * self.seeds,
                            "same_dimension_strength": 0.9,
                            "uncertainty": [0.5 + 0.05 * s for s in seeds],
                        }
                        for i, a in enumerate(self.names)
                    ],
                }
                for name in self.models
            ],
            "controls": [
                self.negative_control(name, control) for name in self.models for control in CONTROLS
            ],
            "subgroups": [
                {
                    "model": name,
                    "attribute": self.names[-1],
                    "dimension": 1,
                    "by": self.names[0],
                    "groups": [
                        {"group": g, "effect": self.estimate(1.0 + 0.2 * i, 0.1)}
                        for i, g in enumerate(self.attributes[0][2] or ["low", "high"])
                    ],
                    "difference": self.estimate(0.2, 0.15),
                    "p_adjusted": 0.21,
                }
                for name in self.models
            ],
            "comparison": [
                {
                    "measure": measure,
                    "unit": unit,
                    "better": better,
                    "models": [
                        {
                            "model": name,
                            "estimate": self.estimate(value + i * 0.1, 0.05, "seeds")
                            | ({} if unit else {"low": None, "high": None}),
                            "by_seed": [value + i * 0.1 + 0.01 * (s - 1) for s in seeds],
                        }
                        for i, name in enumerate(self.models)
                    ],
                    "differences": [
                        {
                            "first": self.models[i],
                            "second": self.models[i + 1],
                            "estimate": self.estimate(-0.1, 0.06, "seeds")
                            | ({} if unit else {"low": None, "high": None}),
                            "seeds": "below",
                        }
                        for i in range(len(self.models) - 1)
                    ],
                }
                for measure, unit, better, value in (
                    ("mig", "", "higher", 0.3),
                    ("mutual_information_nats", "", "lower", 0.1),
                    ("reconstruction", "nats per image", "lower", 14.0),
                )
            ],
            "verdicts": [
                self.verdict(model, index, name) for model in models for index, name in enumerate(self.names)
            ],
            "unclaimed": [
                {
                    "model": name,
                    "dimension": j,
                    "name": f"z{j}",
                    "status": "carries" if j < 7 else "unused",
                    "associations": [{"attribute": self.names[0], "uncertainty": self.estimate(0.08, 0.01)}]
                    if j < 7
                    else [],
                }
                for name in self.models
                for j in range(self.dimensions)
                if j % 2 == 1
            ],
            "selftest": self.selftest(),
        }

    def write(self) -> dict[str, Any]:
        """Writes the whole run folder, audit.json aside, and returns the audit."""
        self.folder.mkdir(parents=True, exist_ok=True)
        audit = self.audit()
        run = {
            "run_id": "20260301-101500-ab12",
            "started": "2026-03-01T10:15:00+00:00",
            "finished": "2026-03-01T10:24:30+00:00",
            "wall_seconds": 570.0,
            "overhead_seconds": 31.5,
            "overhead_share": 0.055,
            "commit": "4b185f2" + "0" * 33,
            "dirty": False,
            "command": "latent-audit run",
            "hardware": {"cpu": "2 cores", "memory_gib": 8, "gpu": None},
            "packages": {"torch": "2.15.0", "numpy": "2.3.0"},
            "mlflow": {
                "experiment": "sprites",
                "parent_run_id": "0123abcd",
                "tracking_uri": "sqlite:///mlflow.db",
            },
            "prefect": {"flow_run_id": "11111111-2222"},
        }
        (self.folder / "run.json").write_text(json.dumps(run))
        lines = []
        start = 0
        for stage, model, seconds in (
            ("prepare", None, 4.0),
            ("train_classifiers", None, 61.0),
            *(("train_model", name, 80.0) for name in self.models),
            ("verdicts", None, 6.5),
        ):
            lines.append(
                {
                    "stage": stage,
                    "model": model,
                    "seed": 0 if model else None,
                    "key": "aa" * 8,
                    "digest": "bb" * 32,
                    "seconds": seconds,
                    "reused": stage == "prepare",
                    "started": f"2026-03-01T10:{15 + start // 60:02d}:{start % 60:02d}+00:00",
                }
            )
            start += int(seconds)
        (self.folder / "ledger.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return audit


HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eright to left\u202c",
    "two\nlines {{ 7*7 }} {% raw %} $\\frac{a}{b}$ & <b>",
    "n" * 10_000,
)


def hostile_builder(folder: Path, **sizes: Any) -> AuditBuilder:
    """Returns a builder whose attributes, classes and models all carry names meant to break a page."""
    attributes = tuple(
        (name, kind, [f"{name}-{c}" for c in range(3)] if kind in ("categorical", "ordinal") else [], unit)
        for name, (_, kind, _, unit) in zip(HOSTILE, ATTRIBUTES, strict=True)
    )
    return AuditBuilder(
        folder, models=("<svg onload=alert(2)>", "$x_{1}$--><!--"), attributes=attributes, **sizes
    )
