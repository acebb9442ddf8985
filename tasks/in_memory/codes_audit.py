"""Audits codes without a model: what an encoder of anything wrote into a file, and labels of the same rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from latent_audit.reports.page import messages
from latent_audit.reports.page.messages import english
from latent_audit.reports.page.reasons import with_sentences, with_text
from latent_audit.reports.record.audit_json import SCHEMA_VERSION
from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim
from latent_audit.tasks.analyses.absence.measure import AbsenceSizes, CodeAndValues, measure
from latent_audit.tasks.analyses.checks import association, specificity, stability
from latent_audit.tasks.analyses.checks.definitions.registry import listed
from latent_audit.tasks.analyses.checks.rules import RULES
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.decoding import Latents
from latent_audit.tasks.analyses.latent_space.projection import Projections, project
from latent_audit.tasks.analyses.many_dimensions.chosen import LARGEST_CODE, Chosen, choose_dimensions
from latent_audit.tasks.analyses.many_dimensions.ladder import measure_many
from latent_audit.tasks.analyses.places import ladder
from latent_audit.tasks.analyses.places.claimed_swaps import Claim
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.scores import disentanglement_scores
from latent_audit.tasks.analyses.scores.factor_levels import factor_levels
from latent_audit.tasks.analyses.scores.score_meanings import MEANINGS
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.sample_rows import class_columns, draw_rows
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.in_memory.columns import as_attributes
from latent_audit.tasks.in_memory.drawn import Drawn
from latent_audit.tasks.in_memory.functions import codes_of, halves_of
from latent_audit.tasks.in_memory.result_tables import verdict_rows, where_rows
from latent_audit.tasks.stages.evidence.places import claims_of
from latent_audit.vocabulary.reasons import Reason, reason

NAME = "codes"
_RULES = RULES[SCHEMA_VERSION]


@dataclass(frozen=True)
class CodesSizes:
    """How much is drawn: permutations, bootstrap draws, rows and trees of boosting readers, rows of maps.

    Of a generator also codes that moves start from, and codes that are decoded twice.
    """

    permutations: int = 2000
    bootstraps: int = 1000
    probe_rows: int = 3000
    boosting_rows: int = 3000
    boosting_iterations: int = 100
    map_rows: int = 1000
    moved_codes: int = 256
    tried_codes: int = 128


@dataclass(frozen=True)
class CodesResult:
    """Tables of an audit of codes, and `record`, from which they are made: the sections of audit.json that apply.

    where, verdicts: as of `AuditResult`. scores: a row a score. absent: a row a claim of absence. maps: coordinates of
    held-out rows, by the row of the file, in the maps of the first file of codes.
    """

    record: Mapping[str, Any]
    where: pd.DataFrame
    verdicts: pd.DataFrame
    scores: pd.DataFrame
    absent: pd.DataFrame
    maps: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Writes each table as CSV into a folder that there is."""
        for name in ("where", "verdicts", "scores", "absent", "maps"):
            getattr(self, name).to_csv(folder / f"{name}.csv", index=False)

    def report(self, path: Path, language: str = "en") -> None:
        """Writes the tables and figures as one HTML page."""
        from latent_audit.reports.page.codes_page import codes_page  # imports matplotlib

        path.write_text(codes_page(self.record, language), encoding="utf-8")


def require_language(language: str) -> None:
    """Raises LanguageUnknown if no page can be written in a language, before anything is computed."""
    messages.load(language)


def audit_codes(
    codes: Sequence[Any],
    attributes: Any,
    *,
    types: Mapping[str, Any] | None = None,
    must_not_hold: Sequence[str] = (),
    sizes: CodesSizes = CodesSizes(),
    seed: int = 0,
    names: Sequence[str] | None = None,
    drawn_of: Callable[[NDArray[np.int64], NDArray[np.int64]], Drawn] | None = None,
    notes: Sequence[Reason] = (),
) -> CodesResult:
    """Makes the checks that need no decoder: association, specificity, stability, scores, maps, claims of absence.

    One random half of the rows fits bins, probes and choices; everything is measured on the other.

    Args:
        codes: for each trained seed of one model an array (n, d) or (n, ...), or the path of a file; one for one seed.
        attributes: labels of the same rows, as of `audit`.
        types: types that replace inferred ones.
        must_not_hold: attributes whose absence from the codes is claimed.
        sizes: how much is drawn.
        seed: of halves, permutations and draws.
        names: of the dimensions; z0, z1, ... by default.
        drawn_of: for codes that a generator draws from: the rows of both halves to its decoder and reader; then swaps
            and moves are measured too.
        notes: what the result says besides.

    Raises:
        UsageError, DataError: codes or labels that cannot be used.
    """
    given = [codes_of(one) for one in codes]
    shapes = {one.shape for one in given}
    if len(shapes) != 1:
        raise UsageError(
            f"all files of codes must have the same rows and dimensions, one file a trained seed; got {sorted(shapes)}"
        )
    if given[0].shape[1] > LARGEST_CODE:
        raise UsageError(
            f"codes have {given[0].shape[1]:,} dimensions, and up to {LARGEST_CODE:,} are audited: pool them, or "
            "give their first principal components"
        )
    typed = as_attributes(attributes, len(given[0]), types or {})
    known = [attribute.name for attribute in typed.attributes]
    if unknown := [name for name in must_not_hold if name not in known]:
        raise UsageError(f"there are no labels {', '.join(unknown)}; the labels are {', '.join(known)}")
    fit, test = halves_of(typed, seed)
    drawn = None if drawn_of is None else drawn_of(fit, test)
    all_names = names or [f"z{j}" for j in range(given[0].shape[1])]
    parts = _Parts(
        typed.attributes, typed.values[fit], typed.values[test], sizes, seed, tuple(all_names), drawn
    )
    chosen = [parts.chosen(one[fit]) for one in given]
    models = [
        parts.model(index, one[fit], one[test], taken, [AbsenceClaim(name) for name in must_not_hold])
        for index, (one, taken) in enumerate(zip(given, chosen, strict=True))
    ]
    thresholds = Thresholds()
    stable = [
        parts.stability(
            models, [_taken(one[test], taken) for one, taken in zip(given, chosen, strict=True)], thresholds
        )
    ]
    if chosen[0] is not None and drawn is None:
        count, most = given[0].shape[1], len(chosen[0])
        notes = [*notes, reason("codes.chosen", chosen=str(most), count=f"{count:,}")]
    records = with_sentences(models)
    record: dict[str, Any] = {
        "seed": seed,
        "attributes": [
            {"name": one.name, "kind": one.kind, "classes": list(one.classes), "unit": one.unit}
            for one in typed.attributes
        ],
        "models": records,
        "checks": listed(_RULES.checks),
        "score_directions": {
            name: MEANINGS[name].better
            for name in sorted({name for model in models for name in model["scores"]})
        },
        "thresholds": to_json(thresholds),
        "stability": with_sentences(stable),
        "verdicts": with_sentences(
            [to_json(one) for one in _RULES.reach_verdicts(models, stable, thresholds, {})]
        ),
        "where": with_text(to_json(_RULES.judge_places(models, [], thresholds, {}))),
        "absent": with_text(to_json(_RULES.judge_absence(models, thresholds))),
        **with_sentences({"notes": [*notes, *typed.notes]}),
    }
    maps = project(
        given[0][test], typed.attributes, typed.values[test], (seed, seed + 1), sample=sizes.map_rows
    )
    audit: Any = record
    return CodesResult(
        record,
        pd.DataFrame(where_rows(audit)),
        pd.DataFrame(verdict_rows(audit)),
        pd.DataFrame(
            {"seed": model["seed"], "score": name, **_score(score)}
            for model in models
            for name, score in model["scores"].items()
        ),
        pd.DataFrame(
            {
                "seed": row["seed"],
                "attribute": row["attribute"],
                "word": row["word"],
                "reason": row["reason"]["text"],
            }
            for row in record["absent"]
        ),
        _map_rows(maps, test),
    )


@dataclass(frozen=True)
class _Parts:
    """The labels of both halves, and the measurements on codes of them."""

    attributes: Sequence[Attribute]
    fit: NDArray[np.float64]
    test: NDArray[np.float64]
    sizes: CodesSizes
    seed: int
    names: tuple[str, ...]
    drawn: Drawn | None

    def chosen(self, fit: Latents) -> Chosen | None:
        """Returns the dimensions of codes (n, d) that are audited one by one; None for all."""
        if self.drawn is not None:
            return self.drawn.chosen
        found = choose_dimensions(fit, None, self.seed)
        return None if found is None else found.dimensions

    def model(
        self,
        index: int,
        whole_fit: Latents,
        whole_test: Latents,
        chosen: Chosen | None,
        claims: Sequence[AbsenceClaim],
    ) -> dict[str, Any]:
        """Returns what audit.json holds of a model, of codes (n, d) and (m, d) of the halves."""
        fit, test = _taken(whole_fit, chosen), _taken(whole_test, chosen)
        names = [self.names[j] for j in chosen] if chosen is not None else self.names
        sizes, thresholds, groups = self.sizes, Thresholds(), tuple(range(fit.shape[1]))
        halves = (fit, self.fit, test, self.test)
        told = association.compute(self.attributes, *halves, self.seed, sizes.permutations, sizes.bootstraps)
        used = fit.var(axis=0) > 0
        claimed = specificity.compute(
            self.attributes,
            *halves,
            told,
            groups,
            self.seed,
            significance=thresholds.significance,
            survives_from=thresholds.survives_min,
            gap_min=thresholds.gap_min,
            used=used,
            resamples=sizes.bootstraps,
        )
        levels = [factor_levels(self.attributes, self.fit, values) for values in (self.fit, self.test)]
        scores = disentanglement_scores.compute(
            fit, levels[0], test, levels[1], self.seed, False, predictor_images=sizes.probe_rows
        )
        absence_sizes = AbsenceSizes(
            sizes.permutations, sizes.bootstraps, sizes.boosting_rows, sizes.boosting_iterations
        )
        absence = measure(
            CodeAndValues(self.attributes, whole_fit, self.fit, whole_test, self.test),
            claims,
            thresholds.absent_max,
            absence_sizes,
            self.seed,
        )
        intervened: Any = {"not_applicable": reason("intervention.no_decoder")}
        claims_on: list[Claim] = []
        if self.drawn is not None:
            dimensions = [one.dimension for one in claimed]
            intervened = self.drawn.intervened(
                fit, test, dimensions, sizes.moved_codes, sizes.bootstraps, self.seed
            )
            claims_on = claims_of(to_json(told), to_json(claimed), thresholds.significance)
        model: dict[str, Any] = to_json(
            {
                "id": f"{NAME}-seed{index}",
                "name": NAME,
                "seed": index,
                "is_lead": index == 0,
                "latent_dim": whole_fit.shape[1],
                "dimensions": [
                    {"index": j, "name": names[j], "active": bool(used[j]), "group": j} for j in groups
                ],
                "association": told,
                "specificity": claimed,
                "intervention": intervened,
                "places": self._places(whole_fit, whole_test, chosen, thresholds, claims_on),
                "scores": scores,
                "absence": absence,
            }
        )
        return model

    def _places(
        self,
        fit: Latents,
        test: Latents,
        chosen: Chosen | None,
        thresholds: Thresholds,
        claims: Sequence[Claim],
    ) -> Any:
        sizes, drawn_by = self.sizes, self.drawn
        drawn = draw_rows(
            len(fit), sizes.probe_rows, self.seed, "places", classes=class_columns(self.attributes, self.fit)
        )
        code = ladder.Code(
            attributes=self.attributes,
            fit_codes=fit[drawn],
            fit_values=self.fit[drawn],
            test_codes=test,
            test_values=self.test,
            names=self.names,
            groups=range(fit.shape[1]),
            decode=None if drawn_by is None else drawn_by.decode_whole,
            respond=_reads_nothing if drawn_by is None else drawn_by.respond,
            response_columns={} if drawn_by is None else drawn_by.response_columns,
            untestable=[None if drawn_by else reason("intervention.no_decoder")] * len(self.attributes),
            claims=claims,
        )
        limits = Sizes(
            fit_images=sizes.probe_rows,
            pairs=len(test) // 2,
            permutations=sizes.permutations,
            bootstraps=sizes.bootstraps,
            boosting_iterations=sizes.boosting_iterations,
            boosting_images=sizes.boosting_rows,
        )
        found = (
            ladder.measure(code, thresholds, limits, self.seed)
            if chosen is None
            else measure_many(code, chosen, None, None, thresholds, limits, self.seed)
        )
        return {**to_json(found), "drawn": []}

    def stability(
        self, models: Sequence[Mapping[str, Any]], codes: Sequence[Latents], thresholds: Thresholds
    ) -> Any:
        """Returns how alike the seeds are, as audit.json holds it."""
        claims = {
            name: [next(row for row in model["specificity"] if row["attribute"] == name) for model in models]
            for name in (attribute.name for attribute in self.attributes)
        }
        return to_json(
            stability.compute(
                NAME,
                [model["seed"] for model in models],
                codes,
                {name: [row["dimension"] for row in rows] for name, rows in claims.items()},
                _RULES.judge_seeds(models, thresholds, {}),
                {name: [row["uncertainty"]["value"] for row in rows] for name, rows in claims.items()},
                self.seed,
                range(codes[0].shape[1]),
                least_seeds=thresholds.seeds_min,
            )
        )


def _taken(codes: Latents, chosen: Chosen | None) -> Latents:
    return codes if chosen is None else codes[:, chosen]


def _reads_nothing(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.zeros((len(pictures), 0), np.float32)


def _score(score: Any) -> dict[str, Any]:
    if "not_applicable" in score:
        return {"value": None, "low": None, "high": None, "not_applicable": english(score["not_applicable"])}
    return {**{key: score[key] for key in ("value", "low", "high")}, "not_applicable": ""}


def _map_rows(found: Projections, test: NDArray[np.int64]) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "method": picture.method,
                "seed": picture.seed,
                "row": test[found.rows],
                "x": picture.coordinates[:, 0],
                "y": picture.coordinates[:, 1],
            }
        )
        for picture in found.pictures
    ]
    return pd.concat(frames) if frames else pd.DataFrame(columns=["method", "seed", "row", "x", "y"])
