"""Errors of data sets, as a tree.

DataError
├── MissingFile          a file of the data set is not where it should be
├── CorruptFile          a file violates its format
│   ├── TruncatedFile    ... because it ends too early
│   └── CorruptImage     ... one image among many, named
├── TooLarge             an image or member would unpack to more than the limit
├── DiskFull             the disk has no room for the images
├── NotEnoughImages      fewer images than were asked for or than an audit needs
├── ConstantAttribute    an attribute has only one value, so it cannot be tested
└── BadTable             a user's CSV and images do not fit together; all problems in one message
"""

from latent_audit.vocabulary.errors import UserError


class DataError(UserError):
    """Base of the errors of data sets; its text is a sentence for the user."""


class MissingFile(DataError):
    """A file of the data set is not where it should be."""


class CorruptFile(DataError):
    """A file violates its format."""


class TruncatedFile(CorruptFile):
    """A file ends before its own header says it should."""


class CorruptImage(CorruptFile):
    """One image cannot be decoded; the text names it."""


class TooLarge(DataError):
    """An image or a member of an archive would unpack to more bytes or pixels than the limit."""


class DiskFull(DataError):
    """The disk has no room for the images."""


class NotEnoughImages(DataError):
    """There are fewer images than were asked for or than an audit needs."""


class ConstantAttribute(DataError):
    """An attribute has the same value in every image, so it cannot be tested."""


class BadTable(DataError):
    """A user's table and images do not fit together.

    `problems` holds every problem found, one sentence each.
    """

    def __init__(self, heading: str, problems: tuple[str, ...]):
        super().__init__(heading, problems)
        self.heading = heading
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([self.heading, *(f"  - {problem}" for problem in self.problems)])
