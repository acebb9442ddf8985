"""A name that a person gave to a dimension, apart from what needs numbers, so that settings are read at once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GivenName:
    """A name for one dimension of the model whose weights have a SHA-256; attribute: what it is guessed to be."""

    weights: str
    dimension: int
    name: str
    attribute: str | None = None
