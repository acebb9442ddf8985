"""The benchmark of how long trainings must be, on a few images: figures of all kinds of models, with intervals."""

import pytest

from benchmarks import training_length
from benchmarks.training_length import SIDES, Found, main, steady, table


@pytest.mark.endurance
def test_one_line_a_side_with_its_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("vae", "beta_vae", "interpretable_gan", "classifier"):
        short = steady(3).model_copy(update={"batch_size": 16, "evaluation_images": 20})
        first = {"warm_up_steps": 1} if name != "classifier" else {}
        monkeypatch.setitem(SIDES, name, SIDES[name].model_copy(update={"training": short, **first}))
    found = {
        name: [training_length.measure(name, seed, 64) for seed in (0, 1)]
        for name in ("vae", "beta_vae", "interpretable_gan", "classifier")
    }
    attributes = ["shape", "scale", "orientation", "posX", "posY"]
    assert list(found["vae"][0].figures) == ["reconstruction", "KL", "objective"]
    assert list(found["interpretable_gan"][0].figures) == ["reconstruction", *attributes]
    assert list(found["classifier"][0].figures) == attributes
    for name, beta in (("vae", 1.0), ("beta_vae", 4.0)):
        figures = found[name][0].figures
        assert figures["objective"] == pytest.approx(figures["reconstruction"] + beta * figures["KL"])
    lines = table(found).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == list(found)
    with pytest.raises(SystemExit, match="2"):
        main(["--sides", "no such side"])
    assert "invalid choice: 'no such side'" in capsys.readouterr().err


def test_means_have_intervals_over_seeds() -> None:
    found = {"vae": [Found(10.0, {"KL": 1.0}), Found(20.0, {"KL": 2.0}), Found(30.0, {"KL": 3.0})]}
    assert table(found).splitlines()[-1] == "| vae | 20 | KL 2 [-0.484, 4.48] |"


def test_the_other_side_is_longer_and_of_one_size() -> None:
    for name, settings in SIDES.items():
        if name.endswith(", steady"):
            ours = SIDES[name.removesuffix(", steady")]
            assert (settings.training.learning_rate_decay, ours.training.learning_rate_decay > 0) == (
                0.0,
                True,
            )
            assert settings.training.steps > ours.training.steps
