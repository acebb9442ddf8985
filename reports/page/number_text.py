"""One form for every number of the report: three significant digits, a minus sign, thin grouping."""

from typing import Any

from latent_audit.vocabulary.record.forms import Estimate, Part

NONE = "–"


def number(value: Any) -> str:
    """Returns a number as text: integers grouped, floats with three significant digits, unknown as a dash."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        raise TypeError("A truth value is no number; give the word of the messages for it.")
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ").replace("-", "−")
    value = float(value)
    magnitude = abs(value)
    if magnitude == 0:
        text = "0"
    elif magnitude >= 1000:
        text = f"{value:,.0f}".replace(",", " ")
    elif magnitude >= 100:
        text = f"{value:.0f}"
    elif magnitude >= 10:
        text = f"{value:.1f}"
    elif magnitude >= 0.01:
        text = f"{value:.2f}"
    elif magnitude >= 0.001:
        text = f"{value:.4f}"
    else:
        text = f"{value:.1e}"
    return text.replace("-", "−")


def percent(value: float | None) -> str:
    """Returns a share as a percentage with one decimal."""
    return NONE if value is None else f"{100 * value:.1f} %"


def interval(low: float | None, high: float | None) -> str:
    """Returns "[low, high]", or an empty text where no interval exists."""
    return "" if low is None or high is None else f"[{number(low)}, {number(high)}]"


def estimate_text(estimate: Part[Estimate]) -> str:
    """Returns "0.82 [0.79, 0.85]"; a dash for what is absent or not applicable."""
    if not estimate or "not_applicable" in estimate:
        return NONE
    bounds = interval(estimate["low"], estimate["high"])
    return f"{number(estimate['value'])} {bounds}".strip()


def duration(seconds: float | None) -> str:
    """Returns "9 min 30 s", "1 h 05 min" or "4.2 s"."""
    if seconds is None:
        return NONE
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
