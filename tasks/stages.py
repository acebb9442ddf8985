"""Every stage of the pipeline, in the order in which runs come to them."""

from tasks.stage import Stage

PREPARE = Stage("prepare", "preparing the data", "tasks.prepare")
HOLD_OUT_FOLD = Stage("hold_out_fold", "dealing folds", "tasks.hold_out_fold")
TRAIN_CLASSIFIER = Stage(
    "classify", "training the attribute classifier", "tasks.train_classifiers", on_device=True, saves=True
)
TRAIN_MODEL = Stage("train", "training", "tasks.train_model", on_device=True, saves=True)
TRAIN_STACK = Stage(
    "train_stack", "training all seeds beside", "tasks.train_stack", on_device=True, saves=True
)
TAKE_TRAINED = Stage("take", "taking from its stack", "tasks.take_trained")
IMPORT_MODEL = Stage("import", "importing", "tasks.import_model")
ENCODE = Stage("encode", "encoding", "tasks.encode", on_device=True)
PROBE = Stage("probe", "probing", "tasks.probe")
SCORE = Stage("score", "scoring the code of", "tasks.score", may_fail=True)
INTERVENE = Stage("intervene", "intervening on", "tasks.intervene", on_device=True)
SUBGROUP = Stage("subgroup", "comparing subgroups of", "tasks.subgroup", may_fail=True)
FITNESS = Stage("fitness", "measuring the fitness of", "tasks.fitness", on_device=True)
CONTROL = Stage("control", "controlling", "tasks.control", on_device=True)
PROJECT = Stage("project", "drawing maps of", "tasks.project", may_fail=True)
TRAVERSE = Stage("traverse", "traversing", "tasks.traverse", on_device=True, may_fail=True)
MOVE = Stage("move", "moving through", "tasks.move", on_device=True, may_fail=True)
USE = Stage("use", "trying the uses of", "tasks.use", on_device=True, may_fail=True)
ATTRIBUTE = Stage("attribute", "attributing", "tasks.attribute", on_device=True, may_fail=True)
PARTICULARS = Stage(
    "particulars", "showing what is particular to", "tasks.particulars", on_device=True, may_fail=True
)
EXPLAIN_CLASSIFIER = Stage(
    "explain_classifier",
    "attributing the attribute classifier",
    "tasks.explain_classifier",
    on_device=True,
    may_fail=True,
)
EXPORT = Stage("export", "exporting", "tasks.export", may_fail=True)
JUDGE = Stage("judge", "judging", "tasks.judge")
DRAW = Stage("draw", "drawing the report", "tasks.draw")
DRAW_PICTURES = Stage("draw_pictures", "drawing the report's cards and maps", "tasks.draw")
SCORE_SIZE = Stage("score_size", "scoring", "tasks.score_size", on_device=True)
CHOOSE_SIZE = Stage("choose_size", "choosing the latent size", "tasks.choose_size")

STAGES = tuple(found for found in list(vars().values()) if isinstance(found, Stage))
