"""A small audit of three kinds of models, and every `explain` and `sample` that tests ask of it, in one process."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.audits.audits import IN_ONE_THREAD, Commands, _command, _home, _in_one_process
from tests.audits.tiny_audit import TINY

AUTOENCODER: dict[str, Any] = {
    "kind": "autoencoder", "latent_dim": 3, "network": "mlp",
    "training": {"steps": 120, "batch_size": 16, "evaluate_every": 60, "evaluation_images": 100},
}  # fmt: skip
RUN = "runs/latest"
HEARTS = ("--model", "gan", "--ask", "shape=heart")


@pytest.fixture(scope="session")
def explained(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Commands:
    home, environment = _home(tmp_path_factory.mktemp("explained"), pytestconfig)
    settings = yaml.safe_load(TINY)
    settings["models"]["autoencoder"] = AUTOENCODER
    (home / "three.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    _write_images(home)

    def explain(image: str, *words: str) -> dict[str, Any]:
        return _command("explain", RUN, image, *words)

    def as_json(name: str, image: str, *words: str) -> dict[str, Any]:
        return explain(image, "--format", "json", "--output", f"{name}.json", *words)

    def sample(name: str, *words: str) -> dict[str, Any]:
        return _command("sample", RUN, "--output", name, *words)

    asked = {
        "run": _command("run", "three.yaml", *IN_ONE_THREAD),
        "own image": explain("mine.png"),
        "row": as_json("row", "7"),
        "gan": as_json("gan", "7", "--model", "gan"),
        "gan page": explain("7", "--model", "gan", "--language", "zh", "--output", "gan.html"),
        "autoencoder": as_json("autoencoder", "7", "--model", "autoencoder"),
        "other seed": as_json("other seed", "7", "--seed", "1"),
        "lime": as_json("lime", "7", "--method", "lime"),
        "kernel-shap": as_json("kernel-shap", "7", "--model", "gan", "--method", "kernel-shap"),
        "against": as_json("against", "7", "--against", "8"),
        "one attribute": as_json("one attribute", "3", "--attribute", "posX"),
        "page": explain("3", "--output", "seite.html", "--language", "zh", "--attribute", "posX"),
        "track": explain("4", "--track"),
        "text": explain("text.png"),
        "half": explain("half.png"),
        "huge": explain("huge.png"),
        "absent": explain("absent.png"),
        "no row": explain("1800"),
        "no attribute": explain("4", "--attribute", "colour"),
        "no seed": explain("4", "--seed", "9"),
        "no language": explain("4", "--language", "xx"),
        "in the run": explain("4", "--output", f"{RUN}/page.html"),
        "other store": explain("4", "--store", "elsewhere"),
        "few": sample("few", *HEARTS, "--number", "5"),
        "more": sample("more", *HEARTS, "--number", "105"),
        "seed": sample("seed", *HEARTS, "--number", "5", "--seed", "1"),
        "noise 1": sample("noise 1", *HEARTS, "--number", "5", "--noise", "1"),
        "noise 2": sample("noise 2", *HEARTS, "--number", "5", "--noise", "2"),
        "no place": sample("none", "--number", "2", "--ask", "shape=heart"),
        "outside": sample("none", "--number", "2", "--model", "gan", "--ask", "posX=3"),
        "no class": sample("none", "--number", "2", "--model", "gan", "--ask", "shape=circle"),
        "no name": sample("none", "--number", "2", "--ask", "colour=red"),
        "no model": sample("none", "--number", "2", "--model", "third"),
        "no noise": sample("none", "--number", "2", "--noise", "1"),
        "no number": sample("none", "--number", "0"),
        "full": sample("full", "--number", "2"),
        "samples in the run": sample(f"{RUN}/samples", "--number", "2"),
        "samples of another store": sample("none", "--number", "2", "--store", "elsewhere"),
        "verified": _command("verify", RUN),
    }
    return Commands(home, _in_one_process(asked, home, environment), {}, [])


def _write_images(home: Path) -> None:
    """Writes a dark square on white, wider than high and in colour, files that are no images, and a full folder."""
    pixels = np.full((120, 200, 3), 255, np.uint8)
    pixels[40:80, 80:120] = 30
    Image.fromarray(pixels).save(home / "mine.png")
    (home / "text.png").write_text("no image")
    whole = (home / "mine.png").read_bytes()
    (home / "half.png").write_bytes(whole[: len(whole) // 2])
    Image.new("1", (9000, 9000)).save(home / "huge.png")
    (home / "full").mkdir()
    (home / "full" / "mine.txt").write_text("mine")
