"""What is audited and for what, and how its images are divided among the parts of an audit."""

from pydantic import Field, model_validator

from latent_audit.tasks.settings.run import Section


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
