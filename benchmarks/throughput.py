"""Compares sides by images per second, alternating with the machine's limit, and makes rows of the results."""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.limits import Limits, Work, best_of, measure_limits
from benchmarks.machine import cores
from benchmarks.measuring import Spread, interleaved, spread
from benchmarks.results import Row
from benchmarks.sides import Way, images_per_second

LIMIT = "the limit, GFLOP/s in fp32"
# A peer's name -> how many times as fast ours is promised to be: as it comes, and with our malloc settings.
Promised = Mapping[str, tuple[float | None, float | None]]


def measured_ways(
    asked: Mapping[str, Way],
    rounds: int,
    quick: bool,
    note: Callable[[str, list[dict[str, Any]]], None] = lambda name, records: None,
) -> tuple[dict[str, Spread], Limits]:
    """Returns images/s of every way, and the limits of all cores measured in each round.

    `note` is told a way's name and what its processes said. Seeds differ between rounds.
    """
    limits: list[Limits] = []
    seeds = dict.fromkeys(asked, 0)

    def timed(name: str, way: Way) -> Callable[[], float]:
        def run() -> float:
            records = way.run(seeds[name])
            seeds[name] += len(cores())
            note(name, records)
            return images_per_second(records)

        return run

    def peak() -> float:
        limits.append(measure_limits(len(cores()), quick))
        return limits[-1].fp32_gflops

    sides = {LIMIT: peak} | {name: timed(name, way) for name, way in asked.items()}
    found = interleaved(sides, rounds, unit="a second")
    del found[LIMIT]
    return {name: spread(numbers) for name, numbers in found.items()}, best_of(limits)


def throughput_rows(
    what: str,
    measured: Mapping[str, Spread],
    work: Work,
    limits: Limits,
    promised: Promised,
    promised_share: float,
) -> list[Row]:
    """Returns a row for each way; `work` is that of one image. Peers' say how many times as fast our best way is.

    The share of the limit is promised of our best way.
    """
    ours = max(found.median for name, found in measured.items() if name.startswith("ours"))
    rows = []
    for name, found in measured.items():
        peer = name.split(",")[0]
        plain, tuned = promised.get(peer, (None, None))
        rows.append(
            Row(
                what,
                name,
                "images/s",
                found,
                times=None if peer == "ours" else ours / found.median,
                least_times=tuned if name.endswith("our malloc settings") else plain,
                floor=f"{work.operations / 1e6:.1f} MFLOP an image, {work.precision}",
                share=found.median * limits.floor_seconds(work),
                least_share=promised_share if peer == "ours" and found.median == ours else None,
            )
        )
    return rows
