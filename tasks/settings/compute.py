"""Where and on how many processes an audit is computed."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from latent_audit.tasks.settings.run import Section


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
