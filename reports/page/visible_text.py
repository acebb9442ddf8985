"""Names come from users and may hold anything: here they become text that can be seen, fits, and
cannot act.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape

SHORT_LENGTH = 48
# Controls, bidirectional overrides and lone surrogates: invisible, or able to reorder what stands beside them.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Returns `text` with each character that cannot be seen written as its code point, ⟨U+202E⟩."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def visible_lines(text: str) -> str:
    """Returns text of several lines made visible: line ends stay, and everything else is as `visible` shows it."""
    return "\n".join(visible(line) for line in text.split("\n"))


def block(text: str) -> Markup:
    """Returns a text of many lines for a <pre>: escaped, made visible line by line, with its line breaks."""
    return escape(visible_lines(text))


def paragraph(text: str) -> str:
    """Returns a text that somebody wrote over several lines as one: line breaks in prose are spaces."""
    lines = text.replace("\r\n", "\n").split("\n")
    return " ".join(line.strip() for line in lines if line.strip())


def shortened(text: str, length: int = SHORT_LENGTH) -> str:
    """Returns `text` made visible and cut in the middle to at most `length` characters."""
    seen = visible(text)
    if len(seen) <= length:
        return seen
    tail = length // 4
    return f"{seen[: length - tail - 1]}…{seen[-tail:]}"


def with_short_names(text: str, names: Iterable[str]) -> str:
    """Returns a sentence in which every overlong name of `names` is cut as `shortened` cuts it."""
    for name in sorted(names, key=len, reverse=True):
        if len(name) > SHORT_LENGTH:
            text = text.replace(name, shortened(name))
    return text


def slug(text: str) -> str:
    """Returns letters, digits and single hyphens, at most 32: a stem for an id or a file name.

    A name that loses characters gets eight digits of its digest, so that two names never share a slug.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32]
    if stem and stem == text.lower().replace("_", "-"):
        return stem
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem}-{digest}" if stem else f"name-{digest}"


def _shown(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN_CATEGORIES:
        return f"⟨U+{ord(character):04X}⟩"
    return character
