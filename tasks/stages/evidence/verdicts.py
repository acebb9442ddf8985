"""Judge: gather everything a run found into audit.json, and draw the verdicts from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latent_audit.reports.page.reasons import with_sentences, with_text
from latent_audit.reports.record.audit_json import SCHEMA_VERSION, settled, write_audit
from latent_audit.tasks.analyses.bias.rules import judge_erasures
from latent_audit.tasks.analyses.checks import (
    auditability,
    comparison,
    counter_examples,
    stability,
    unclaimed,
)
from latent_audit.tasks.analyses.checks.association import Association
from latent_audit.tasks.analyses.checks.attribute_correlation import entangled_pairs
from latent_audit.tasks.analyses.checks.definitions.registry import listed
from latent_audit.tasks.analyses.checks.rules import RULES, thresholds_digest
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.dimension_names.given import GivenName
from latent_audit.tasks.analyses.dimension_names.naming import (
    NamedDimension,
    Trained,
    carry_names,
)
from latent_audit.tasks.analyses.dimension_names.rules import with_words
from latent_audit.tasks.analyses.places.rules.requirements import judge_requirements
from latent_audit.tasks.analyses.pruning.rules import judge_pruned
from latent_audit.tasks.analyses.scores.score_meanings import MEANINGS
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.two_classifiers.combining import SECOND
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.evidence.closed_gates import closed_gates, take_out_unread
from latent_audit.tasks.stages.evidence.model_record import Parts, model_record
from latent_audit.tasks.stages.evidence.places import place_stability
from latent_audit.tasks.stages.evidence.second_classifier import add_evidence, combined, record_of
from latent_audit.tasks.stages.inputs.codes import Codes, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.storage.arrays import gather, read_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey, digest_of, digest_of_file
from latent_audit.vae_models.storage.saved_model import WEIGHTS_FILE
from latent_audit.vocabulary.verdicts import PARTLY_SUPPORTED, SUPPORTED

COUNTER_EXAMPLES = 6
MAX_TITLE_MODELS = 4
# Of codes, by which a later run tells whether they moved.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
CURRENT = RULES[SCHEMA_VERSION]
Record = dict[str, Any]
# Stages that train the classifier once more to explain it, and the key of what they write.
OF_THE_CLASSIFIER = {
    "learning_classifier": "classifier_learning",
    "bayesian_classifier": "bayesian_classifier",
}


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: Artifact,
    models: Sequence[ModelKey],
    results: Mapping[str, Mapping[str, Artifact]],
    parts: Parts,
    settings: Mapping[str, Any],
    subject: Mapping[str, Any],
    thresholds: Thresholds,
    selftest: Mapping[str, Any],
    failed: Sequence[Mapping[str, Any]],
    seed: int,
    given_names: Sequence[GivenName] = (),
    second_classifier: Artifact | None = None,
    networks: Sequence[str] = (),
) -> None:
    """Writes audit.json and arrays/. `results` holds each model's artifacts by stage, under the model's id.

    `parts` are those of a model's section that stages declare.
    `failed` names the parts and models that failed, which are not in `models` and `results`.
    `selftest` is what is known of the error rates of the evidence itself.

    `given_names` are people's of dimensions.
    `second_classifier` judges too, where it is given: what the two say is combined; `networks` names both.

    The first model's seed is the lead seed: what the report shows in full, for every model.
    """
    data = open_prepared(prepared)
    described = gather(read_json(prepared.path / "data.json"), prepared.path, folder, "data")
    names = list(dict.fromkeys(model.name for model in models))
    lead = models[0].seed
    codes = [open_codes(results[model.id]["encode"]).one_by_one() for model in models]
    records = _records(models, results, parts, folder, codes)
    judged_by = read_json(classifier.path / "classifier.json")
    auditable = auditability.compute(
        described["attributes"], judged_by["scores"], thresholds.classifier_share_of_way
    )
    unreadable = auditability.reasons(auditable)
    for record in records:
        take_out_unread(record, closed_gates(record, unreadable), unreadable)
    records = with_sentences(records)
    independent = data.image_groups("probe_test")
    stable = with_sentences(
        [
            to_json(_stability(name, models, records, codes, thresholds, unreadable, seed, independent))
            for name in names
        ]
    )
    verdicts = with_sentences(
        [to_json(verdict) for verdict in CURRENT.reach_verdicts(records, stable, thresholds, unreadable)]
    )
    audited = data.audited().image_groups("probe_test")
    alike = place_stability(models, records, results, seed, audited) if len(models) > len(names) else []
    where = with_text(to_json(CURRENT.judge_places(records, to_json(alike), thresholds, unreadable)))
    absent = with_text(to_json(CURRENT.judge_absence(records, thresholds)))
    beside: Record = {}
    if second_classifier is not None:
        add_evidence(records, models, results)
        beside = {SECOND: record_of(second_classifier, networks)}
        verdicts, where = combined(
            {
                "schema_version": SCHEMA_VERSION,
                "thresholds": settled(to_json(thresholds)),
                "data": {"attributes": described["attributes"]},
                "classifier": judged_by,
                "models": records,
                "stability": stable,
                "place_stability": to_json(alike),
                **beside,
            }
        )
    pruned = to_json(judge_pruned(records, thresholds, unreadable))
    if pruned:
        beside["pruned"] = pruned
    for stage, name in OF_THE_CLASSIFIER.items():
        again = results[models[0].id].get(stage)
        if again is not None:
            beside[name] = gather(read_json(again.path / f"{name}.json"), again.path, folder, name)
    named = with_words(to_json(_named(given_names, models, records, codes)), records, thresholds)
    erased = with_text(to_json(judge_erasures(records, thresholds)))
    _add_counter_examples(folder, verdicts, models, data, codes, lead, seed)
    leads = [(model, record) for model, record in zip(models, records, strict=True) if record["is_lead"]]
    audit = {
        "schema_version": SCHEMA_VERSION,
        "subject": _subject(subject, described["name"], names, lead),
        "settings": settings,
        # Digests are of what is written, so that they can be taken again from the file alone.
        "settings_digest": digest_of(settled(settings)),
        "thresholds": to_json(thresholds),
        "thresholds_digest": thresholds_digest(settled(to_json(thresholds))),
        # The store has hashed every file of the data already.
        "data": {
            **with_sentences({key: described[key] for key in described if key != "factor_sizes"}),
            "correlation": _with_entangled(described["correlation"], thresholds.entangled_from),
            "digest": prepared.digest,
        },
        "classifier": {
            **with_sentences(judged_by),
            # Of a function without weights, its code's digest stands in `origin`.
            "weights_digest": None
            if judged_by["parameters"] is None
            else digest_of_file(classifier.path / WEIGHTS_FILE),
        },
        **beside,
        "auditability": with_sentences(to_json(auditable)),
        "models": records,
        "checks": listed(CURRENT.checks),
        "stability": stable,
        "place_stability": to_json(alike),
        "controls": _controls(models, results, lead, thresholds, unreadable),
        "subgroups": [
            row
            for model, _ in leads
            if "subgroup" in results[model.id]
            for row in read_json(results[model.id]["subgroup"].path / "subgroups.json")
        ],
        "comparison": to_json(_comparison(names, records, verdicts)),
        "score_directions": {
            name: MEANINGS[name].better
            for name in sorted({name for record in records for name in record["scores"]})
        },
        "verdicts": verdicts,
        "where": where,
        "absent": absent,
        "erased": erased,
        "named_dimensions": named,
        "requirements": with_sentences(
            to_json(judge_requirements(settings.get("require", {}), where, absent, lead))
        ),
        "unclaimed": [row for _, record in leads for row in _unclaimed(record, thresholds)],
        "selftest": selftest,
        "failed": with_sentences(list(failed)),
    }
    write_audit(folder, audit)
    counts = {
        word: float(sum(v["verdict"] == word for v in verdicts)) for word in (SUPPORTED, PARTLY_SUPPORTED)
    }
    write_summary(folder, metrics={f"judged.{word}": count for word, count in counts.items()})


def _records(
    models: Sequence[ModelKey],
    results: Mapping[str, Mapping[str, Artifact]],
    parts: Parts,
    folder: Path,
    codes: Sequence[Codes],
) -> list[Record]:
    """Returns the section of each model, with group, quantiles and spread of each dimension."""
    lead, found = models[0].seed, []
    for index, (model, code) in enumerate(zip(models, codes, strict=True)):
        is_lead = model.seed == lead
        record = model_record(model, results[model.id], parts, folder, f"model{index}", is_lead=is_lead)
        held_out = np.asarray(code.of("probe_test"), np.float64)
        quantiles = np.quantile(held_out, QUANTILES, axis=0).T.tolist()
        for dimension, group, row, spread in zip(
            record["dimensions"], code.groups, quantiles, held_out.std(axis=0).tolist(), strict=True
        ):
            dimension |= {"group": int(group), "quantiles": row, "spread": spread}
        found.append(record)
    return found


def _named(
    given: Sequence[GivenName], models: Sequence[ModelKey], records: Sequence[Record], codes: Sequence[Codes]
) -> list[NamedDimension]:
    """Returns where people's names of dimensions stand in each training."""
    trained = [
        Trained(model.name, model.seed, record["weights_digest"], code.of("probe_test"))
        for model, record, code in zip(models, records, codes, strict=True)
    ]
    return carry_names(given, trained)


def _with_entangled(correlation: Record, entangled_from: float) -> Record:
    pairs = entangled_pairs(correlation["names"], correlation["matrix"], entangled_from)
    return {**correlation, "entangled": to_json(pairs)}


def _subject(subject: Mapping[str, Any], data: str, names: Sequence[str], lead: int) -> dict[str, Any]:
    title = subject["title"] or f"{_listed(names)} on {data}"
    return {**subject, "title": title, "dataset": data, "models": list(names), "lead_seed": lead}


def _listed(names: Sequence[str]) -> str:
    if len(names) > MAX_TITLE_MODELS:
        return f"{len(names)} models"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _stability(
    name: str,
    models: Sequence[ModelKey],
    records: Sequence[Record],
    codes: Sequence[Codes],
    thresholds: Thresholds,
    unreadable: Mapping[str, Record],
    seed: int,
    independent: ImageGroups | None,
) -> stability.Stability:
    family = [index for index, model in enumerate(models) if model.name == name]
    seeds = [records[index] for index in family]
    attributes = [claim["attribute"] for claim in seeds[0]["specificity"]]
    claims = {
        attribute: [
            next(claim for claim in record["specificity"] if claim["attribute"] == attribute)
            for record in seeds
        ]
        for attribute in attributes
    }
    return stability.compute(
        name,
        [models[index].seed for index in family],
        [codes[index].of("probe_test") for index in family],
        {attribute: [claim["dimension"] for claim in found] for attribute, found in claims.items()},
        CURRENT.judge_seeds(seeds, thresholds, unreadable),
        {
            attribute: [claim["uncertainty"]["value"] for claim in found]
            for attribute, found in claims.items()
        },
        seed,
        groups=codes[family[0]].groups,
        active=[np.array([use["active"] for use in record["dimensions"]]) for record in seeds],
        least_seeds=thresholds.seeds_min,
        image_groups=independent,
    )


def _controls(
    models: Sequence[ModelKey],
    results: Mapping[str, Mapping[str, Artifact]],
    lead: int,
    thresholds: Thresholds,
    unreadable: Mapping[str, Record],
) -> list[Record]:
    """Returns the controls of the lead models with their verdicts."""
    controls = [
        {"name": model.name, "seed": model.seed, **with_sentences(control)}
        for model in models
        if model.seed == lead
        for control in read_json(results[model.id]["negative_controls"].path / "controls.json")
    ]
    return [
        {
            **control,
            "verdicts": with_sentences(CURRENT.control_verdicts(control, thresholds, unreadable)),
            "where": with_text(to_json(CURRENT.place_control(control, thresholds, unreadable))),
        }
        for control in controls
    ]


def _add_counter_examples(
    folder: Path,
    verdicts: Sequence[Record],
    models: Sequence[ModelKey],
    data: Prepared,
    codes: Sequence[Codes],
    lead: int,
    seed: int,
) -> None:
    """Adds the held-out images that contradict each claim of a lead model most."""
    columns = {attribute.name: index for index, attribute in enumerate(data.data.attributes)}
    for verdict in verdicts:
        verdict["counter_examples"] = None
        if verdict["seed"] != lead or verdict["dimension"] is None:
            continue
        index = models.index(ModelKey(verdict["model"], lead))
        column, dimension = columns[verdict["attribute"]], verdict["dimension"]
        rows = counter_examples.find(
            data.data.attributes[column],
            codes[index].of("probe_fit")[:, dimension],
            data.values("probe_fit")[:, column],
            codes[index].of("probe_test")[:, dimension],
            data.values("probe_test")[:, column],
            COUNTER_EXAMPLES,
            np.random.default_rng((seed, index, column)),
        )
        verdict["counter_examples"] = data.pictures(
            folder, f"model{index}/against{column}", "probe_test", rows
        )


def _unclaimed(record: Record, thresholds: Thresholds) -> list[Record]:
    cells = record["association"]
    arrays = {
        name: np.asarray(cells[name], dtype=np.float64)
        for name in ("uncertainty", "low", "high", "p_adjusted")
    }
    association = Association(
        attributes=tuple(cells["attributes"]),
        uncertainty=arrays["uncertainty"],
        low=arrays["low"],
        high=arrays["high"],
        p_adjusted=arrays["p_adjusted"],
        n=cells["n"],
        permutations=cells["permutations"],
        null_max=np.asarray(cells["null_max"]),
        statistic=np.asarray(cells["statistic"]),
        fit_uncertainty=arrays["uncertainty"],
        groups=cells.get("groups"),
    )
    plain: list[Record] = to_json(
        unclaimed.compute(
            record["name"],
            [use["name"] for use in record["dimensions"]],
            [use["active"] for use in record["dimensions"]],
            association,
            [claim["dimension"] for claim in record["specificity"]],
            [use["group"] for use in record["dimensions"]],
            thresholds.significance,
        )
    )
    return plain


def _comparison(
    names: Sequence[str], records: Sequence[Record], verdicts: Sequence[Record]
) -> list[comparison.Comparison]:
    """Measures that every model of the run has, one number a seed."""

    def by_model(measure: Any) -> dict[str, list[float]]:
        return {name: [measure(record) for record in records if record["name"] == name] for name in names}

    def supported(record: Record) -> float:
        own = [v for v in verdicts if (v["model"], v["seed"]) == (record["name"], record["seed"])]
        return float(sum(v["verdict"] == SUPPORTED for v in own))

    def best_uncertainty(record: Record) -> float:
        return float(np.mean([claim["uncertainty"]["value"] for claim in record["specificity"]]))

    nats = by_model(lambda record: record["fitness"]["reconstruction_nats_per_image"])
    measures = []
    if all(value is not None for found in nats.values() for value in found):  # else a model has no decoder
        measures = [comparison.compute("reconstruction", "nats per image", "lower", nats, bounded=False)]
    measures += [
        comparison.compute(
            "mean uncertainty coefficient of claims", "", "higher", by_model(best_uncertainty), bounded=True
        ),
        comparison.compute("supported attributes", "attributes", "higher", by_model(supported), bounded=True),
    ]
    for name in records[0]["scores"]:
        if all(_known(record["scores"].get(name)) for record in records):
            values = by_model(lambda record, name=name: record["scores"][name]["value"])
            meaning = MEANINGS[name]
            measures.append(comparison.compute(name, "", meaning.better, values, bounded=meaning.bounded))
    return measures


def _known(score: Any) -> bool:
    return isinstance(score, dict) and score.get("value") is not None
