"""Every stage of the pipeline, in the order in which runs come to them: what each needs, and what it adds."""

from dataclasses import replace

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
    settings=(
        "splits.shares",
        "trains_models",
        "trains_classifier",
        "evidence.fewest_of_a_class",
        "evidence.duplicate_images",
        "run.seed",
    ),
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
IMPORT_CLASSIFIER = replace(
    TRAIN_CLASSIFIER,
    name="import_classifier",
    verb="importing the attribute classifier",
    module=f"{_TRAINING}.import_classifier",
    saves=False,
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
# Where settings name a second classifier: the same evidence by it, and how far the two differ.
TRAIN_SECOND_CLASSIFIER = replace(
    TRAIN_CLASSIFIER,
    name="classify_second",
    verb="training the second attribute classifier",
    result="second_classifier",
)
INTERVENE_SECOND = replace(
    INTERVENE,
    name="intervene_second",
    verb="intervening, by the second classifier, on",
    result="second_intervened",
    record=(),
)
LOCATE_SECOND = replace(
    LOCATE,
    name="locate_second",
    verb="locating attributes, by the second classifier, in",
    result="second_located",
    record=(),
)
COMPARE_CLASSIFIERS = Stage(
    "compare_classifiers",
    "comparing classifiers on",
    f"{_EVIDENCE}.compare_classifiers",
    on_device=True,
    needs=(*_MODEL, "classifier", "second_classifier", "located", "second_intervened", "second_located"),
    settings=(
        "evidence.probe_images", "evidence.interchange_pairs", "evidence.bootstraps", "run.seed",
    ),
)  # fmt: skip
# Where unused dimensions are to be dropped: codes without them, and the same evidence of these.
PRUNE = Stage(
    "prune",
    "dropping unused dimensions of",
    f"{_EXPLANATIONS}.prune",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "fitness"),
    settings=("explanations.distance_images", "evidence.bootstraps", "run.seed"),
    only_if="drops_unused",
    lead_seed_only=True,
    result="pruned",
)
PROBE_PRUNED = replace(PROBE, name="probe_pruned", verb="probing, without unused dimensions,", may_fail=True)
INTERVENE_PRUNED = replace(
    INTERVENE,
    name="intervene_pruned",
    verb="intervening, without unused dimensions, on",
    may_fail=True,
    record=(),
)
LOCATE_PRUNED = replace(
    LOCATE,
    name="locate_pruned",
    verb="locating attributes, without unused dimensions, in",
    may_fail=True,
    record=(),
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
LIKELIHOOD = Stage(
    "likelihood",
    "bounding the likelihood of",
    f"{_EVIDENCE}.likelihood",
    on_device=True,
    may_fail=True,
    needs=("prepared", "trained"),
    settings=(
        "explanations.bound_images",
        "explanations.bound_draws",
        "evidence.bootstraps",
        "run.seed",
    ),
    only_if="bounds_likelihood",
    lead_seed_only=True,
    record=(RecordPart("likelihood", "likelihood.json"),),
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
    settings=("explanations.traversal_steps", "explanations.traversal_shifts", "run.seed"),
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
VARIATIONS = Stage(
    "variations",
    "drawing variations of",
    f"{_EXPLANATIONS}.variations",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "fitness", "classifier"),
    settings=("explanations.variations", "run.seed"),
    only_if="draws_variations",
    lead_seed_only=True,
    record=(RecordPart("variations", "variations.json"),),
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
AUGMENT_CNN = Stage(
    "augment_cnn",
    "training a CNN with images of",
    f"{_EXPLANATIONS}.augment_cnn",
    on_device=True,
    may_fail=True,
    needs=_MODEL,
    settings=("explanations.augmented_cnn", "run.seed"),
    only_if="teaches_cnn",
    lead_seed_only=True,
    record=(RecordPart("augmented_cnn", "augmented_cnn.json"),),
)
MIXTURE = Stage(
    "mixture",
    "fitting a mixture beside",
    f"{_EXPLANATIONS}.mixture",
    on_device=True,
    may_fail=True,
    needs=("prepared", "trained"),
    settings=("explanations.mixture", "evidence.bootstraps", "run.seed"),
    only_if="compares_mixture",
    lead_seed_only=True,
    record=(RecordPart("mixture", "mixture.json"),),
)
LEAVE_OUT = Stage(
    "leave_out",
    "leaving a class out of the training of",
    f"{_EXPLANATIONS}.leave_out",
    on_device=True,
    may_fail=True,
    needs=("prepared", "trained"),
    settings=("explanations.leave_out", "explanations.regret_steps", "evidence.bootstraps", "run.seed"),
    only_if="leaves_out",
    lead_seed_only=True,
    record=(RecordPart("left_out", "left_out.json"),),
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
BIAS = Stage(
    "bias",
    "looking for bias in",
    f"{_EVIDENCE}.bias",
    on_device=True,
    may_fail=True,
    needs=(*_MODEL, "classifier", "intervened", "located"),
    settings=("evidence.protected", *_PLACES, "thresholds", "model.name", "run.seed"),
    only_if="has_protected",
    lead_seed_only=True,
    record=(RecordPart("bias", "bias.json", []),),
)
GUESSES = Stage(
    "guesses",
    "testing guesses on",
    f"{_EVIDENCE}.guesses",
    on_device=True,
    may_fail=True,
    needs=_MODEL,
    settings=(
        "given_names", "evidence.permutations", "evidence.bootstraps", "evidence.probe_images", "run.seed",
    ),
    only_if="has_given_names",
    record=(RecordPart("guesses", "guesses.json", []),),
)  # fmt: skip
LEARNING = Stage(
    "learning",
    "looking at checkpoints of",
    f"{_EXPLANATIONS}.learning",
    on_device=True,
    may_fail=True,
    needs=("prepared", "trained", "classifier"),
    settings=(
        "explanations.learning_checkpoints",
        "evidence.probe_images",
        "evidence.bootstraps",
        "thresholds.uncertainty_min",
        "run.seed",
    ),
    only_if="watches_learning",
    lead_seed_only=True,
    record=(RecordPart("learning", "learning.json"),),
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
    LIKELIHOOD,
    LOCATE,
    ABSENCE,
    SCORE,
    NEGATIVE_CONTROLS,
    PROJECT,
    TRAVERSE,
    SHOW,
    LATENT_RESPONSES,
    MANIPULATE,
    VARIATIONS,
    APPLICATIONS,
    AUGMENT_CNN,
    MIXTURE,
    LEAVE_OUT,
    ATTRIBUTE,
    DISCRIMINATE,
    SUBGROUP,
    BIAS,
    GUESSES,
    LEARNING,
    MODEL_SPECIFIC,
    EXPORT,
)

# The evidence of codes without unused dimensions, in this order; each takes `pruned` in the place of `encoded`.
OF_A_PRUNED_CODE = (PROBE_PRUNED, INTERVENE_PRUNED, LOCATE_PRUNED)

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
LEARNING_CLASSIFIER = Stage(
    "learning_classifier",
    "looking at checkpoints of the attribute classifier",
    f"{_EXPLANATIONS}.learning_classifier",
    on_device=True,
    may_fail=True,
    needs=("prepared",),
    settings=("classifier", "explanations.learning_checkpoints", "evidence.probe_images", "run.seed"),
    only_if="watches_classifier",
)
BAYESIAN_CLASSIFIER = Stage(
    "bayesian_classifier",
    "training a classifier with uncertain weights",
    f"{_EXPLANATIONS}.bayesian_classifier",
    on_device=True,
    may_fail=True,
    saves=True,
    needs=("prepared",),
    settings=(
        "classifier",
        "explanations.bayesian_classifier",
        "explanations.attribution_steps",
        "explanations.reference_images",
        "evidence.bootstraps",
        "run.seed",
    ),
    only_if="trains_bayesian_classifier",
)
# What trains the classifier once more to explain it.
CLASSIFIER_AGAIN = (LEARNING_CLASSIFIER, BAYESIAN_CLASSIFIER)
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
