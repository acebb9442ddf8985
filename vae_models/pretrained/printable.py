"""How a name that a foreign file holds is put into a message."""

_LONGEST = 200


def printable(name: object) -> str:
    """Returns a name as one line that a terminal can be sent: escaped where it holds what cannot be printed."""
    text = str(name)
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return cut if cut.isprintable() else repr(cut)
