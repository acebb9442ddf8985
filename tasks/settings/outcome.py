"""What is made of the results: MLflow, the report, and what counts as a change or a failure."""

from typing import Literal

from pydantic import Field

from latent_audit.tasks.settings.run import Section


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
