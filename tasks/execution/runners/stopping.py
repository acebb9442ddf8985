"""A stop signal on a cluster: immediate in the sending process, polled by the others."""

import threading
import time
from collections.abc import Callable

# Each question is a message over the network.
ASK_EVERY_SECONDS = 0.5


class StopForAll:
    """A flag of this process that is told to others, too. `tell` puts theirs up (True) or takes it down."""

    def __init__(self, tell: Callable[[bool], object]) -> None:
        self._here, self._tell = threading.Event(), tell

    def is_set(self) -> bool:
        """Whether the flag is set."""
        return self._here.is_set()

    def set(self) -> None:
        """Puts it up, once: who leaves a cluster says so again."""
        if not self._here.is_set():
            self._here.set()
            self._tell(True)

    def clear(self) -> None:
        """Clears the flag."""
        self._here.clear()
        self._tell(False)


def polled_seldom(ask: Callable[[], bool]) -> Callable[[], bool]:
    """Returns a function that gives the answer of `ask`, at most half a second old; a yes stays."""
    asked, answer = 0.0, False

    def known() -> bool:
        nonlocal asked, answer
        if not answer and time.monotonic() - asked >= ASK_EVERY_SECONDS:
            answer = ask()
            asked = time.monotonic()
        return answer

    return known
