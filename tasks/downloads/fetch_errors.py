"""Errors of downloads, as a tree.

FetchError
├── Unreachable        no address gave the file; every address and its reason is named
├── MissingInMirror    the mirror folder does not have the file
├── ChecksumMismatch   the downloaded file is not the published one
├── TooManyBytes       an address sent more bytes than the file can have
├── NotEnoughSpace     the disk cannot hold the file
├── Unwritable         the data folder cannot be written
└── UnusableMirror     the mirror is neither a folder nor an http address
"""

from latent_audit.tasks.errors import AuditError


class FetchError(AuditError):
    """A file could not be downloaded; the text states what was tried and what to do."""


class Unreachable(FetchError):
    """No address gave the file."""


class MissingInMirror(FetchError):
    """The mirror folder does not have the file."""


class ChecksumMismatch(FetchError):
    """The downloaded file is not the published one."""


class TooManyBytes(FetchError):
    """An address sent more bytes than the file can have."""


class NotEnoughSpace(FetchError):
    """The disk cannot hold the file."""


class UnusableMirror(FetchError):
    """The mirror is neither a folder nor an http address."""


class Unwritable(FetchError):
    """The data folder cannot be written."""
