"""Matches a name in a table with an image: exactly, or with the only image that fits.

Names are written on other machines: with backslashes, as absolute paths, with the folder's own name in front, without
an extension, in another case, or with accents as signs of their own (NFD, as macOS writes them). Each such name is
resolved where exactly one image fits, and how is said.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from latent_audit.tasks.datasets.images.image_listing import IMAGE_SUFFIXES

# How a name was found that differs from the file's in composed accents alone.
UNICODE_FORM = "unicode_form"
_ABSOLUTE = re.compile(r"/|[A-Za-z]:")


@dataclass(frozen=True)
class Match:
    """The image of a name, and how it was found (() for an exact match).

    Where there is none: whether the name leads out of the folder, or the several images that it could mean.
    """

    path: str | None
    how: tuple[str, ...] = ()
    leads_out: bool = False
    several: tuple[str, ...] = ()


class ImageNames:
    """The images of a folder, looked up by name."""

    def __init__(self, paths: Sequence[str], folder: Path) -> None:
        """`paths`: images below `folder`, with forward slashes."""
        self._paths = frozenset(paths)
        self._homes = tuple(
            dict.fromkeys(
                os.fspath(home).replace(os.sep, "/")
                for home in (folder.absolute(), Path(os.path.realpath(folder)))
            )
        )
        self._parts = tuple(part for part in self._homes[0].split("/") if part)

    def match(self, written: str) -> Match:
        """Returns the image of the name `written`."""
        if written in self._paths and ".." not in written.split("/"):
            return Match(written)
        name, cleaned = _cleaned(written)
        if ".." in name.split("/"):
            return Match(None, leads_out=True)
        several: tuple[str, ...] = ()
        for candidate, placed in self._candidates(name):
            for index, matched in self._indexes:
                found = index(candidate)
                steps = [*cleaned, *([placed] if placed else []), *([matched] if matched else [])]
                if len(found) == 1:
                    return Match(found[0], tuple(steps))
                if found:
                    several = several or found
                    break
        return Match(None, leads_out=bool(_ABSOLUTE.match(name)) and not several, several=several)

    def _candidates(self, name: str) -> Iterator[tuple[str, str]]:
        """Yields paths below the folder that a cleaned name may mean, and what was left out of it."""
        for home in self._homes:
            if name.startswith(f"{home}/"):
                yield name[len(home) + 1 :], "absolute"
                return
        if not _ABSOLUTE.match(name):
            yield name, ""
        parts = name.split("/")
        for length in range(min(len(parts) - 1, len(self._parts)), 0, -1):
            if tuple(parts[:length]) == self._parts[-length:]:
                yield "/".join(parts[length:]), "own_name"
        if _ABSOLUTE.match(name) and self._parts and self._parts[-1] in parts[:-1]:
            after = len(parts) - parts[::-1].index(self._parts[-1])
            yield "/".join(parts[after:]), "elsewhere"

    @property
    def _indexes(self) -> tuple[tuple[Callable[[str], tuple[str, ...]], str], ...]:
        return (
            (lambda name: (name,) if name in self._paths else (), ""),
            (lambda name: self._by_form.get(_composed(name), ()), UNICODE_FORM),
            (lambda name: self._by_case.get(_folded(name), ()), "case"),
            (self._without_extension, "without_extension"),
            (self._with_other_extension, "other_extension"),
        )

    def _without_extension(self, name: str) -> tuple[str, ...]:
        return self._by_stem.get(_composed(name), ()) or self._by_folded_stem.get(_folded(name), ())

    def _with_other_extension(self, name: str) -> tuple[str, ...]:
        stem = _stem(name)
        return () if stem == name else self._without_extension(stem)

    @cached_property
    def _by_form(self) -> dict[str, tuple[str, ...]]:
        return self._grouped(_composed)

    @cached_property
    def _by_case(self) -> dict[str, tuple[str, ...]]:
        return self._grouped(_folded)

    @cached_property
    def _by_stem(self) -> dict[str, tuple[str, ...]]:
        return self._grouped(lambda path: _composed(_stem(path)))

    @cached_property
    def _by_folded_stem(self) -> dict[str, tuple[str, ...]]:
        return self._grouped(lambda path: _folded(_stem(path)))

    def _grouped(self, key: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
        groups: dict[str, tuple[str, ...]] = {}
        for path in sorted(self._paths):
            groups[key(path)] = (*groups.get(key(path), ()), path)
        return groups


def _cleaned(written: str) -> tuple[str, list[str]]:
    """Returns a name with forward slashes and without empty steps or blanks around it, and what was changed."""
    steps = []
    name = written.strip()
    if name != written:
        steps.append("blanks")
    if "\\" in name:
        name = name.replace("\\", "/")
        steps.append("backslashes")
    root = "/" if name.startswith("/") else ""
    plain = root + "/".join(part for part in name.split("/") if part not in ("", "."))
    if plain != name:
        steps.append("empty_steps")
    return plain, steps


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _stem(path: str) -> str:
    suffix = next((suffix for suffix in IMAGE_SUFFIXES if path.lower().endswith(suffix)), "")
    return path[: len(path) - len(suffix)]
