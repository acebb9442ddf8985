"""Turns at the workers: never more than there are workers, and the longest training first."""

import contextlib
import threading
import time
from collections.abc import Callable

import pytest

from latent_audit.tasks.execution import priority_semaphore
from latent_audit.tasks.execution.priority_semaphore import PrioritySemaphore, priority
from latent_audit.tasks.settings.audit import Settings


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority_semaphore, "ARRIVING_SECONDS", 0.2)


def in_threads(acts: list[Callable[[], None]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    return threads


def test_the_most_urgent_of_those_who_wait_goes_first() -> None:
    order: list[float] = []
    taken = PrioritySemaphore(1)

    def ask(wanted: float) -> Callable[[], None]:
        def act() -> None:
            with taken.taken(wanted):
                order.append(wanted)

        return act

    with taken.taken(0):
        threads = in_threads([ask(wanted) for wanted in (0, 2, 9, 5)])
        time.sleep(0.6)  # until all have come
        assert order == []
    for thread in threads:
        thread.join()
    assert order == [9, 5, 2, 0]


def test_those_who_come_within_a_moment_are_put_in_order_though_a_worker_is_free() -> None:
    order: list[float] = []
    taken = PrioritySemaphore(1)

    def come(after: float, wanted: float) -> Callable[[], None]:
        def act() -> None:
            time.sleep(after)
            with taken.taken(wanted):
                order.append(wanted)
                time.sleep(0.3)

        return act

    for thread in in_threads([come(0.0, 1), come(0.05, 2), come(0.1, 3), come(0.4, 4)]):
        thread.join()
    assert order == [3, 4, 2, 1]  # the last came when the first to go was at work


def test_no_more_at_once_than_there_are_workers_and_a_failure_gives_its_turn_back() -> None:
    taken, inside, most = PrioritySemaphore(2), 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with contextlib.suppress(OSError), taken.taken(0):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with lock:
                inside -= 1
            raise OSError

    for thread in in_threads([work] * 8):
        thread.join()
    assert (most, inside) == (2, 0)


def test_what_trains_longest_is_most_urgent() -> None:
    settings = Settings()
    models = {name: priority({"model": model, "seed": 0}) for name, model in settings.models.items()}
    assert max(models, key=lambda name: models[name]) == "interpretable_gan"
    assert models["vae"] == settings.models["vae"].training.steps * 64
    assert priority({"classifier": settings.classifier, "seed": 0}) > 0
    assert priority({"seed": 0, "prepared": None}) == 0
