"""Every sentence of the report lives in a catalogue file, one a language; code asks for it by key."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from latent_audit.reports.errors import LanguageUnknown

# Files beside this module that it reads; they count in content keys (tasks/storage/source_digest.py).
FILES_READ = ("messages/*.yaml",)

CATALOGUE_FOLDER = Path(__file__).with_name("messages")


@dataclass(frozen=True)
class Catalogue:
    """Sentences of one language by dotted key; `language` is the code that stands in <html lang>."""

    language: str
    sentences: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Returns the sentence of `key` with its named gaps filled; text, never markup.

        Raises:
            KeyError: the catalogue lacks the key, or the sentence has a gap that `values` does not fill.
        """
        return self.sentences[key].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """Returns the sentence of `key`, or `otherwise` for a word that the run brought itself."""
        return self.sentences.get(key, otherwise)


def languages() -> list[str]:
    """Returns the codes of the languages that have a catalogue."""
    return sorted(path.stem for path in CATALOGUE_FOLDER.glob("*.yaml"))


def load(language: str) -> Catalogue:
    """Returns the catalogue of `language`.

    Raises:
        LanguageUnknown: there is no such catalogue.
    """
    if language not in languages():
        raise LanguageUnknown(f"No catalogue for language {language!r}; there are {', '.join(languages())}.")
    tree = yaml.safe_load((CATALOGUE_FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return Catalogue(language, dict(_flattened(tree, "")))


def _flattened(tree: dict[str, object], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            pairs += _flattened(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", str(value)))
    return pairs
