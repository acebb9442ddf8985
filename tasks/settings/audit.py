"""All settings of a run: one model for the YAML file, the environment, the command line and Prefect's form.

Precedence: command line, then environment (LATENT_AUDIT_DATA__IMAGE_SIZE=64), then the YAML file, then defaults.
"""

import math
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.settings.explanations import ExplanationSettings
from latent_audit.tasks.settings.run import SOURCES, RunSettings, Section
from latent_audit.tasks.storage.artifacts import ModelKey
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.presets import ModelSettings, can_be_stacked
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings
from latent_audit.vocabulary.verdicts import SUPPORTED


class SubjectSettings(Section):
    """Purpose and responsibility as stated in the report; null is shown as "not stated"."""

    title: str | None = Field(None, description="title of the report; null: made from models and data")
    intended_use: str | None = Field(None, description="what the audited models are meant for")
    out_of_scope: str | None = Field(None, description="what they are not meant for")
    owner: str | None = Field(None, description="who answers for them")
    names: dict[str, str] = Field(
        {}, description="what the report calls models and attributes: {posX: left-right position}"
    )


class SplitSettings(Section):
    """Shares of the four disjoint parts of the data."""

    model_train: float = Field(0.55, gt=0, lt=1, description="share that trains the generative models")
    classifier_train: float = Field(
        0.15, gt=0, lt=1, description="share that trains the attribute classifier"
    )
    probe_fit: float = Field(
        0.15, gt=0, lt=1, description="share on which dimensions, bins and probes are chosen"
    )
    probe_test: float = Field(0.15, gt=0, lt=1, description="share on which everything is scored")

    @model_validator(mode="after")
    def _shares_add_up(self) -> "SplitSettings":
        total = self.model_train + self.classifier_train + self.probe_fit + self.probe_test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the four shares must add up to 1, got {total:g}")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """The share of each part by name."""
        return self.model_dump()


class AbsenceSettings(Section):
    """A claim that a code does not hold an attribute."""

    attribute: str = Field(description="attribute that must not be held")
    given: tuple[str, ...] = Field(
        (), description="attributes that may be known: what the code tells beyond them counts"
    )

    @model_validator(mode="after")
    def _given_are_others(self) -> "AbsenceSettings":
        if self.attribute in self.given or len(set(self.given)) != len(self.given):
            raise ValueError(
                f"given must name other attributes than {self.attribute}, each once, got {list(self.given)}"
            )
        return self


class EvidenceSettings(Section):
    """How claims are tested. Thresholds are fixed before the run, and their digest is in the report."""

    permutations: int = Field(2000, ge=100, description="label permutations behind corrected p-values")
    bootstraps: int = Field(1000, ge=100, description="bootstrap draws behind each 95 % interval")
    probe_images: int = Field(
        3000, ge=200, description="most images that probes are fitted on, and scored on"
    )
    boosting_images: int = Field(
        2000, ge=100, description="most images that the boosting probe is fitted on, of those of probes"
    )
    boosting_iterations: int = Field(40, ge=5, description="trees of the histogram gradient boosting probe")
    predictor_images: int = Field(
        2000, ge=100, description="most images that the predictors of DCI, SAP and explicitness are fitted on"
    )
    pca_images: int = Field(
        5000, ge=100, description="most training images that the control `pca` is fitted on"
    )
    gate_images: int = Field(
        2000,
        ge=100,
        description="most reconstructions that the attribute classifier is tried on before it judges",
    )
    intervention_images: int = Field(256, ge=256, description="held-out images that interventions start from")
    interchange_pairs: int = Field(
        1000,
        ge=100,
        description="most pairs of held-out images between which a part of the code is swapped",
    )
    null_directions_per_dimension: int = Field(
        45, ge=20, description="random latent moves behind the intervention's null, for each dimension"
    )
    null_images: int = Field(8, ge=2, description="held-out images that those random moves start from")
    untrained_images: int = Field(
        32,
        ge=2,
        description="held-out images that moves in the untrained decoder start from, for the same null",
    )
    fewest_of_a_class: int = Field(
        10,
        ge=2,
        description="an attribute is tested if every part of the data has so many images of two of its classes, or so "
        "many that differ from its commonest value",
    )
    duplicate_images: int = Field(
        20_000,
        ge=100,
        description="most images among which near-duplicates across parts are looked for, where data.groups is not set",
    )
    subgroup_by: str | None = Field(
        None,
        description="attribute whose groups effects are compared in; null: the first binary or categorical",
    )
    must_not_hold: tuple[AbsenceSettings, ...] = Field(
        (),
        description="attributes that a code must not hold: [scanner, {attribute: sex, given: [age]}]",
    )
    correction: Literal["model", "run"] = Field(
        "model",
        description="what p-values are corrected over: model, all pairs of one trained model; run, all trained models "
        "too, by dividing thresholds.significance by their number",
    )
    thresholds: Thresholds = Field(Thresholds(), description="when a check passes")

    @field_validator("must_not_hold", mode="before")
    @classmethod
    def _names_alone_are_claims(cls, claims: Any) -> Any:
        """Takes a name for a claim with nothing given."""
        listed = [claims] if isinstance(claims, str) else claims
        return (
            tuple({"attribute": claim} if isinstance(claim, str) else claim for claim in listed)
            if isinstance(listed, list | tuple)
            else listed
        )

    @field_validator("must_not_hold")
    @classmethod
    def _claims_differ(cls, claims: tuple[AbsenceSettings, ...]) -> tuple[AbsenceSettings, ...]:
        named = [(claim.attribute, frozenset(claim.given)) for claim in claims]
        twice = sorted({attribute for attribute, given in named if named.count((attribute, given)) > 1})
        if twice:
            raise ValueError(f"each claim must stand there once, got {', '.join(twice)} more often")
        return claims

    @model_validator(mode="after")
    def _significance_can_be_reached(self) -> "EvidenceSettings":
        """Refuses limits below the smallest possible p-value, under which no claim could pass."""
        for name, draws, smallest in (
            ("permutations", self.permutations, 1.0 / (self.permutations + 1.0)),
            (
                "null_directions_per_dimension",
                self.null_directions_per_dimension,
                1.0 / self.null_directions_per_dimension,
            ),
        ):
            limit = self.thresholds.significance
            if smallest > limit:
                needed = f"give at least {math.ceil(1.0 / limit)}, or " if limit > 0.0 else "give "
                raise ValueError(
                    f"no p-value can be as small as thresholds.significance, {limit:g}: with {name} {draws} the "
                    f"smallest is {smallest:.2g}; {needed}a larger significance"
                )
        return self


class RequirementSettings(Section):
    """What a model must show of one attribute; a place at least as strong counts. A place alone may stand for it."""

    place: Literal["dimension", "direction", "block", "absent"] = Field(
        "dimension",
        description="weakest place that counts: dimension, direction or block; absent: it must not be held",
    )
    verdict: Literal["supported", "partly_supported"] = Field(
        SUPPORTED, description="weakest verdict that counts"
    )

    @model_validator(mode="before")
    @classmethod
    def _place_alone(cls, value: Any) -> Any:
        return {"place": value} if isinstance(value, str) else value


class LatentSizeSettings(Section):
    """Sizes, folds and model of `latent-audit latent-size`; audits do not depend on them."""

    model: str = Field("vae", description="which of the models is tried at every size")
    sizes: tuple[PositiveInt, ...] = Field(
        (2, 3, 4, 5, 6, 8, 10, 15), min_length=2, description="numbers of latent dimensions to try"
    )
    folds: int = Field(5, ge=2, le=20, description="parts of the training images, each held out once")

    @field_validator("sizes")
    @classmethod
    def _sizes_differ(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(sizes)) != len(sizes):
            raise ValueError(f"sizes must be different, got {list(sizes)}")
        return sizes


class ComputeSettings(Section):
    """Device, workers and runner."""

    device: str = Field("auto", description="auto (a CUDA GPU where there is one), cpu, cuda or cuda:N")
    runner: Literal["process", "thread", "dask", "ray"] = Field(
        "process",
        description="process: worker processes; thread: one thread of this process, one stage after another; dask, "
        "ray: the workers of such a cluster",
    )
    address: str | None = Field(
        None,
        description="of the Dask scheduler (tcp://host:8786) or the Ray head (host:6379); null: one is started "
        "here for the run, on loopback",
    )
    workers: int | None = Field(
        None, ge=1, description="workers of one thread each that are started here; null: one a core"
    )
    gpu_slots: int = Field(1, ge=1, description="how many stages may share a GPU at once")
    stack_seeds: bool = Field(
        False,
        description="train all seeds of a VAE in one step: for a GPU, which one alone leaves idle; slower on CPUs",
    )
    stage_timeout_seconds: float | None = Field(
        14400, gt=0, description="training stops at this limit and says so; null: no limit"
    )

    @field_validator("device")
    @classmethod
    def _known_device(cls, device: str) -> str:
        name, _, index = device.partition(":")
        if name not in ("auto", "cpu", "cuda") or (index and not (name == "cuda" and index.isdecimal())):
            raise ValueError(f"expected auto, cpu, cuda or cuda:N, got {device!r}")
        return device

    @model_validator(mode="after")
    def _only_clusters_have_addresses(self) -> "ComputeSettings":
        if self.address is not None and self.runner not in ("dask", "ray"):
            raise ValueError(f"an address is of a cluster: runner must be dask or ray, got {self.runner}")
        return self


class TrackingSettings(Section):
    """Where MLflow keeps its runs."""

    uri: str | None = Field(
        None, description="MLflow tracking URI; null: MLFLOW_TRACKING_URI, else the store's"
    )
    register_models: bool = Field(True, description="put models into the registry with the alias `candidate`")


class OverTimeSettings(Section):
    """Comparison of a run with the last accepted run of its name (latent-audit accept)."""

    fail_on_change: bool = Field(
        False,
        description="end with exit code 3, and fail in Prefect, when verdicts, scores or data changed",
    )
    fail_when_undecided: bool = Field(
        False,
        description="end with exit code 5, and fail in Prefect, also when what is required is neither met nor missed",
    )
    audited_from_supported: int = Field(
        1,
        ge=0,
        description="attributes whose dimension or place a model must have Supported for `accept` to call it "
        "`audited` in MLflow",
    )


class ReportSettings(Section):
    """Language and content of the report."""

    language: Literal["en", "zh"] = Field("en", description="language of the report")
    decoder: Literal["embed", "strips", "none"] = Field(
        "embed",
        description="embed: the report contains the decoder's weights and decodes as sliders are moved; strips: "
        "pictures decoded before; none: neither",
    )
    images: Literal["embed", "none"] = Field(
        "embed", description="embed: the report contains held-out images; none: decoded images alone"
    )
    codes: bool = Field(
        True,
        description="write codes.parquet into the run: file name, part, codes, attributes and readings of every image",
    )
    relevant_difference: float = Field(
        0.2,
        gt=0,
        le=1,
        description="share of an effect from which a difference between subgroups is called large",
    )


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
    classifier: AttributeClassifierSettings = Field(
        AttributeClassifierSettings(), description="the independent attribute classifier of interventions"
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
        return seeds

    @field_validator("models")
    @classmethod
    def _names_differ(cls, models: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, str] = {}
        for name in models:
            other = seen.setdefault(name.strip().casefold(), name)
            if other != name or not name.strip():
                raise ValueError(f"model names must be different and not empty, got {other!r} and {name!r}")
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
    def claims_of_absence(self) -> tuple[AbsenceClaim, ...]:
        """What no code must hold: as listed, and what some model is required not to hold."""
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
