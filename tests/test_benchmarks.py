"""What the documents claim about speed can be measured by anyone: the benchmarks' own laws, and a tiny run of them."""

import importlib
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import benchmarks.__main__ as every_benchmark
from benchmarks import burgess, growth, growth_point, growth_work, results
from benchmarks.growth_fit import Point, fit, slope
from benchmarks.limits import Limits, Work
from benchmarks.measuring import interleaved, spread
from benchmarks.result_table import table, write_table
from benchmarks.results import BEGIN, DOCUMENT, END, Row, Section
from benchmarks.sides import SideFailed, Way, images_per_second, ways
from benchmarks.starting import MISSED
from benchmarks.throughput import throughput_rows
from benchmarks.training_speed import nats_notes
from latent_audit.tasks.execution.process_setup import ALLOCATOR

ROOT = Path(__file__).resolve().parents[1]
STARTED = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if 'if __name__ == "__main__"' in path.read_text()
)


@pytest.mark.parametrize("name", STARTED)
def test_a_benchmark_starts_and_says_what_it_measures(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: ")
    assert " ".join(module.__doc__.split()[:8]) in " ".join(shown.split())


def test_a_spread_is_median_least_and_most() -> None:
    found = spread([5.0, 1.0, 2.0, 9.0, 3.0])
    assert (found.median, found.least, found.most, found.rounds) == (3.0, 1.0, 9.0, 5)


def test_rounds_are_taken_in_turns() -> None:
    order: list[str] = []
    sides = {name: (lambda name=name: float(len(order.append(name) or order))) for name in ("ours", "peer")}
    assert interleaved(sides, 2) == {"ours": [1.0, 3.0], "peer": [2.0, 4.0]}
    assert order == ["ours", "peer"] * 2


def test_a_floor_is_the_longer_of_arithmetic_and_memory() -> None:
    limits = Limits(threads=2, fp32_gflops=100.0, bf16_gflops=400.0, copy_gb=10.0)
    assert limits.floor_seconds(Work(2e9)) == pytest.approx(0.02)
    assert limits.floor_seconds(Work(2e9, precision="bf16")) == pytest.approx(0.005)
    assert limits.floor_seconds(Work(2e9, 1e9)) == pytest.approx(0.1)
    assert Work(2e9, 1e6, "bf16").stated() == "2 GFLOP in bf16, 1 MB"


SIZES = (10_000, 40_000, 160_000, 700_000)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_slope_of_a_power_is_its_exponent(power: float) -> None:
    assert slope(SIZES, [3.0 * size**power for size in SIZES]) == pytest.approx(power)


def test_only_what_passes_n_log_n_is_flagged_and_only_where_that_is_promised() -> None:
    def grown(cost: Any, promised: bool = True) -> Any:
        return fit("a scan", "images", [Point(size, cost(size), 10.0) for size in SIZES], promised)

    linear_then_square = grown(lambda n: 1e-6 * max(n, n * n / 160_000))
    assert not grown(lambda n: 1e-6 * n * math.log(n)).steeper
    assert grown(lambda n: 1e-9 * n * n).steeper
    assert not grown(lambda n: 1e-9 * n * n, promised=False).steeper
    # What turns steep at the last size alone is seen by the last step.
    assert linear_then_square.steeper
    assert linear_then_square.missed() == ["a scan grows faster than n log n in images"]
    assert grown(lambda n: 1.0).memory_slope == pytest.approx(0.0)


def test_a_promised_slope_is_held_to() -> None:
    points = [Point(size, 1e-2 * size**1.5, 10.0) for size in (5, 20, 80)]
    grown = replace(fit("places", "attributes", points, promised=False), most_slope=1.6)
    assert grown.missed() == []
    (said,) = replace(grown, most_slope=1.2).missed()
    assert said.startswith("places: the slope in attributes is 1.5")
    assert said.endswith("not 1.2")


def test_times_too_short_to_be_of_the_work_have_no_slope() -> None:
    found = fit("a look-up", "images", [Point(size, 1e-5 * size, 0.01) for size in (10, 20)], promised=True)
    assert (found.time_slope, found.memory_slope, found.steeper) == (None, None, False)


def test_working_memory_is_the_peak_beyond_what_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    def allocate(size: Any) -> Any:
        kept = np.ones(size.images)  # inputs do not count
        return lambda: float((np.ones(8_000_000) * 2).sum() + kept[0])  # 64 MB, doubled in place

    monkeypatch.setitem(growth_work.WORK, "allocate", (allocate, ("images",)))
    found = growth_point.measured("allocate", growth_work.Size(images=8_000_000))
    assert 62 < found["megabytes"] < 70
    assert found["seconds"] > 0


def test_a_broken_promise_is_said() -> None:
    row = Row("encoding", "DataLoader", "images/s", spread([10.0]), times=3.0, least_times=8.0, share=0.5)
    assert row.missed() == ["encoding, DataLoader: ours is 3.00 times as fast, not 8"]
    slow = Row("MIG", "ours", "s", spread([2.0]), share=0.1, least_share=0.4, most=1.0)
    assert slow.missed() == ["MIG, ours: 10% of the limit, not 40%", "MIG, ours: 2 s, more than 1"]
    assert Section("", "", (row, slow)).missed() == row.missed() + slow.missed()
    assert Section("", "", (row, slow), quick=True).missed() == []


def test_peers_are_held_against_our_best_way_and_the_limit_against_ours_alone() -> None:
    speeds = {
        "ours, one process on all cores": spread([400.0]),
        "ours, one process a core": spread([500.0]),
        "pythae, one process a core": spread([100.0]),
        "pythae, one process a core, our malloc settings": spread([250.0]),
    }
    limits = Limits(threads=2, fp32_gflops=1.0, bf16_gflops=10.0, copy_gb=1.0)
    rows = throughput_rows(
        "training", speeds, Work(1e7, precision="bf16"), limits, {"pythae": (6.0, 2.0)}, 0.4
    )
    assert [row.times for row in rows] == [None, None, 5.0, 2.0]
    assert [row.least_times for row in rows] == [None, None, 6.0, 2.0]
    assert [row.share for row in rows] == pytest.approx([0.4, 0.5, 0.1, 0.25])
    assert [row.least_share for row in rows] == [None, 0.4, None, None]
    assert [text for row in rows for text in row.missed()] == [
        "training, pythae, one process a core: ours is 5.00 times as fast, not 6"
    ]


def test_losses_are_compared_with_the_spread_between_seeds() -> None:
    (note,) = nats_notes({"ours": [100.0, 102.0, 98.0], "pythae": [101.0, 99.0, 103.0]})
    assert note.startswith("our held-out loss less that of pythae: -1 nats [-5.53, 3.53]")
    assert nats_notes({"ours": [100.0], "pythae": [101.0]}) == []


def test_a_point_that_fails_ends_its_series_and_is_noted() -> None:
    notes: list[str] = []
    # Fifty images are too few for the four parts.
    found = growth.grown("splitting", "images", (50, 2000), growth.QUICK, 100.0, notes)
    assert (found.points, found.stopped_at) == ((), 50)
    assert notes[0].startswith("splitting with 50 images: ended with status 1: ")
    notes.clear()
    assert growth.grown("splitting", "images", (2000,), growth.QUICK, 0.01, notes).stopped_at == 2000
    assert notes == ["splitting with 2,000 images: longer than 0.01 s"]


GIVEN: dict[str, Any] = {
    "machine": {"processor": "A1", "cores": 2, "flags": ["avx2"], "memory_gb": 8, "system": "Linux x"},
    "versions": {"torch": "9.9"},
}


def test_the_table_says_what_the_results_say() -> None:
    row = Row("encoding", "loader", "images/s", spread([4000.0, 5000.0, 6000.0]), 9.876, 8.0, "3 MB", 0.1234)
    grown = fit("a scan", "images", [Point(10, 0.01, 2.0), Point(1000, 1.0, 2.0)], True, stopped_at=5000)
    sections = results.alone(
        "encoding", Section("Encoding", "One core.", (row,), (grown,), ("a note",), {"peer": "1"})
    )
    sections["sections"]["other"] = {"title": "other", "failed": "no such file"}
    text = table({**sections, **GIVEN})
    assert text.startswith("Machine: A1, 2 cores (avx2), 8 GB, Linux x. Versions: torch 9.9.")
    assert "### Encoding\n\nOne core.\n" in text
    assert "| encoding | loader | 5,000 images/s (4,000 to 6,000) | 9.88 times | 3 MB | 12.3 % |" in text
    assert (
        "| a scan | images | 10 | 1,000 (5,000 not reached) | 0.01 to 1 | 1.00 (1.00) | 2 to 2 | 0.00 |"
        in text
    )
    assert "- a note" in text
    assert "### other\n\nNot measured: no such file" in text


def test_the_table_takes_its_place_in_the_document_and_no_other(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n\n{BEGIN}\n\nold figures\n\n{END}\n\nafter\n", encoding="utf-8")
    write_table(document, {**GIVEN, "sections": {"one": {"title": "One", "failed": "?"}}})
    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"before\n\n{BEGIN}\n\nMachine: A1")
    assert text.endswith(f"{END}\n\nafter\n")
    assert "old figures" not in text
    document.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="must hold each of these lines once"):
        write_table(document, {**GIVEN, "sections": {}})
    kept = DOCUMENT.read_text(encoding="utf-8")
    assert (kept.count(BEGIN), kept.count(END)) == (1, 1)


def test_results_of_two_machines_never_stand_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results.write_section(path, "first", Section("First", ""))
    results.write_section(path, "second", Section("Second", ""))
    kept = json.loads(path.read_text())
    assert list(kept["sections"]) == ["first", "second"]
    assert kept["versions"]["torch"] == torch.__version__.split("+")[0]
    path.write_text(json.dumps(kept | {"machine": {"processor": "another"}}))
    results.write_failure(path, "third", "it broke")
    assert json.loads(path.read_text())["sections"] == {"third": {"title": "third", "failed": "it broke"}}


def test_the_plain_network_is_the_one_of_the_paper_and_costs_what_is_stated() -> None:
    burgess.check_size(burgess.encoder_layers(), burgess.decoder_layers())
    with pytest.raises(ValueError, match="not the Burgess network's 502,005"):
        burgess.check_size(burgess.encoder_layers())
    assert burgess.operations_per_image(training=True) == pytest.approx(73.7e6, rel=0.01)


def test_nats_of_a_network_that_says_nothing_are_a_bit_a_pixel() -> None:
    nats = burgess.held_out_nats(
        lambda pixels: torch.zeros(len(pixels), 20), lambda latents: torch.zeros(len(latents), 1, 64, 64),
        burgess.sprites(4),
    )  # fmt: skip
    assert nats == pytest.approx(64 * 64 * math.log(2))


def test_speed_counts_all_processes_from_first_start_to_last_end() -> None:
    records = [{"start": 1.0, "end": 3.0, "images": 100}, {"start": 2.0, "end": 6.0, "images": 300}]
    assert images_per_second(records) == 80.0


def test_a_peer_has_our_allocator_settings_only_where_its_row_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, str]] = []

    class Recorded:
        returncode = 0

        def __init__(self, words: list[str], env: dict[str, str], **_: Any) -> None:
            asked.append(env)

        def communicate(self) -> tuple[str, str]:
            return '{"images": 1}\n', ""

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    for name, text in ALLOCATOR.items():
        monkeypatch.setenv(name, text)
    for name, way in ways("pythae", sys.executable, ["benchmarks.training_side"], [False, True]).items():
        asked.clear()
        way.run(seed=0)
        assert len(asked) == (len(os.sched_getaffinity(0)) if way.each_core else 1)
        assert all((env.items() >= ALLOCATOR.items()) == ("our malloc settings" in name) for env in asked)


def test_a_side_that_fails_says_why() -> None:
    with pytest.raises(SideFailed, match="No module named"):
        Way(sys.executable, ("benchmarks.nowhere",), each_core=False, malloc=False).run(seed=0)


def test_all_benchmarks_run_in_turn_and_a_broken_one_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(every_benchmark, "ORDER", {"broken": "nowhere", "evidence": "evidence_speed"})
    document, kept = tmp_path / "page.md", tmp_path / "results.json"
    document.write_text(f"{BEGIN}\n{END}\n")
    words = ["--quick", "--results", str(kept), "--document", str(document)]
    assert every_benchmark.main(words) == 1
    found = json.loads(kept.read_text())["sections"]
    assert "No module named benchmarks.nowhere" in found["broken"]["failed"]
    rows = [(row["what"].split(",")[0], row["side"].split(" (")[0]) for row in found["evidence"]["rows"]]
    sides = ("ours", "a loop over scikit-learn")
    assert rows == [(what, side) for what in ("20 max-T permutations", "MIG", "modularity") for side in sides]
    assert all(row["measured"]["median"] > 0 for row in found["evidence"]["rows"])
    assert "| MIG, 5,000 x 10 x 5 | ours |" in document.read_text()
    printed = capfd.readouterr()
    assert "[2/2] evidence: done" in printed.out
    assert "failed: broken; the others are in" in printed.err


def test_a_promise_that_was_not_kept_is_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(every_benchmark, "run", lambda name, given: MISSED if name == "growth" else 0)
    document = tmp_path / "page.md"
    document.write_text(f"{BEGIN}\n{END}\n")
    words = ["--results", str(tmp_path / "results.json"), "--document", str(document)]
    assert every_benchmark.main(words) == MISSED
    assert every_benchmark.main([*words, "--only", "training"]) == 0
