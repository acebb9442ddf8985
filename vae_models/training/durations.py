"""Durations within a training, as steps or as a share of all steps."""

from typing import Annotated

from pydantic import AfterValidator, Field


def _checked(duration: int | float) -> int | float:
    if duration < 1 or isinstance(duration, int):
        return duration
    if not float(duration).is_integer():
        raise ValueError(
            f"must be a whole number of steps, or below 1 a share of training.steps, got {duration:g}"
        )
    return int(duration)


# From 1 on a number of steps, below 1 a share of the training's steps.
Duration = Annotated[int | float, Field(ge=0), AfterValidator(_checked)]


def in_steps(duration: int | float, steps: int) -> int:
    """Converts a duration within a training of `steps` to a number of steps."""
    return round(duration * steps) if duration < 1 else int(duration)
