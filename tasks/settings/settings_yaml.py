"""Reads YAML of settings: strictly, and in bounded size.

A key may stand once, and a value must be what its form says. Anchors, aliases and merges (`<<: *base`) are read, as
far as what they stand for is no larger than settings are. Dates are text: no setting is a date, and names may be one.
"""

import re
from collections import Counter
from collections.abc import Hashable
from typing import Any

import yaml

from latent_audit.tasks.errors import SettingsError

MAX_VALUES = 100_000
_MERGE = "tag:yaml.org,2002:merge"
_DATE = "tag:yaml.org,2002:timestamp"
_WHOLE = "tag:yaml.org,2002:int"
_FRACTION = "tag:yaml.org,2002:float"
# Not as YAML 1.1 has them, for which 010 is eight and 1:30 is ninety.
_NUMBERS = {
    _WHOLE: re.compile(r"[-+]?(?:0|[1-9][0-9_]*)$"),
    _FRACTION: re.compile(
        r"(?:[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?|[-+]?\.(?i:inf)|\.(?i:nan))$"
    ),
}
_LONGEST_SHOWN = 60


def load_yaml(text: str, name: str) -> Any:
    """Returns the value that a YAML text holds; None if it holds none.

    name: how errors call the text. Raises SettingsError where a key stands twice or aliases stand for too much, and
    yaml.YAMLError for all else that is no YAML.
    """
    loader = _Loader(text)
    loader.name = name
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _values(node, {}) > MAX_VALUES:
            raise SettingsError(
                f"{name} cannot be settings: its aliases stand for more than {MAX_VALUES:,} values"
            )
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """Returns how many values a node stands for, aliases counted wherever they stand."""
    if id(node) not in known:
        known[id(node)] = MAX_VALUES + 1  # of one that holds itself
        inner = node.value if isinstance(node, yaml.SequenceNode) else ()
        if isinstance(node, yaml.MappingNode):
            inner = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_values(part, known) for part in inner)
    return known[id(node)]


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses keys that stand twice, of which PyYAML would keep the last."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._looked_at: set[int] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Puts merged values into a mapping. Keys of its own stand above those."""
        if id(node) not in self._looked_at:  # afterwards it holds the merged ones as well
            self._looked_at.add(id(node))
            self._refuse_double_keys(node)
        super().flatten_mapping(node)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        """Returns the text of a node; the two escapes by which JSON names a rare character are joined to it."""
        text = super().construct_scalar(node)
        if not isinstance(text, str):
            return text
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Returns the value of a node."""
        try:
            return super().construct_object(node, deep)
        except (
            ValueError,
            AttributeError,
            OverflowError,
        ) as error:  # as for !!int x, or a number of 5,000 digits
            raise yaml.constructor.ConstructorError(
                None, None, f"{str(node.value)[:_LONGEST_SHOWN]!r} cannot be read ({error})", node.start_mark
            ) from None

    def _refuse_double_keys(self, node: yaml.MappingNode) -> None:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
        counts = Counter(key for key in keys if isinstance(key, Hashable))
        twice = sorted(str(key) for key, count in counts.items() if count > 1)
        if twice:
            line = node.start_mark.line + 1
            raise SettingsError(f"{node.start_mark.name}, from line {line}: given twice: {', '.join(twice)}")


_Loader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, form)) for tag, form in resolvers if tag != _DATE]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
