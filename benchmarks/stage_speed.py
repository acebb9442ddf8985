"""How long the stages between training and the report take on one core, and how close each is to the machine's limit.

    python -m benchmarks.stage_speed

Each stage states what it cannot do without (operations counted, bytes read and written); the share is the time that
this takes at the measured limit by the time the stage takes. Check C runs on all cores.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import torch

from benchmarks import evidence_stages, model_stages
from benchmarks.limits import best_of, measure_limits
from benchmarks.machine import cores
from benchmarks.measuring import interleaved, seconds_of, spread
from benchmarks.model_stages import Stage
from benchmarks.results import Row, Section
from benchmarks.starting import options, perform

# Which stages, by the word for --stages, and whether they take all cores.
STAGES: dict[str, tuple[Callable[[bool], Sequence[Stage]], bool]] = {
    "classifier": (lambda quick: [model_stages.classifier_training(quick)], False),
    "interventions": (lambda quick: [model_stages.interventions(quick)], True),
    "bootstraps": (evidence_stages.bootstraps, False),
    "projections": (evidence_stages.projections, False),
    "rendering": (lambda quick: [evidence_stages.rendering(quick)], False),
}


def measure(given: argparse.Namespace) -> Section:
    """Returns seconds and share of the limit of each stage."""
    rows, notes = [], []
    for threads in sorted({1, len(cores())}):
        torch.set_num_threads(threads)
        names = [name for name in given.stages if (len(cores()) if STAGES[name][1] else 1) == threads]
        stages = {stage.what: stage for name in names for stage in STAGES[name][0](given.quick)}
        if not stages:
            continue
        limits = [measure_limits(threads, given.quick)]
        for stage in () if given.quick else stages.values():
            stage.run()  # what is compiled and imported once is no part of a stage
        sides = {what: lambda stage=stage: seconds_of(stage.run) for what, stage in stages.items()}
        found = interleaved(sides, given.rounds)
        limits.append(measure_limits(threads, given.quick))
        best = best_of(limits)
        notes.append(best.described())
        for what, stage in stages.items():
            took = spread(found[what])
            share = best.floor_seconds(stage.work) / took.median
            side = f"ours, {threads} core{'s' * (threads > 1)}"
            rows.append(
                Row(what, side, "s", took, floor=stage.work.stated(), share=share, most=stage.most_seconds)
            )
    return Section(
        title="Stages",
        setting=f"{given.rounds} rounds in turns (`python -m benchmarks.stage_speed`). A floor is what a stage "
        "cannot do without, at the speed of large matrix products and copies.",
        rows=tuple(rows),
        notes=tuple(dict.fromkeys(notes)),
    )


def main() -> int:
    """Measures the stages."""
    parser = options(__doc__, rounds=3)
    parser.add_argument("--stages", nargs="*", default=list(STAGES), choices=list(STAGES))
    return perform("stages", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
