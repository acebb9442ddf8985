"""The page of an audit of codes holds places, associations and scores in both languages, and asks for nothing."""

from typing import Any

import pytest

from latent_audit.reports.page.codes_page import codes_page
from latent_audit.tasks.in_memory.codes_audit import CodesSizes, audit_codes
from tests.reports.conftest import elements

SMALL = CodesSizes(
    permutations=20, bootstraps=20, probe_rows=100, boosting_rows=100, boosting_iterations=2, map_rows=30
)


@pytest.fixture(scope="module")
def record() -> Any:
    import numpy as np

    rng = np.random.default_rng(0)
    size = rng.normal(size=200)
    codes = np.stack([size + 0.1 * rng.normal(size=200), rng.normal(size=200)], axis=1)
    kind = np.array(["<b>cat</b>", "dog"])[rng.integers(2, size=200)]
    return audit_codes([codes], {"size": size, "kind": kind}, must_not_hold=["kind"], sizes=SMALL).record


@pytest.mark.parametrize(("language", "said"), [("en", "There is no decoder"), ("zh", "没有解码器")])
def test_the_page_says_where_labels_can_be_read(record: Any, language: str, said: str) -> None:
    page = codes_page(record, language)
    assert said in page
    found = elements(page)
    tables = [element for element in found if element.tag == "table"]
    assert len(tables) >= 3  # places, scores, and the numbers behind the figures
    assert not [element for element in found if element.tag in ("script", "link", "img", "iframe", "b")]
    assert codes_page(record, language) == page
