"""How the evidence on one model grows with its attributes and its dimensions, in core-seconds.

    python -m benchmarks.growth_attributes                      all three (a quarter of an hour)
    python -m benchmarks.growth_attributes --only dimensions

Core-seconds of one thread, so that other work on the machine counts little. Promised: places of 5 to 80 attributes at
64 dimensions, slope 1.2; of 10 to 256 dimensions at 12 attributes, slope 1.5; check B of 200 attributes in 60 s.
"""

import argparse
import sys
from dataclasses import dataclass, replace

from benchmarks.growth import point_of
from benchmarks.growth_fit import Series, fit
from benchmarks.growth_work import Size
from benchmarks.measuring import spread
from benchmarks.results import Row, Section
from benchmarks.starting import options, perform


@dataclass(frozen=True)
class Grown:
    """One axis: what is measured, its sizes, the other ones, and the promised slope."""

    what: str
    axis: str
    sizes: tuple[int, ...]
    usual: Size
    most_slope: float


GROWN = {
    "attributes": Grown("ladders", "attributes", (5, 20, 80), Size(latent_size=64), 1.2),
    "dimensions": Grown("ladders", "latent_size", (10, 51, 256), Size(attributes=12), 1.5),
}
MANY, MOST_SECONDS = 200, 60.0
PARTS = (*GROWN, "many")


def measure(given: argparse.Namespace) -> Section:
    """Returns the series that were asked for, and check B of many attributes."""
    series = tuple(_series(GROWN[name], given) for name in GROWN if name in given.only)
    rows = (_many(given),) if "many" in given.only else ()
    return Section(
        title="Growth with attributes and dimensions",
        setting="Core-seconds of one thread, a fresh process a point, 40,000 images, of which 6,000 are tested on "
        "(`python -m benchmarks.growth_attributes`).",
        rows=rows,
        series=series,
    )


def _series(grown: Grown, given: argparse.Namespace) -> Series:
    sizes, usual = grown.sizes, grown.usual
    if given.quick:
        sizes, usual = (3, 6), Size(images=4000, latent_size=3, attributes=2)
    points = []
    for size in sizes:
        whole = replace(usual, **{grown.axis: size})
        points.append(point_of(grown.what, whole, size, given.cap, "core_seconds"))
        print(f"  {grown.what} with {size:,} {grown.axis}: {points[-1].seconds:.3g} s", flush=True)
    return replace(fit(grown.what, grown.axis, points, promised=False), most_slope=grown.most_slope)


def _many(given: argparse.Namespace) -> Row:
    size = Size(images=4000, attributes=4) if given.quick else Size(attributes=MANY)
    found = point_of("specificities", size, size.attributes, given.cap, "core_seconds")
    what = f"check B of {size.attributes} attributes, 10 dimensions"
    return Row(what, "ours", "core-seconds", spread([found.seconds]), most=MOST_SECONDS)


def main() -> int:
    """Measures both slopes and check B of many attributes, or those named."""
    parser = options(__doc__, rounds=1)
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=list(PARTS), help="which parts")
    parser.add_argument("--cap", type=float, default=1200.0, help="seconds a point (default 1200)")
    return perform("growth_attributes", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
