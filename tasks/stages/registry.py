"""Every stage of the pipeline, in the order in which runs come to them: what each needs, and what it adds."""

from latent_audit.tasks.execution.stage import RecordPart, Stage

_STAGES = "latent_audit.tasks.stages"
_DATA, _TRAINING, _EVIDENCE = f"{_STAGES}.data", f"{_STAGES}.training", f"{_STAGES}.evidence"
_EXPLANATIONS, _REPORT = f"{_STAGES}.explanations", f"{_STAGES}.report"
# What nearly every stage of a model takes.
_MODEL = ("prepared", "trained", "encoded")
_INTERVENTIONS = (
    "evidence.intervention_images", "evidence.bootstraps", "evidence.null_directions_per_dimension",
    "evidence.gate_images", "evidence.null_images", "evidence.untrained_images", "run.seed",
)  # fmt: skip

_PLACES = (
    "evidence.permutations", "evidence.bootstraps", "evidence.probe_images", "evidence.interchange_pairs",
    "evidence.boosting_images", "evidence.boosting_iterations",
)  # fmt: skip

PREPARE = Stage(
    "prepare",
    "preparing the data",
    f"{_DATA}.prepare",
    settings=("splits.shares", "evidence.fewest_of_a_class", "evidence.duplicate_images", "run.seed"),
    result="prepared",
)
HOLD_OUT_FOLD = Stage("hold_out_fold", "splitting folds", f"{_DATA}.hold_out_fold")
TRAIN_CLASSIFIER = Stage(
    "classify",
    "training the attribute classifier",
    f"{_TRAINING}.train_classifiers",
    needs=("prepared",),
    settings=("classifier", "run.seed"),
    on_device=True,
    saves=True,
    result="classifier",
)
TRAIN_MODEL = Stage(
    "train", "training", f"{_TRAINING}.train_model", on_device=True, saves=True, result="trained"
)
TRAIN_STACK = Stage(
    "train_stack", "training all seeds at once", f"{_TRAINING}.train_stack", on_device=True, saves=True
)
TAKE_TRAINED = Stage("take", "extracting one seed", f"{_TRAINING}.take_trained")
IMPORT_MODEL = Stage("import", "importing", f"{_TRAINING}.import_model")

# ---- one model, one seed: submitted by model_flow.analyse, in this order -------------------------

ENCODE = Stage(
    "encode",
    "encoding",
    f"{_EVIDENCE}.encode",
    on_device=True,
    result="encoded",
    needs=("prepared", "trained"),
    settings=("evidence.pca_images", "run.seed"),
)
PROBE = Stage(
    "probe",
    "probing",
    f"{_EVIDENCE}.probe",
    result="probed",
    needs=("prepared", "encoded"),
    settings=(
        "evidence.permutations",
        "evidence.bootstraps",
        "evidence.probe_images",
        "evidence.boosting_images",
        "evidence.boosting_iterations",
        "thresholds.significance",
        "thresholds.survives_min",
        "thresholds.gap_min",
        "run.seed",
    ),
)
INTERVENE = Stage(
    "intervene",
    "intervening on",
    f"{_EVIDENCE}.intervene",
    on_device=True,
    result="intervened",
    needs=(*_MODEL, "classifier", "probed"),
    settings=(*_INTERVENTIONS, "thresholds.classifier_share_of_way"),
    record=(RecordPart("intervention", "intervention.json"),),
)
LOCATE = Stage(
    "locate",
    "locating attributes in",
    f"{_EVIDENCE}.locate",
    on_device=True,
    result="located",
    needs=(*_MODEL, "classifier", "probed", "intervened"),
    settings=("thresholds", *_PLACES, "run.seed"),
    record=(RecordPart("places", "places.json"),),
)
ABSENCE = Stage(
    "absence",
    "looking for what must not be held by",
    f"{_EVIDENCE}.absence",
    needs=("prepared", "encoded"),
    settings=(
        "claims_of_absence",
        "evidence.permutations",
        "evidence.bootstraps",
        "evidence.probe_images",
        "evidence.boosting_images",
        "evidence.boosting_iterations",
        "thresholds.absent_max",
        "run.seed",
    ),
    only_if="has_claims_of_absence",
    record=(RecordPart("absence", "absence.json", []),),
)
FITNESS = Stage(
    "fitness",
    "measuring the fitness of",
    f"{_EVIDENCE}.fitness",
    on_device=True,
    result="fitness",
    needs=_MODEL,
    settings=(
        "evidence.bootstraps",
        "thresholds.unused_kl_nats",
        "thresholds.live_correlation_min",
        "explanations.free_dimension_samples",
        "explanations.memorisation_images",
        "explanations.memorisation_held_out_images",
        "run.seed",
    ),
)
SCORE = Stage(
    "score",
    "scoring the code of",
    f"{_EVIDENCE}.score",
    may_fail=True,
    needs=("prepared", "encoded"),
    settings=("evidence.predictor_images", "run.seed"),
    record=(RecordPart("scores", "scores.json", {}),),
)
NEGATIVE_CONTROLS = Stage(
    "negative_controls",
    "checking negative controls of",
    f"{_EVIDENCE}.negative_controls",
    on_device=True,
    needs=(*_MODEL, "classifier"),
    settings=("thresholds", *_PLACES, *_INTERVENTIONS),
    lead_seed_only=True,
)
PROJECT = Stage(
    "project",
    "drawing maps of",
    f"{_EXPLANATIONS}.project",
    may_fail=True,
    needs=("prepared", "encoded"),
    settings=(
        "explanations.projection_images",
        "explanations.projection_seeds",
        "explanations.projection_components",
        "run.seed",
    ),
    lead_seed_only=True,
    record=(RecordPart("projections", "projections.json", []),),
)
TRAVERSE = Stage(
    "traverse",
    "traversing",
    f"{_EXPLANATIONS}.traverse",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "fitness"),
    settings=("explanations.traversal_steps", "run.seed"),
    only_if="has_decoder",
    lead_seed_only=True,
    record=(RecordPart("traversal", "traversal.json"),),
)
SHOW = Stage(
    "show",
    "decoding the places of",
    f"{_EXPLANATIONS}.show",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "classifier", "located", "fitness"),
    settings=(
        "evidence.intervention_images",
        "evidence.bootstraps",
        "explanations.start_images",
        "explanations.compared_codes",
        "report.decoder",
        "run.seed",
    ),
    only_if="has_decoder",
    lead_seed_only=True,
    record=(RecordPart("frames", "frames.json"), RecordPart("decoder", "decoder.json")),
)
LATENT_RESPONSES = Stage(
    "latent_responses",
    "measuring latent responses of",
    f"{_EXPLANATIONS}.latent_responses",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "fitness"),
    settings=("explanations.response_images", "run.seed"),
    only_if="has_decoder",
    lead_seed_only=True,
    record=(RecordPart("latent_responses", "latent_responses.json"),),
)
MANIPULATE = Stage(
    "manipulate",
    "manipulating the latent space of",
    f"{_EXPLANATIONS}.manipulate",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "classifier"),
    settings=("explanations.manipulation_images", "explanations.distance_images", "run.seed"),
    only_if="has_decoder",
    lead_seed_only=True,
    record=(RecordPart("moves", "moves.json"),),
)
APPLICATIONS = Stage(
    "applications",
    "evaluating applications of",
    f"{_EXPLANATIONS}.applications",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "fitness", "outside"),
    settings=(
        "explanations.anomaly_images",
        "explanations.application_images",
        "explanations.regret_steps",
        "run.seed",
    ),
    only_if="has_decoder",
    lead_seed_only=True,
    record=(RecordPart("uses", "uses.json"),),
)
ATTRIBUTE = Stage(
    "attribute",
    "attributing",
    f"{_EXPLANATIONS}.attribute",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "fitness", "classifier"),
    settings=(
        "explanations.attribution_images",
        "explanations.attribution_dimensions",
        "explanations.attribution_steps",
        "explanations.reference_images",
        "explanations.discriminator_images",
        "explanations.variance_draws",
        "run.seed",
    ),
    code=(("gan_explanations", "interpretable_gan", f"{_EXPLANATIONS}.explain_gan"),),
    only_if="has_decoder",
    lead_seed_only=True,
    record=(
        RecordPart("attributions", "attributions.json", []),
        RecordPart("attribution_evidence", "evidence.json", []),
        RecordPart("gan", "gan.json"),
    ),
)
DISCRIMINATE = Stage(
    "discriminate",
    "explaining the discriminator of",
    f"{_EXPLANATIONS}.explain_discriminator",
    on_device=True,
    may_fail=True,
    needs=_MODEL,
    settings=("explanations.discriminator_images", "evidence.bootstraps", "run.seed"),
    only_if="is_interpretable_gan",
    record=(RecordPart("discriminator", "discriminator.json"),),
)
SUBGROUP = Stage(
    "subgroup",
    "comparing subgroups of",
    f"{_EVIDENCE}.subgroup",
    may_fail=True,
    needs=("prepared", "intervened"),
    settings=("evidence.subgroup_by", "model.name", "run.seed"),
    only_if="has_decoder",
    lead_seed_only=True,
)
MODEL_SPECIFIC = Stage(
    "model_specific",
    "model-specific explanations of",
    f"{_EXPLANATIONS}.model_specific",
    on_device=True,
    may_fail=True,
    needs=("prepared", "trained"),
    settings=(
        "evidence.bootstraps",
        "explanations.attention_images",
        "explanations.uncertainty_images",
        "explanations.label_images",
        "run.seed",
    ),
    code=(("label_efficiency", "semi_supervised_vae", f"{_TRAINING}.label_efficiency"),),
    lead_seed_only=True,
    record=(RecordPart("particulars", "particulars.json"),),
)
EXPORT = Stage(
    "export",
    "exporting",
    f"{_TRAINING}.export",
    may_fail=True,
    needs=("prepared", "trained"),
    lead_seed_only=True,
    only_if="has_our_networks",
)
OF_A_MODEL = (
    ENCODE,
    PROBE,
    INTERVENE,
    FITNESS,
    LOCATE,
    ABSENCE,
    SCORE,
    NEGATIVE_CONTROLS,
    PROJECT,
    TRAVERSE,
    SHOW,
    LATENT_RESPONSES,
    MANIPULATE,
    APPLICATIONS,
    ATTRIBUTE,
    DISCRIMINATE,
    SUBGROUP,
    MODEL_SPECIFIC,
    EXPORT,
)

# ---- the whole audit -----------------------------------------------------------------------------

EXPLAIN_CLASSIFIER = Stage(
    "explain_classifier",
    "attributing the attribute classifier",
    f"{_EXPLANATIONS}.explain_classifier",
    on_device=True,
    may_fail=True,
    needs=("prepared", "classifier"),
    settings=(
        "explanations.attribution_images",
        "explanations.attribution_steps",
        "explanations.superpixel_samples",
        "explanations.reference_images",
        "run.seed",
    ),
    # It stands in the section of every model that is shown in full.
    record=(
        RecordPart("attributions", "attributions.json", []),
        RecordPart("attribution_evidence", "evidence.json", []),
    ),
)
VERDICTS = Stage(
    "verdicts",
    "reaching verdicts",
    f"{_EVIDENCE}.verdicts",
    needs=("prepared", "classifier"),
    settings=("thresholds", "run.seed"),
)
TABULATE = Stage(
    "tabulate",
    "tabulating codes",
    f"{_EVIDENCE}.tabulate",
    on_device=True,
    needs=("prepared", "classifier"),
)
DRAW = Stage("draw", "drawing the report", f"{_REPORT}.draw")
DRAW_PICTURES = Stage("draw_pictures", "drawing the report's cards and maps", f"{_REPORT}.draw")
SCORE_SIZE = Stage("score_size", "scoring", f"{_TRAINING}.score_size", on_device=True)
CHOOSE_SIZE = Stage("choose_size", "choosing the latent size", f"{_TRAINING}.choose_size")

STAGES = tuple(found for found in list(vars().values()) if isinstance(found, Stage))
# What each stage adds to the record.
RECORD_PARTS = {stage.name: stage.record for stage in STAGES if stage.record}
