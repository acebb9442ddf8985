"""All settings of a run: one model for the YAML file, the environment, the command line and Prefect's form.

Precedence: command line, then environment (LATENT_AUDIT_DATA__IMAGE_SIZE=64), then the YAML file, then defaults.
"""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.dimension_names.given import GivenName
from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.datasets.tables.shown_text import differing, seen_as
from latent_audit.tasks.settings.compute import ComputeSettings
from latent_audit.tasks.settings.dimension_names import read_names
from latent_audit.tasks.settings.evidence import EvidenceSettings, RequirementSettings
from latent_audit.tasks.settings.explanations import ExplanationSettings
from latent_audit.tasks.settings.extensions import ExtensionsSettings
from latent_audit.tasks.settings.outcome import OverTimeSettings, ReportSettings, TrackingSettings
from latent_audit.tasks.settings.run import SOURCES, RunSettings
from latent_audit.tasks.settings.study import LatentSizeSettings
from latent_audit.tasks.settings.subject import SplitSettings, SubjectSettings
from latent_audit.tasks.storage.artifacts import ModelKey
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.brought_classifier.settings import (
    BroughtClassifierSettings,
    GivenClassifierSettings,
)
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.presets import ModelSettings, can_be_stacked
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings
from latent_audit.vae_models.pretrained.entrypoint_settings import OwnCodeSettings
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings

if TYPE_CHECKING:
    from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim

BAYESIAN_AND_BROUGHT = (
    "explanations.bayesian_classifier trains a classifier of ours once more, and yours was trained elsewhere: leave it "
    "out"
)
# Kinds whose weights another model may start from.
STARTS = ("autoencoder", "vae", "beta_vae")


def _form_of_classifier(given: Any) -> str:
    if isinstance(given, list | tuple):
        return "several"
    if isinstance(given, BroughtClassifierSettings) or (isinstance(given, dict) and _is_brought(given)):
        return "brought"
    return "ours"


def _is_brought(given: dict[str, Any]) -> bool:
    return (
        "entrypoint" in given or given.get("kind") == BroughtClassifierSettings.model_fields["kind"].default
    )


def _refuse_brought_in_list(given: Any) -> Any:
    if isinstance(given, list | tuple) and any(_form_of_classifier(one) == "brought" for one in given):
        raise ValueError("a classifier of your own judges alone: give it by itself, not in a list")
    return given


# Distinguished before validation, so that an error in one classifier reads as if there were no others.
Classifiers = Annotated[
    Annotated[AttributeClassifierSettings, Tag("ours")]
    | Annotated[BroughtClassifierSettings, Tag("brought")]
    | Annotated[
        tuple[AttributeClassifierSettings, ...], BeforeValidator(_refuse_brought_in_list), Tag("several")
    ],
    Discriminator(_form_of_classifier),
]


class Settings(BaseSettings):
    """All settings of one audit."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        allow_inf_nan=False,
        **SOURCES,
        title="latent-audit settings",
    )
    run: RunSettings = Field(RunSettings(), description="name, seed and folders")
    subject: SubjectSettings = Field(
        SubjectSettings(), description="purpose and responsibility, for the report"
    )
    data: DataSettings = Field(SpritesSettings(), description="the data set, by `kind`")
    splits: SplitSettings = Field(SplitSettings(), description="disjoint parts of the data")
    extensions: ExtensionsSettings = Field(
        ExtensionsSettings(), description="which models and data sets of installed packages may be used"
    )
    classifier: Classifiers = Field(
        AttributeClassifierSettings(),
        description="the independent attribute classifier of interventions; a list of two: a verdict counts where both "
        "give it; with entrypoint, a function of your own",
    )
    models: dict[str, ModelSettings] = Field(
        {
            "interpretable_gan": InterpretableGanSettings(),
            "beta_vae": BetaVaeSettings(),
            "vae": VaeSettings(),
        },
        min_length=1,
        description="models to audit: a name of yours, then settings by `kind`",
    )
    seeds: tuple[int, ...] = Field(
        (0, 1, 2),
        min_length=1,
        description="training seeds of each model; the first is the one reported in full, and the only one of a "
        "model that was trained elsewhere",
    )
    evidence: EvidenceSettings = Field(EvidenceSettings(), description="how claims are tested")
    require: dict[str, dict[str, RequirementSettings]] = Field(
        {},
        description="what must be shown, by model and attribute: {vae: {scale: {place: direction}, sex: absent}}; a "
        "run that does not show it ends with exit code 5",
    )
    explanations: ExplanationSettings = Field(
        ExplanationSettings(), description="how much is drawn, moved and attributed"
    )
    latent_size: LatentSizeSettings = Field(
        LatentSizeSettings(), description="which latent sizes `latent-audit latent-size` tries"
    )
    compute: ComputeSettings = Field(ComputeSettings(), description="device and processes")
    tracking: TrackingSettings = Field(TrackingSettings(), description="MLflow")
    over_time: OverTimeSettings = Field(
        OverTimeSettings(), description="comparison with the last accepted run"
    )
    report: ReportSettings = Field(ReportSettings(), description="the HTML report")

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) != len(seeds) or min(seeds) < 0:
            raise ValueError(f"seeds must be different and not negative, got {list(seeds)}")
        if max(seeds) >= 2**31:
            raise ValueError(f"seeds must be less than {2**31}, got {list(seeds)}")
        return seeds

    @field_validator("classifier")
    @classmethod
    def _one_or_two(cls, given: Any) -> Any:
        if isinstance(given, tuple) and len(given) not in (1, 2):
            raise ValueError(f"expected one classifier, or a list of one or two, got {len(given)}")
        return given

    @field_validator("models")
    @classmethod
    def _names_differ(cls, models: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, str] = {}
        for name in models:
            plain = seen_as(name).casefold()
            other = seen.setdefault(plain, name)
            if other != name or not plain:
                both = f"{differing(other)!r} and {differing(name)!r}"
                raise ValueError(f"model names must be different and not empty, got {both}")
        return models

    @model_validator(mode="after")
    def _corrected_significance_can_be_reached(self) -> "Settings":
        smallest = 1.0 / (self.evidence.permutations + 1.0)
        if self.evidence.correction == "run" and smallest > self.thresholds.significance:
            needed = math.ceil(1.0 / self.thresholds.significance)
            raise ValueError(
                f"no p-value can be as small as {self.thresholds.significance:.2g}, the significance corrected over "
                f"{len(self.model_keys)} trained models: give at least {needed} permutations"
            )
        return self

    @model_validator(mode="after")
    def _extensions_are_allowed(self) -> "Settings":
        self.extensions.refuse_others(
            {f"models.{name}": model for name, model in self.models.items()},
            {"data": self.data, "explanations.outside": self.explanations.outside},
        )
        return self

    @model_validator(mode="after")
    def _brought_classifier_is_not_trained(self) -> "Settings":
        if not self.trains_classifier and self.explanations.bayesian_classifier.anything:
            raise ValueError(BAYESIAN_AND_BROUGHT)
        return self

    @model_validator(mode="after")
    def _starts_fit(self) -> "Settings":
        for name, model in self.models.items():
            start = self.start_of(name)
            if start is None:
                continue
            first = self.models.get(start)
            if first is None or self.start_of(start) is not None or start == name:
                raise ValueError(
                    f"models.{name}.start_from is {start!r}, and must be one of the other models that starts from none"
                )
            alike = ("network", "hidden_units", "latent_dim")
            if first.kind not in STARTS or any(getattr(first, key) != getattr(model, key) for key in alike):
                raise ValueError(
                    f"models.{name}.start_from is {start!r}, which must be of kind {', '.join(STARTS)} with the same "
                    f"{', '.join(alike)}"
                )
        return self

    @model_validator(mode="after")
    def _required_models_are_audited(self) -> "Settings":
        unknown = [name for name in self.require if name not in self.models]
        if unknown:
            raise ValueError(
                f"require names {', '.join(map(repr, unknown))}, and the models are {', '.join(self.models)}"
            )
        return self

    @property
    def thresholds(self) -> Thresholds:
        """The limits that decide: those of the evidence, the significance corrected over what the settings say."""
        limits = self.evidence.thresholds
        if self.evidence.correction == "model":
            return limits
        return replace(limits, significance=limits.significance / len(self.model_keys))

    @property
    def claims_of_absence(self) -> tuple["AbsenceClaim", ...]:
        """What no code must hold: as listed, and what some model is required not to hold."""
        from latent_audit.tasks.analyses.absence.evidence import (
            AbsenceClaim,
        )  # here: SciPy takes a second to import

        listed = tuple(AbsenceClaim(claim.attribute, claim.given) for claim in self.evidence.must_not_hold)
        known = {claim.attribute for claim in listed}
        required = {
            name: AbsenceClaim(name)
            for asked in self.require.values()
            for name, requirement in asked.items()
            if requirement.place == "absent" and name not in known
        }
        return (*listed, *required.values())

    def has_claims_of_absence(self, name: str) -> bool:
        """Whether a model is looked at for what it must not hold: all are, or none."""
        return bool(self.claims_of_absence)

    @property
    def given_names(self) -> tuple[GivenName, ...]:
        """The names that people gave to dimensions."""
        return read_names(self.evidence.names_file)

    def has_given_names(self, name: str) -> bool:
        """Whether a model's dimensions are looked through for guesses: all models' are, or none's."""
        return self.evidence.names_file is not None

    @property
    def trains_models(self) -> bool:
        """Whether any model is trained by the run, rather than elsewhere."""
        return not all(isinstance(model, ExistingModelSettings) for model in self.models.values())

    @property
    def brought_classifier(self) -> BroughtClassifierSettings | GivenClassifierSettings | None:
        """The classifier that the user brings; None where it is one of ours."""
        brought = isinstance(self.classifier, BroughtClassifierSettings | GivenClassifierSettings)
        return self.classifier if brought else None  # type: ignore[return-value]  # Python's sections hold the second

    @property
    def trains_classifier(self) -> bool:
        """Whether the attribute classifier is trained by the run."""
        return self.brought_classifier is None

    @property
    def code_folders(self) -> tuple[str, ...]:
        """The absolute folders that the user's own code is imported from."""
        own = [model.folder for model in self.models.values() if isinstance(model, OwnCodeSettings)]
        if isinstance(self.classifier, BroughtClassifierSettings):
            own.append(self.classifier.folder)
        return tuple(dict.fromkeys(str(folder.absolute()) for folder in own))

    @property
    def classifiers(self) -> tuple[AttributeClassifierSettings, ...]:
        """The classifiers of ours that judge: one or two, none where the user brings one."""
        if isinstance(self.classifier, tuple):
            return self.classifier
        return (self.classifier,) if isinstance(self.classifier, AttributeClassifierSettings) else ()

    def has_protected(self, name: str) -> bool:
        """Whether a model is looked at for bias: all are, or none."""
        return bool(self.evidence.protected)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.name or self.data.kind

    def has_our_networks(self, name: str) -> bool:
        """Whether a model's networks are defined in this project; only those are exported to MLflow."""
        model = self.models[name]
        return not isinstance(model, ExistingModelSettings) or isinstance(model, CheckpointSettings)

    def has_decoder(self, name: str) -> bool:
        """Whether a model decodes codes."""
        model = self.models[name]
        return not isinstance(model, ExistingModelSettings) or model.has_decoder

    def start_of(self, name: str) -> str | None:
        """Returns the model whose trained weights a model starts from; None for new weights."""
        start: str | None = getattr(self.models[name], "start_from", None)
        return start

    def bounds_likelihood(self, name: str) -> bool:
        """Whether a model's evidence lower bound is held against log p(x)."""
        return self.has_decoder(name) and self.explanations.sizes().bound_images > 0

    def watches_learning(self, name: str) -> bool:
        """Whether a model is looked at while it learns: those that are trained here, from new weights."""
        elsewhere = isinstance(self.models[name], ExistingModelSettings)
        return bool(self.explanations.learning_checkpoints) and not elsewhere and self.start_of(name) is None

    def watches_classifier(self) -> bool:
        """Whether the attribute classifier is looked at while it learns."""
        return self.explanations.learning_checkpoints > 0 and self.trains_classifier

    def trains_bayesian_classifier(self) -> bool:
        """Whether the attribute classifier is trained once more, with a distribution over its weights."""
        return self.explanations.bayesian_classifier.anything and self.trains_classifier

    def drops_unused(self, name: str) -> bool:
        """Whether a model's code is looked at once more without its unused dimensions."""
        return self.has_decoder(name) and self.explanations.drop_unused

    def teaches_cnn(self, name: str) -> bool:
        """Whether a CNN is trained with and without images that a model generated."""
        return self.has_decoder(name) and self.explanations.augmented_cnn.images > 0

    def compares_mixture(self, name: str) -> bool:
        """Whether a model's bound on the likelihood is held against a mixture."""
        return self.has_decoder(name) and bool(self.explanations.mixture.components)

    def leaves_out(self, name: str) -> bool:
        """Whether a model is trained once more without a class: those that are trained here, from new weights."""
        elsewhere = isinstance(self.models[name], ExistingModelSettings)
        return bool(self.explanations.leave_out.attribute) and not elsewhere and self.start_of(name) is None

    def draws_variations(self, name: str) -> bool:
        """Whether variations of a model's images are asked for."""
        return self.has_decoder(name) and self.explanations.variations.anything

    def is_interpretable_gan(self, name: str) -> bool:
        """Whether a model has a discriminator that decides by a sum of terms, which can be explained."""
        return isinstance(self.models[name], InterpretableGanSettings)

    def is_stacked(self, name: str) -> bool:
        """Whether all seeds of a model are trained in one step."""
        return self.compute.stack_seeds and len(self.seeds) > 1 and can_be_stacked(self.models[name])

    @property
    def outside(self) -> DataSettings | None:
        """The out-of-distribution data set of anomaly detection; by default with the mirror of the audited data."""
        other, mirror = self.explanations.outside, getattr(self.data, "mirror", None)
        if other is None or mirror is None or getattr(other, "mirror", mirror) is not None:
            return other
        return other.model_copy(update={"mirror": mirror})

    @property
    def model_keys(self) -> list[ModelKey]:
        """Every model with every seed, first seeds first: the report shows those in full.

        A model that was trained elsewhere has one set of weights and so one seed: a second would be the same again.
        """
        first, *others = self.seeds
        elsewhere = [name for name, model in self.models.items() if isinstance(model, ExistingModelSettings)]
        keys = [ModelKey(name, first) for name in self.models]
        return keys + [
            ModelKey(name, seed) for seed in others for name in self.models if name not in elsewhere
        ]
