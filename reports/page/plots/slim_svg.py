"""Removes what draws nothing from matplotlib's SVG: half of its bytes and most of its elements."""

import re

_EMPTY = re.compile(
    r"<defs>\s*</defs>|<g/>|<path d=\"[^\"]*\" style=\"fill: none\"/>|\s*transform=\"rotate\(-?0 [^)]*\)\""
)
_TAG = re.compile(r"<g>|<g [^>]*>|</g>")
_ELEMENT = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"(\d+\.\d\d)\d+")


def slim(svg: str) -> str:
    """Returns the same drawing without comments, metadata, empty shapes, unused ids and bare groups."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r"<metadata>.*?</metadata>|<style type=\"text/css\">.*?</style>", "", svg, flags=re.S)
    # Of coordinates: a number that is read, as at a tick, keeps all its digits.
    svg = _ELEMENT.sub(lambda found: _LONG_NUMBER.sub(r"\1", found[0]), svg)
    svg = _without_unused_ids(svg)
    svg = _EMPTY.sub("", svg)
    svg = re.sub(r' d="([^"]*)"', lambda found: f' d="{_path(found[1])}"', svg)
    # A tick mark carries its style where it is defined, and again at each use.
    svg = re.sub(r'(<use [^>]*y="[^"]*") style="fill: (#\w+); stroke: \2; stroke-width: 0.8"', r"\1", svg)
    svg = re.sub(r"(?<=[:;]) (?=[^\"<>]*\")", "", svg)
    return re.sub(r">\s+<", "><", _without_bare_groups(svg)).strip() + "\n"


def _path(data: str) -> str:
    """Returns path data without redundant spaces and line ends."""
    return re.sub(r" ?([A-Za-z]) ?", r"\1", " ".join(data.split()))


def _without_unused_ids(svg: str) -> str:
    used = {first or second for first, second in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)}
    return re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", svg)


def _without_bare_groups(svg: str) -> str:
    """Removes groups without attributes, with their closing tags."""
    kept: list[bool] = []

    def keep(found: re.Match[str]) -> str:
        tag = found[0]
        if tag == "</g>":
            return tag if kept.pop() else ""
        kept.append(tag != "<g>")
        return tag if kept[-1] else ""

    return _TAG.sub(keep, svg)
