"""Optional packages, and the error if one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from latent_audit.tasks.errors import SettingsError


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Translates a failed import into an error that names the extra to install."""
    try:
        yield
    except ImportError as error:
        raise SettingsError(
            f"these settings need a package that is not installed ({error}): pip install 'latent-audit[{extra}]'"
        ) from error
