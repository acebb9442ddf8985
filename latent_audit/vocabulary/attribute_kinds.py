"""The kinds of a semantic attribute, which determine its statistics."""

from typing import Literal

AttributeKind = Literal["binary", "categorical", "ordinal", "continuous", "cyclic"]
