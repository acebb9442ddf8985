"""Audits a model and images that a Python program holds, by the same stages as the command."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from latent_audit.tasks.datasets.own.array_images import as_images
from latent_audit.tasks.errors import PartFailed, SettingsError, UsageError
from latent_audit.tasks.execution.devices import choose_device
from latent_audit.tasks.execution.failed_parts import failed_rows, without_failed
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.in_memory.columns import as_attributes, measured
from latent_audit.tasks.in_memory.given_data import GivenData
from latent_audit.tasks.in_memory.in_process import InProcess, one_thread, say_nothing, say_on_stderr
from latent_audit.tasks.in_memory.result import AuditResult
from latent_audit.tasks.in_memory.run_facts import run_facts
from latent_audit.tasks.in_memory.settings import python_settings, settings_record
from latent_audit.tasks.runs.selftest_record import cited
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.layers import sentences
from latent_audit.tasks.stages.arguments import arguments, runs_for
from latent_audit.tasks.stages.registry import (
    CLASSIFIER_AGAIN,
    EXPLAIN_CLASSIFIER,
    EXPORT,
    IMPORT_CLASSIFIER,
    IMPORT_MODEL,
    OF_A_MODEL,
    PREPARE,
    RECORD_PARTS,
    TRAIN_CLASSIFIER,
    TRAIN_MODEL,
    TRAVERSE,
    VERDICTS,
)
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles, ModelFiles
from latent_audit.vae_models.brought_classifier.settings import GivenClassifierSettings
from latent_audit.vae_models.components.choices import ReconstructionKind, Returned
from latent_audit.vae_models.pretrained.functions.functions_settings import (
    FunctionsSettings,
    GivenModel,
    held,
)

_EXPLANATIONS = "latent_audit.tasks.stages.explanations"
Results = dict[str, Artifact | PartFailed]


def audit(
    *,
    images: Any,
    attributes: Any = None,
    model: object | None = None,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    classifier: Callable[[Any], Any] | None = None,
    name: str = "model",
    data: str = "images",
    description: str = "Images of a Python program.",
    licence: str = "not stated",
    types: Mapping[str, Any] | None = None,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    returns: Returned | None = None,
    reconstruction: ReconstructionKind = "bernoulli",
    pixel_variance: float | None = None,
    trained_with_labels: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    explain: bool = False,
    device: str = "auto",
    progress: bool = True,
) -> AuditResult:
    """Audits a model in this process and returns verdicts, figures and a report.

    Verdicts, places and the evidence behind them are computed by the same code as by `latent-audit run`: the same
    images, attributes, outputs of the model, limits and seed give the same figures.

    Args:
        images: array, tensor or list (n, h, w), (n, h, w, c) or (n, c, h, w): uint8, or numbers in 0 to 1.
        attributes: DataFrame, mapping of columns or array (n, k), a row for each image; None for images without labels,
            whose attributes are measured in the pixels (brightness, contrast, place, extent, detail, colour).
        model: object with encode and decode, or transform and inverse_transform as in scikit-learn.
        encode: in place of `model`: images float32 (n, c, h, w) in `pixel_range` to codes (n, ...), or to means and
            log variances. It is given tensors, or arrays if it does not take tensors.
        decode: codes to images of the same shape and range; None for a model that only encodes, of which nothing is
            tested by what it draws.
        classifier: a function that reads attributes from images, in the place of the classifier that is trained here:
            images float32 (n, c, h, w) in 0 to 1 to a dict, the name of an attribute to an array of n rows:
            probabilities of the second class of a binary attribute, (n,), or of all classes, (n, classes); the value in
            the attribute's unit; the angle in radians, or its cosine and sine (n, 2). No image is set apart for its
            training then.
        name: name of the model.
        data: name of the data set.
        description: what the images show.
        licence: terms under which they may be used.
        types: types that replace inferred ones: {"grade": "ordinal", "angle": {"kind": "cyclic", "period": 360}}.
        pixel_range: what black and white are to the model.
        returns: "moments", "levels" or "indices", if two tensors or whole numbers are something else than it seems.
        reconstruction: pixel distribution: bernoulli, gaussian or laplace.
        pixel_variance: variance of gaussian or laplace pixels.
        trained_with_labels: attributes whose labels the model was trained with; [] for none, None: not stated.
        settings: sections of a settings file: subject, splits, classifier, evidence, require, explanations, report.
        seed: the seed that every random stream is derived from.
        explain: also draw latent maps, edit images and attribute pixels, for a full report. It takes minutes.
        device: auto, cpu, cuda or cuda:N.
        progress: print each finished step to stderr.

    Returns:
        Tables, figures and a report. `where` and `verdicts` have a row for each attribute. Effects are in probability
        or standard deviations; association, cause and kept have no unit.

    Raises:
        UsageError, SettingsError: arguments that cannot be used.
        DataError: images or attributes that cannot be used.
        BadCheckpoint: a model or classifier that cannot be used for these images.

    Source:
        Rules and references of the checks: docs/evidence.md.

    Example:
        >>> import numpy as np
        >>> from sklearn.decomposition import PCA
        >>> rng = np.random.default_rng(0)
        >>> left, size = rng.uniform(2, 6, 1800), rng.uniform(0.5, 1, 1800)
        >>> columns = np.arange(8)
        >>> lines = size[:, None] * np.exp(-((columns - left[:, None]) ** 2))  # a spot in a row of pixels
        >>> images = np.repeat(lines[:, None, :], 8, axis=1)
        >>> small = {"classifier": {"width": 8, "training": {"steps": 40, "evaluate_every": 20}},
        ...          "evidence": {"permutations": 100, "bootstraps": 100}}
        >>> result = audit(model=PCA(3).fit(images.reshape(1800, -1)), images=images,
        ...                attributes={"left": left, "size": size}, settings=small, progress=False)
        >>> result.where["attribute"].tolist()
        ['left', 'size']
    """
    if (model is None) == (encode is None and decode is None) or (model is None and encode is None):
        raise UsageError("give either model, or encode and, if the model has one, decode")
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"name must be a text, and not empty, got {name!r}")
    if isinstance(trained_with_labels, str):
        raise UsageError(f"trained_with_labels must be a list of names, as in [{trained_with_labels!r}]")
    decodes = (
        decode is not None
        if model is None
        else any(callable(getattr(model, name, None)) for name in ("decode", "decoder", "inverse_transform"))
    )
    pixels, image_notes = as_images(images)
    typed = measured(pixels) if attributes is None else as_attributes(attributes, len(pixels), types or {})
    given = GivenData(
        data, description, licence, pixels, typed.attributes, typed.values, (*typed.notes, *image_notes)
    )
    with ExitStack() as holding:
        handle = holding.enter_context(held(GivenModel(model, encode, decode)))
        brought = (
            None
            if classifier is None
            else GivenClassifierSettings(handle=holding.enter_context(held(classifier)))
        )
        described = _described(
            handle=handle,
            pixel_range=pixel_range,
            returns=returns,
            decodes=decodes,
            reconstruction=reconstruction,
            pixel_variance=pixel_variance,
            trained_with_labels=None if trained_with_labels is None else tuple(trained_with_labels),
        )
        effective = python_settings(settings or {}, name, described, seed, brought)
        say = say_on_stderr if progress else say_nothing
        with tempfile.TemporaryDirectory(prefix="latent-audit-") as root, one_thread():
            started = datetime.now(UTC)
            stages = InProcess(Path(root), choose_device(device), say)
            judged = _judged(stages, effective, given, explain=explain)
            facts = run_facts(started, choose_device(device))
            return AuditResult.kept(judged.path, facts, stages.ledger, effective.report.language)


def _described(**given: Any) -> FunctionsSettings:
    """Returns the settings of a model in memory; raises SettingsError in words of arguments."""
    try:
        return FunctionsSettings(**given)
    except ValidationError as error:
        raise SettingsError(sentences(error)) from None


def _judged(stages: InProcess, settings: Settings, given: GivenData, *, explain: bool) -> Artifact:
    """Returns the artifact of the verdicts."""
    (key,) = settings.model_keys
    nothing = DataFiles(Path(), {})
    prepared = stages.perform(
        PREPARE,
        data=given,
        files=nothing,
        **arguments(PREPARE, settings, {}),
    )
    # Before minutes are spent on the classifier: what is wrong with the model is said at once.
    trained = stages.perform(
        IMPORT_MODEL,
        key,
        prepared=prepared,
        model=settings.models[key.name],
        files=ModelFiles({}, {}),
        seed=key.seed,
    )
    begin = TRAIN_CLASSIFIER if settings.trains_classifier else IMPORT_CLASSIFIER
    classifier = stages.perform(
        begin,
        **arguments(begin, settings, {"prepared": prepared}),
        **({} if settings.trains_classifier else {"files": ModelFiles({}, {})}),
    )
    results: dict[str, Any] = {
        "prepared": prepared, "classifier": classifier, "trained": trained, "outside": None,
    }  # fmt: skip
    found: Results = {TRAIN_MODEL.name: trained}
    for stage in OF_A_MODEL:
        if _is_wanted(stage, explain=explain) and runs_for(stage, settings, key):
            found[stage.name] = stages.perform(stage, key, **arguments(stage, settings, results, key))
            if stage.result:
                results[stage.result] = found[stage.name]
    if explain:
        inputs = arguments(EXPLAIN_CLASSIFIER, settings, results)
        found[EXPLAIN_CLASSIFIER.name] = stages.perform(EXPLAIN_CLASSIFIER, **inputs)
        for stage in CLASSIFIER_AGAIN:
            if runs_for(stage, settings):
                found[stage.name] = stages.perform(stage, **arguments(stage, settings, results))
    kept, of_models = without_failed([key], {key.id: found})
    judged = stages.perform(
        VERDICTS,
        **arguments(VERDICTS, settings, results),
        models=kept,
        results=of_models,
        parts=RECORD_PARTS,
        settings=settings_record(settings, given.name),
        subject=settings.subject.model_dump(),
        selftest=cited(),
        given_names=settings.given_names,
        failed=failed_rows(kept, {key.id: found}),
    )
    assert isinstance(judged, Artifact), "the verdicts are no optional part"
    return judged


def _is_wanted(stage: Stage, *, explain: bool) -> bool:
    """Whether an audit from Python computes a stage: all evidence, traversals, and on request the explanations."""
    if stage is EXPORT:
        return False
    return explain or stage is TRAVERSE or not stage.module.startswith(_EXPLANATIONS)
