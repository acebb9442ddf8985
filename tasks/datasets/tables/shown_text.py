"""Shows a user's text in a message, with characters that cannot be printed escaped."""

import unicodedata

_LONGEST = 120


def shown(text: str) -> str:
    """Returns text that is safe to print: control characters and bytes that are not UTF-8 escaped, long text cut."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters)"
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in cut)


def _escaped(sign: str) -> str:
    number = ord(sign)
    if 0xDC80 <= number <= 0xDCFF:  # how Python holds a byte of a file name that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return sign.encode("unicode_escape", "surrogatepass").decode("ascii")


def differing(text: str) -> str:
    """Returns text with everything beyond ASCII escaped, so that names that look alike differ."""
    return text.encode("ascii", "backslashreplace").decode("ascii")


def seen_as(text: str) -> str:
    """Returns text as it looks: without invisible signs, and with accents in one Unicode form."""
    visible = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFC", visible).strip()
