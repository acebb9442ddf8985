"""The ledger: how long at least something was computed, and lines whose order does not depend on timing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_audit.tasks.execution.ledger import Ledger
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey


def artifact(stage: str = "train", key: str = "k", *, reused: bool = False) -> Artifact:
    return Artifact(stage, key, Path("/place"), "d" * 64, 1.23456, reused, "run")


def total(*intervals: tuple[float, float]) -> float:
    ledger = Ledger()
    for interval in intervals:
        ledger.add(artifact(), None, interval)
    return ledger.computing_seconds()


@pytest.mark.parametrize(
    ("intervals", "seconds"),
    [
        ([], 0),
        ([(1, 3)], 2),
        ([(1, 3), (5, 6)], 3),
        ([(5, 6), (1, 3)], 3),
        ([(1, 4), (2, 6)], 5),
        ([(1, 10), (2, 3), (4, 5)], 9),
        ([(1, 2), (2, 3)], 2),
        ([(1, 2), (1, 2)], 1),
        ([(7, 7)], 0),
    ],
)
def test_overlaps_count_once(intervals: list[tuple[float, float]], seconds: float) -> None:
    assert total(*intervals) == seconds


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=12), st.randoms())
def test_the_union_is_what_counting_seconds_gives(spans: list[tuple[int, int]], random: object) -> None:
    intervals = [(start, start + length) for start, length in spans]
    covered = {second for start, end in intervals for second in range(start, end)}
    random.shuffle(intervals)  # type: ignore[attr-defined]  # a list, which is a sequence
    assert total(*intervals) == len(covered)


def test_what_was_reused_took_no_time_in_this_run() -> None:
    ledger = Ledger()
    ledger.add(artifact(reused=True), None, (1, 100))
    ledger.add(artifact(key="other"), None, (1, 3))
    assert ledger.computing_seconds() == 2
    assert ledger.counts() == (1, 1)


def test_lines_do_not_depend_on_the_order_of_events(tmp_path: Path) -> None:
    entries = [
        (artifact("verdicts"), None),
        (artifact("train"), ModelKey("vae", 1)),
        (artifact("encode"), ModelKey("vae", 1)),
        (artifact("train"), ModelKey("gan", 0)),
    ]
    texts = []
    for order in (entries, entries[::-1]):
        ledger = Ledger()
        for item, model in order:
            ledger.add(item, model, (0.0, 1.0))
        ledger.write(tmp_path / "ledger.jsonl")
        texts.append((tmp_path / "ledger.jsonl").read_text())
    assert texts[0] == texts[1]
    lines = [json.loads(line) for line in texts[0].splitlines()]
    assert [(line["stage"], line["model"], line["seed"]) for line in lines] == [
        ("verdicts", None, None),
        ("train", "gan", 0),
        ("encode", "vae", 1),
        ("train", "vae", 1),
    ]
    assert lines[0] == {
        "stage": "verdicts",
        "model": None,
        "seed": None,
        "key": "k",
        "digest": "d" * 64,
        "seconds": 1.235,
        "reused": False,
        "started": "1970-01-01T00:00:00.000+00:00",
        "reused_from": None,
    }
