"""Every stage of the pipeline, in the order in which runs come to them."""

from latent_audit.tasks.stages.stage import Stage

PREPARE = Stage("prepare", "preparing the data", "latent_audit.tasks.stages.data.prepare")
HOLD_OUT_FOLD = Stage("hold_out_fold", "dealing folds", "latent_audit.tasks.stages.data.hold_out_fold")
TRAIN_CLASSIFIER = Stage(
    "classify",
    "training the attribute classifier",
    "latent_audit.tasks.stages.training.train_classifiers",
    on_device=True,
    saves=True,
)
TRAIN_MODEL = Stage(
    "train", "training", "latent_audit.tasks.stages.training.train_model", on_device=True, saves=True
)
TRAIN_STACK = Stage(
    "train_stack",
    "training all seeds beside",
    "latent_audit.tasks.stages.training.train_stack",
    on_device=True,
    saves=True,
)
TAKE_TRAINED = Stage("take", "taking from its stack", "latent_audit.tasks.stages.training.take_trained")
IMPORT_MODEL = Stage("import", "importing", "latent_audit.tasks.stages.training.import_model")
ENCODE = Stage("encode", "encoding", "latent_audit.tasks.stages.evidence.encode", on_device=True)
PROBE = Stage("probe", "probing", "latent_audit.tasks.stages.evidence.probe")
SCORE = Stage("score", "scoring the code of", "latent_audit.tasks.stages.evidence.score", may_fail=True)
INTERVENE = Stage(
    "intervene", "intervening on", "latent_audit.tasks.stages.evidence.intervene", on_device=True
)
LOCATE = Stage(
    "locate", "locating attributes in", "latent_audit.tasks.stages.evidence.locate", on_device=True
)
SUBGROUP = Stage(
    "subgroup", "comparing subgroups of", "latent_audit.tasks.stages.evidence.subgroup", may_fail=True
)
FITNESS = Stage(
    "fitness", "measuring the fitness of", "latent_audit.tasks.stages.evidence.fitness", on_device=True
)
CONTROL = Stage(
    "control", "controlling", "latent_audit.tasks.stages.evidence.negative_controls", on_device=True
)
PROJECT = Stage("project", "drawing maps of", "latent_audit.tasks.stages.explanations.project", may_fail=True)
TRAVERSE = Stage(
    "traverse", "traversing", "latent_audit.tasks.stages.explanations.traverse", on_device=True, may_fail=True
)
MOVE = Stage(
    "move",
    "moving through",
    "latent_audit.tasks.stages.explanations.manipulate",
    on_device=True,
    may_fail=True,
)
USE = Stage(
    "use",
    "trying the uses of",
    "latent_audit.tasks.stages.explanations.applications",
    on_device=True,
    may_fail=True,
)
ATTRIBUTE = Stage(
    "attribute",
    "attributing",
    "latent_audit.tasks.stages.explanations.attribute",
    on_device=True,
    may_fail=True,
)
PARTICULARS = Stage(
    "particulars",
    "showing what is particular to",
    "latent_audit.tasks.stages.explanations.model_specific",
    on_device=True,
    may_fail=True,
)
EXPLAIN_CLASSIFIER = Stage(
    "explain_classifier",
    "attributing the attribute classifier",
    "latent_audit.tasks.stages.explanations.explain_classifier",
    on_device=True,
    may_fail=True,
)
EXPORT = Stage("export", "exporting", "latent_audit.tasks.stages.training.export", may_fail=True)
JUDGE = Stage("judge", "judging", "latent_audit.tasks.stages.evidence.verdicts")
DRAW = Stage("draw", "drawing the report", "latent_audit.tasks.stages.report.draw")
DRAW_PICTURES = Stage(
    "draw_pictures", "drawing the report's cards and maps", "latent_audit.tasks.stages.report.draw"
)
SCORE_SIZE = Stage("score_size", "scoring", "latent_audit.tasks.stages.training.score_size", on_device=True)
CHOOSE_SIZE = Stage(
    "choose_size", "choosing the latent size", "latent_audit.tasks.stages.training.choose_size"
)

STAGES = tuple(found for found in list(vars().values()) if isinstance(found, Stage))
