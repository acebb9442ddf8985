"""Detects the text encoding of a table, and names files that are no text tables."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from latent_audit.tasks.datasets.errors import BadTable
from latent_audit.vocabulary.reasons import Reason, reason

_BLOCK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16
# How files begin that people take for tables, and what to do with them.
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "a parquet file"),
    (b"PK\x03\x04", "a zip archive, as .xlsx and .ods workbooks are"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook in the old .xls format"),
    (b"ARROW1", "an Arrow (Feather) file"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
)
# Longer marks first: UTF-32's begins as UTF-16's does.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_LETTERS = frozenset(chr(code) for code in range(0xC0, 0x100) if code not in (0xD7, 0xF7)) | set("ŠšŽžŒœŸ")
_SYMBOLS = frozenset("°²³µ€£§·–—‘’“”ªº«»¿¡½¼¾×\xa0")
_SURE_SHARE = 0.95
_FEWEST_ZEROS = 40  # one byte in so many is zero, at least, in UTF-16: every comma and line end has one
_ADVICE = (
    "set data.encoding (as in utf-8, cp1252, latin-1, gb18030, shift_jis, cp1251) or save the table as UTF-8"
)


@dataclass(frozen=True)
class Encoding:
    """Name of a Python codec, and a note for the user if it is not plain UTF-8."""

    name: str
    note: Reason | None = None


def known_text_encoding(name: str) -> str:
    """Returns the name of a text codec; raises ValueError for others."""
    try:
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise ValueError(
            f"expected the name of a text encoding such as utf-8, cp1252 or gb18030, got {name!r}"
        ) from error
    return name


def find_encoding(path: Path, given: str | None) -> Encoding:
    """Returns the encoding of a table: the given one, or the one detected from its bytes.

    A byte order mark decides; then UTF-8, if the whole file is UTF-8; then Windows-1252, if what it gives looks like
    words of a Western language. Raises BadTable for files that are no text, and for text that fits none of these.
    """
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    _refuse_other_kinds(path, sample)
    if given is not None:
        failure = _failure(path, given)
        if failure is not None:
            raise BadTable(
                f"{path} cannot be read:", (f"it is not {given}, which data.encoding names ({failure})",)
            )
        return Encoding(given)
    for mark, name in _MARKS:
        if sample.startswith(mark):
            note = reason("note.first_bytes", table=path.name, encoding=name.upper())
            return _decodable(path, Encoding(name, None if name == "utf-8-sig" else note))
    if b"\0" in sample:
        return _without_mark(path, sample)
    failure = _failure(path, "utf-8")
    if failure is None:
        return Encoding("utf-8")
    example = _western_example(path)
    if example is None:
        raise BadTable(
            f"{path} cannot be read:",
            (f"it is not UTF-8 ({failure}), and no other encoding is sure; {_ADVICE}",),
        )
    return Encoding(_WESTERN, reason("note.western", table=path.name, example=example))


def _refuse_other_kinds(path: Path, sample: bytes) -> None:
    kind = next((kind for beginning, kind in _BEGINNINGS if sample.startswith(beginning)), None)
    if kind is None and sample.lstrip()[:1] in (b"{", b"<") and b"\0" not in sample:
        kind = "JSON" if sample.lstrip()[:1] == b"{" else "HTML or XML"
    if kind is not None:
        raise BadTable(
            f"{path} cannot be read:",
            (f"it is {kind}; a table is a text file with separated columns: save it as CSV in UTF-8",),
        )


def _without_mark(path: Path, sample: bytes) -> Encoding:
    """Text of mostly ASCII in UTF-16 has a zero byte in every second place."""
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    if max(first, second) * _FEWEST_ZEROS < len(sample):
        line = sample.count(b"\n", 0, sample.index(0)) + 1
        raise BadTable(
            f"{path} cannot be read:",
            (
                f"it holds {first + second:,} zero bytes, the first in line {line:,}; no text has such: delete them",
            ),
        )
    if min(first, second) * 10 > max(first, second):
        raise BadTable(
            f"{path} cannot be read:", (f"it holds zero bytes, so it is no text in UTF-8; {_ADVICE}",)
        )
    name = "utf-16-le" if second > first else "utf-16-be"
    note = reason("note.zero_bytes", table=path.name, encoding=name.upper())
    return _decodable(path, Encoding(name, note))


def _decodable(path: Path, encoding: Encoding) -> Encoding:
    failure = _failure(path, encoding.name)
    if failure is not None:
        raise BadTable(
            f"{path} cannot be read:", (f"it begins as {encoding.name} and is not ({failure}); {_ADVICE}",)
        )
    return encoding


def _failure(path: Path, name: str) -> str | None:
    """Returns why a file is not in an encoding, or None."""
    decoder = codecs.getincrementaldecoder(name)()
    before = 0
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                decoder.decode(block)
                before += len(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return f"{error.reason} within {len(error.object):,} bytes after byte {max(0, before - 4):,}"
    except UnicodeError as error:
        return str(error)
    return None


def _western_example(path: Path) -> str | None:
    """Returns a word with a letter beyond ASCII if a file reads well as Windows-1252, or None.

    Western words have one or two such letters beside plain ones; text in Chinese, Japanese or Cyrillic encodings has
    longer runs of such bytes, words without plain letters, and signs that are no letters.
    """
    try:
        text = path.read_bytes().decode(_WESTERN)
    except UnicodeDecodeError:
        return None
    runs = list(_BEYOND_ASCII.finditer(text))
    fitting = [run for run in runs if _is_western(text, run)]
    if len(fitting) < _SURE_SHARE * len(runs):
        return None
    start, end = fitting[0].span()
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end][:40]


def _is_western(text: str, run: re.Match[str]) -> bool:
    signs = run.group()
    if all(sign in _SYMBOLS for sign in signs):
        return True
    if len(signs) > 2 or not all(sign in _LETTERS for sign in signs):
        return False
    beside = text[max(run.start() - 1, 0) : run.start()] + text[run.end() : run.end() + 1]
    return len(signs) == 1 or any(sign.isascii() and sign.isalpha() for sign in beside)
