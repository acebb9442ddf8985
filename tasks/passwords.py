"""Removes passwords, user names and tokens from addresses.

A complete address is parsed by the library that uses it: httpx for web addresses, SQLAlchemy for databases, which
allows characters in a password that end a password elsewhere. In running text an address is found by its form.
"""

import re
from urllib.parse import unquote_plus

_WEB = ("http", "https", "ws", "wss")
_WHOLE = re.compile(r"(?P<scheme>[A-Za-z][\w+.\-]*)://(?P<rest>[^\r\n]*)")
# In text: a user, a colon and anything to the last @ before the next address, unless it is a host and its port.
_IN_TEXT = re.compile(r"://(?:[^/?#\s:@]*:(?!\d*(?:[/?#\s,;)'\"]|$))(?:(?!://)[^\r\n])*@|[^/?#\s]*@)")
_NO_WEB_IN_TEXT = re.compile(r"(?<!http)(?<!https)://[^/?#\s:@]*:\S*@")
_PARAMETER = re.compile(r"(?P<before>[?&#;])(?P<name>[^=&#;?\s]+)=(?P<value>[^&\s\"'<>]*)")
_WHOLE_PARAMETER = re.compile(r"(?P<before>[?&])(?P<name>[^=&?]+)=(?P<value>[^&]*)")
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|sig|credential|key|auth|code|session|jwt", re.IGNORECASE)
SHOWN = "***"


def without_password(text: str) -> str:
    """Returns a text without the user names, passwords and tokens in its addresses."""
    if "://" not in text:
        return text
    found = _WHOLE.fullmatch(text)
    if found is not None and "://" not in found["rest"]:
        text = _address_without_user(found["scheme"], text)
        return _WHOLE_PARAMETER.sub(_hidden, text)
    text = _NO_WEB_IN_TEXT.sub(f"://{SHOWN}@", _IN_TEXT.sub(f"://{SHOWN}@", text))
    return _PARAMETER.sub(_hidden, text)


def has_password(address: str) -> bool:
    """Whether an address contains a user name, a password or a token."""
    return without_password(address) != address


def _address_without_user(scheme: str, address: str) -> str:
    rest = address[len(scheme) + 3 :]
    if "@" not in rest:
        return address
    kept = _after_user(scheme.lower(), address)
    return address if kept is None else f"{scheme}://{SHOWN}@{kept}"


def _after_user(scheme: str, address: str) -> str | None:
    """Returns the part of an address after user name and password; None if it has none.

    What the library cannot take apart is no address: all before the last @ may be a password.
    """
    rest = address[len(scheme) + 3 :]
    if scheme in _WEB:
        import httpx  # here: most commands show no address

        try:
            if not httpx.URL(address).userinfo:
                return None
        except httpx.InvalidURL:
            return rest.rpartition("@")[2]
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        return rest[authority.rindex("@") + 1 :]
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # a port that is no number
        return rest.rpartition("@")[2]
    if url.username is None and url.password is None:
        return None
    # SQLAlchemy ends a password at the first @, so the rest of one with an @ stands before the host.
    query = rest.find("?", rest.index("@"))
    before_query = rest if query < 0 else rest[:query]
    return rest[before_query.rindex("@") + 1 :]


def _hidden(found: re.Match[str]) -> str:
    if not _SECRET_NAME.search(unquote_plus(found["name"])) or not found["value"]:
        return found[0]
    return f"{found['before']}{found['name']}={SHOWN}"
