"""Writes the measured part of docs/performance.md from results.json."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import BEGIN, END


def write_table(document: Path, results: Mapping[str, Any], begin: str = BEGIN, end: str = END) -> None:
    """Writes the table between the two marks of a document, which keeps all else."""
    text = document.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"{document} must hold each of these lines once:\n{begin}\n{end}")
    before, after = text.split(begin)[0], text.split(end)[1]
    document.write_text(f"{before}{begin}\n\n{table(results)}\n{end}{after}", encoding="utf-8")


def table(results: Mapping[str, Any]) -> str:
    """Returns machine, versions and every section as Markdown."""
    machine = results["machine"]
    flags = ", ".join(machine["flags"]) or "none of the known vector extensions"
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    lines = [
        f"Machine: {machine['processor']}, {machine['cores']} cores ({flags}), {machine['memory_gb']} GB, "
        f"{machine['system']}. Versions: {versions or 'not stated'}.",
        "",
    ]
    for section in results["sections"].values():
        lines += [f"### {section['title']}", "", *section_lines(section), ""]
    return "\n".join(lines)


def section_lines(section: Mapping[str, Any]) -> list[str]:
    """Returns what one benchmark found, in lines of Markdown."""
    if "failed" in section:
        return [f"Not measured: {section['failed']}"]
    lines = [section["setting"], ""]
    if section["quick"]:
        lines = ["Tiny sizes (`--quick`): this shows that the benchmark works, and measures nothing.", *lines]
    if section["rows"]:
        lines += _speed_table(section["rows"])
    if section["series"]:
        lines += _growth_table(section["series"])
    notes = [*section["notes"], *(f"Not kept: {text}." for text in section["missed"])]
    return [*lines, "", *(f"- {note}" for note in notes)] if notes else lines


def _speed_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| what | side | median (least to most) | ours is faster | floor | of the limit |"]
    lines.append("|---|---|---|---|---|---|")
    for row in rows:
        found = row["measured"]
        middle, least, most = (number_text(found[name]) for name in ("median", "least", "most"))
        times = "" if row["times"] is None else f"{row['times']:.2f} times"
        share = "" if row["share"] is None else f"{100 * row['share']:.3g} %"
        cells = [
            row["what"],
            row["side"],
            f"{middle} {row['unit']}" + (f" ({least} to {most})" if found["rounds"] > 1 else ""),
            times,
            row["floor"],
            share,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _growth_table(series: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| what | against | from | to | seconds | time slope (last) | memory, MB | memory slope |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for one in series:
        points = one["points"]
        if not points:
            lines.append(
                f"| {one['what']} | {one['axis'].replace('_', ' ')} | | | {one['stopped_at']:,} not reached | | | |"
            )
            continue
        first, last = points[0], points[-1]
        end = f"{last['size']:,}" + (f" ({one['stopped_at']:,} not reached)" if one["stopped_at"] else "")
        slope = f"{_slope(one['time_slope'])} ({_slope(one['last_time_slope'])})"
        cells = [
            one["what"],
            one["axis"].replace("_", " "),
            f"{first['size']:,}",
            end,
            f"{first['seconds']:.3g} to {last['seconds']:.3g}",
            f"{slope}, steeper than n log n" if one["steeper"] else slope,
            f"{first['megabytes']:.3g} to {last['megabytes']:.3g}",
            _slope(one["memory_slope"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def number_text(number: float) -> str:
    """Returns a number in three digits, or whole with thousands set apart: "0.128", "2,681"."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def _slope(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"
