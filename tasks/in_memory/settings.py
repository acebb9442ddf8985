"""Settings of an audit from Python: the sections of a settings file that do not belong to a run of the command."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.execution.stage import key_part
from latent_audit.tasks.settings.audit import BAYESIAN_AND_BROUGHT, Settings
from latent_audit.tasks.settings.evidence import EvidenceSettings, RequirementSettings
from latent_audit.tasks.settings.explanations import ExplanationSettings
from latent_audit.tasks.settings.layers import sentences
from latent_audit.tasks.settings.outcome import ReportSettings
from latent_audit.tasks.settings.run import RunSettings, Section
from latent_audit.tasks.settings.subject import SplitSettings, SubjectSettings
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.brought_classifier.settings import GivenClassifierSettings
from latent_audit.vae_models.pretrained.functions.functions_settings import FunctionsSettings

PYTHON = "python"


class PythonSettings(Section):
    """The sections that `latent_audit.audit` takes; each is that of a settings file."""

    subject: SubjectSettings = SubjectSettings()
    splits: SplitSettings = SplitSettings()
    classifier: AttributeClassifierSettings = AttributeClassifierSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    require: dict[str, dict[str, RequirementSettings]] = Field({})
    explanations: ExplanationSettings = ExplanationSettings()
    report: ReportSettings = ReportSettings()


def python_settings(
    given: Mapping[str, Any],
    name: str,
    model: FunctionsSettings,
    seed: int,
    classifier: GivenClassifierSettings | None = None,
) -> Settings:
    """Returns the settings of an audit of one model, without those of data, folders and servers.

    classifier: the one that the program brings, in the place of the section.

    Neither the environment nor a file is read. Raises SettingsError that lists every unknown key and wrong value.
    """
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"settings must be a mapping of sections, as in {{'evidence': {{}}}}, got {given!r}"
        )
    try:
        run = RunSettings(name=name, seed=seed)
        sections = PythonSettings.model_validate(_over(PythonSettings().model_dump(), given))
    except ValidationError as error:
        raise SettingsError(sentences(error)) from None
    unknown = [required for required in sections.require if required != name]
    if unknown:
        raise SettingsError(f"require names {', '.join(map(repr, unknown))}, and the model is {name!r}")
    if classifier is not None and "classifier" in given:
        raise SettingsError(
            "classifier is given, and a section `classifier` of the settings too: give one of them"
        )
    if classifier is not None and sections.explanations.bayesian_classifier.anything:
        raise SettingsError(BAYESIAN_AND_BROUGHT)
    named: dict[str, Any] = {field: getattr(sections, field) for field in PythonSettings.model_fields}
    if classifier is not None:
        named["classifier"] = classifier
    # No file can name such a model, so the type of the setting does not know it.
    models: dict[str, Any] = {name: model}
    return Settings.model_construct(run=run, models=models, seeds=(seed,), **named)


def _over(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the defaults with what is given in their place, section by section, as a settings file is read."""
    both = {
        name: _over(defaults[name], value)
        for name, value in given.items()
        if isinstance(value, Mapping) and isinstance(defaults.get(name), Mapping)
    }
    return {**defaults, **given, **both}


def settings_record(settings: Settings, data: str) -> dict[str, Any]:
    """Returns the settings as audit.json holds them; `given_in` says that they came from Python."""
    record = {field: key_part(getattr(settings, field)) for field in PythonSettings.model_fields}
    models = {
        name: model.model_dump(mode="json", exclude={"handle"}) for name, model in settings.models.items()
    }
    return {
        **record,
        "given_in": PYTHON,
        "run": {"name": settings.run.name, "seed": settings.run.seed},
        "data": {"kind": PYTHON, "name": data},
        "models": models,
        "seeds": list(settings.seeds),
    }
