"""An audit of two models, one of which fails when it encodes many images; its other parts are made to fail too."""

from pathlib import Path

import yaml

from tests.audits.tiny_audit import SMALLEST

# Every stage that an audit can do without.
PARTS = (
    "score",
    "subgroup",
    "project",
    "traverse",
    "show",
    "manipulate",
    "applications",
    "attribute",
    "model_specific",
    "explain_classifier",
    "export",
)
FEW = 96
OWN = f"""
import torch
from torch import nn

class OfFew(nn.Module):  # what encodes a few images, and no more
    def __init__(self):
        super().__init__()
        self.towards = nn.Conv2d(1, 2, 32)
        self.back = nn.Linear(2, 32 * 32)

    def encode(self, images):
        if len(images) > {FEW}:
            raise RuntimeError("a batch of at most {FEW} images was expected")
        return self.towards(images).flatten(1)

    def decode(self, codes):
        return self.back(codes).sigmoid().view(-1, 1, 32, 32)

def make():
    torch.manual_seed(0)
    return OfFew()

class Hungry(OfFew):  # as many a network on a machine that is too small for it
    def encode(self, images):
        raise MemoryError()

class OfAny(OfFew):
    def encode(self, images):
        return self.towards(images).flatten(1)

def make_any():
    torch.manual_seed(0)
    return OfAny()

def make_hungry():
    return Hungry()

def make_nothing():
    raise ValueError("there is no model today")
"""


def of_any_number(home: Path) -> dict[str, str]:
    """Returns the settings of the model that takes any number of images."""
    return {"kind": "entrypoint", "entrypoint": "of_few:make_any", "folder": str(home / "few")}


def of_nothing(home: Path) -> dict[str, str]:
    """Returns the settings of a model whose function fails."""
    return {**of_any_number(home), "entrypoint": "of_few:make_nothing"}


def write_failing_audit(home: Path) -> str:
    """Writes the user's code and parts.yaml below `home`; returns the settings file's name."""
    (home / "few").mkdir()
    (home / "few" / "of_few.py").write_text(OWN, encoding="utf-8")
    settings = yaml.safe_load(SMALLEST)
    settings["run"]["name"] = "parts"
    settings["models"]["few"] = {
        "kind": "entrypoint",
        "entrypoint": "of_few:make",
        "folder": str(home / "few"),
    }
    (home / "parts.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return "parts.yaml"
