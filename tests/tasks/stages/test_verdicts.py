"""What a run is called in its report."""

import pytest

from latent_audit.tasks.stages.evidence.verdicts import _subject


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (("vae",), "vae on sprites"),
        (("gan", "vae"), "gan and vae on sprites"),
        (("a", "b", "c", "d"), "a, b, c and d on sprites"),
        (("a", "b", "c", "d", "e"), "5 models on sprites"),
    ],
)
def test_a_few_models_are_named_and_many_are_counted(names: tuple[str, ...], title: str) -> None:
    assert _subject({"title": None}, "sprites", names, 0)["title"] == title
    assert _subject({"title": "Mine"}, "sprites", names, 0)["title"] == "Mine"
