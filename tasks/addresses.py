"""Addresses as others may read them: without the names and passwords that they may hold."""

import re

_SIGNED_IN = re.compile(r"//[^/@\s]*@")


def without_password(text: str) -> str:
    """Returns a text without the names and passwords that addresses in it may hold."""
    return _SIGNED_IN.sub("//***@", text)


def has_password(address: str) -> bool:
    """Whether an address holds a name or a password."""
    return _SIGNED_IN.search(address) is not None
