"""A gauge: an estimate and its interval on a line, against the limit that it is held to; no text, it stands beside."""

from markupsafe import Markup, escape

WIDTH, HEIGHT = 84, 14
_LEFT, _RIGHT, _MIDDLE = 3.0, 81.0, 7.0


def draw(
    value: float | None, low: float | None, high: float | None, limit: float | None, word: str, alt: str
) -> Markup:
    """Returns the gauge as an inline drawing; an empty line where there is no value.

    word: of the verdict, which gives the colour. alt: what it says in words.
    """
    known = [number for number in (value, low, high, limit) if number is not None]
    top, bottom = max([1.0, *(1.05 * number for number in known)]), min([0.0, *known])

    def at(number: float) -> str:
        return f"{_LEFT + (_RIGHT - _LEFT) * (number - bottom) / (top - bottom):.1f}"

    parts = [f'<path class="base" d="M{_LEFT:g} {_MIDDLE:g}H{_RIGHT:g}"/>']
    if limit is not None:
        parts.append(f'<path class="limit" d="M{at(limit)} 1V13"/>')
    if low is not None and high is not None:
        parts.append(f'<path class="span" d="M{at(low)} {_MIDDLE:g}H{at(high)}"/>')
    if value is not None:
        parts.append(f'<path class="mark" d="M{at(value)} 3V11"/>')
    return Markup(
        f'<svg class="gauge {word}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(alt)}">{"".join(parts)}</svg>'
    )
