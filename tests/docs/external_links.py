"""Asks every address of another host that the documents name whether it is there: python -m tests.docs.external_links.

It needs a network. Addresses that answer with a refusal of programs (401, 403, 429) count as there.
"""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"\]\((https?://[^)\s]+)\)|<(https?://[^>\s]+)>")
REFUSES_PROGRAMS = (401, 403, 429)
EXAMPLES = re.compile(r"https?://(?:127\.0\.0\.1|localhost|[\w.-]*example\b)")


def addresses() -> Iterator[tuple[str, str]]:
    """Yields each address of another host once, with the document that names it."""
    seen = set()
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        for named in ADDRESS.findall(page.read_text(encoding="utf-8")):
            address = (named[0] or named[1]).partition("#")[0]
            if address not in seen and not EXAMPLES.match(address):
                seen.add(address)
                yield address, page.relative_to(ROOT).as_posix()


def fault_of(client: httpx.Client, address: str) -> str | None:
    """Returns what is wrong with an address; None where it is there."""
    try:
        with client.stream("GET", address) as answer:
            if answer.is_success or answer.status_code in REFUSES_PROGRAMS:
                return None
            return str(answer.status_code)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"


def main() -> int:
    """Prints each address that is not there, with its document, and returns how many these are, at most 1."""
    named = list(addresses())
    with httpx.Client(follow_redirects=True, timeout=30) as client, ThreadPoolExecutor(8) as pool:
        faults = list(pool.map(lambda one: fault_of(client, one[0]), named))
    broken = [(page, address, fault) for (address, page), fault in zip(named, faults, strict=True) if fault]
    for page, address, fault in broken:
        print(f"{page}: {address}: {fault}")
    print(f"{len(named)} addresses, {len(broken)} not there")
    return min(len(broken), 1)


if __name__ == "__main__":
    sys.exit(main())
