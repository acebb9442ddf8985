"""What can go wrong between a run folder and its report, each with a sentence for the user."""

from latent_audit.vocabulary.errors import UserError


class ReportError(UserError):
    """Base of every error of this room."""


class AuditInvalid(ReportError):
    """audit.json does not follow its published schema; `sentences` says where, one fault a line."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(sentences)  # the argument as given: a worker's error is made again from it
        self.sentences = sentences

    def __str__(self) -> str:
        return "\n".join(self.sentences)


class RunIncomplete(ReportError):
    """A file that the report needs is absent from the run folder or cannot be read."""


class LanguageUnknown(ReportError):
    """There are no messages in the language asked for."""


class NotPlainJson(ReportError):
    """A file is no JSON with one plain meaning; the text says why, to follow the file's name."""


class KeyUnusable(ReportError):
    """A file holds no Ed25519 key that can sign or check a run."""


class SignatureWrong(ReportError):
    """signature.json is not the signature of this manifest.json."""
