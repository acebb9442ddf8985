"""The base of all errors whose text is written for users; each room derives its own from it."""


class UserError(Exception):
    """An error whose text is a sentence for the user."""
