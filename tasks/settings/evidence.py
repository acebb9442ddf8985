"""Settings of the evidence: limits, sizes, claims of absence, and what a model must show."""

import math
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.settings.dimension_names import read_names
from latent_audit.tasks.settings.run import Section
from latent_audit.vocabulary.verdicts import SUPPORTED


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
    protected: tuple[str, ...] = Field(
        (),
        description="attributes by whose subgroups errors and decisions are compared, and which are erased from the "
        "code to see what is left: [sex]; none by default",
    )
    names_file: Path | None = Field(
        None,
        description="file in which people name dimensions (names.yaml): by the SHA-256 of weights, a dimension, a name "
        "and what they guess it is",
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

    @field_validator("names_file")
    @classmethod
    def _names_can_be_read(cls, path: Path | None) -> Path | None:
        read_names(path)
        return path

    @field_validator("protected")
    @classmethod
    def _protected_differ(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) != len(names):
            raise ValueError(f"each protected attribute must stand there once, got {list(names)}")
        return names

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
