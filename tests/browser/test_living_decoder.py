"""The decoder that runs in the page draws what torch draws, fast enough to drag, for every network of ours."""

import base64
import json
from html import escape
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser

from latent_audit.reports.page.templating import ROOM
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.components.choices import ResidualSize
from latent_audit.vae_models.components.layers.residual import ResidualBlock
from latent_audit.vae_models.components.layers.self_attention import SelfAttention
from latent_audit.vae_models.components.networks import build_decoder
from latent_audit.vae_models.components.plain_layers import NoPlainForm, PlainDecoder
from latent_audit.vae_models.interpretable_gan.model import InterpretableGan
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from tests.browser.conftest import new_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CODES = 64
MEASURE = """codes => {
  const box = document.querySelector("[data-decoder]");
  box.live();
  const drawn = codes.map(code => Array.from(box.decode(code)));
  const taken = [];
  for (let i = 0; i < 32; i++) {
    const from = performance.now();
    box.decode(codes[i]);
    taken.push(performance.now() - from);
  }
  return [drawn, taken.sort((a, b) => a - b)[16]];
}"""


def vae(
    kind: Any, shape: tuple[int, int, int], size: ResidualSize | None = None
) -> tuple[PlainDecoder, Any, int]:
    network = build_decoder(kind, shape, 10, size=size)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, SelfAttention | ResidualBlock):
                module.strength.fill_(0.7)
    plain = PlainDecoder()
    plain.add_network(network)
    plain.add("sigmoid")
    return plain, lambda codes: network(codes).sigmoid(), 10


def gan() -> tuple[PlainDecoder, Any, int]:
    targets = (
        Target("shape", "categorical", 3, classes=("a", "b", "c")),
        Target("smile", "binary", 1),
        Target("turn", "cyclic", 2),
        Target("size", "continuous", 1),
    )
    model = InterpretableGan(InterpretableGanSettings(free_dimensions=3), (1, 32, 32), targets)
    return model.plain_decoder(), model.decode, model.latent_dim


NETWORKS = {
    "mlp": lambda: vae("mlp", (1, 32, 32)),
    "burgess": lambda: vae("burgess", (3, 64, 64)),
    "locatello, padded": lambda: vae("locatello", (1, 28, 28)),
    "attention": lambda: vae("attention", (3, 64, 64)),
    "residual": lambda: vae("residual", (1, 32, 32), ResidualSize(width=8, blocks=2)),
    "residual, group norm": lambda: vae("residual", (1, 28, 28), ResidualSize(width=8, norm="group")),
    "residual, 128 pixels": lambda: vae("residual", (3, 128, 128)),
    "generator": gan,
}
# The others, at 64x64 and more, take ten seconds each.
QUICK = ("mlp", "locatello, padded", "residual", "residual, group norm", "generator")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.endurance) for name in NETWORKS]
)
def test_the_page_decodes_as_torch_does(name: str, chromium: Browser) -> None:
    torch.manual_seed(0)
    plain, decode, size = NETWORKS[name]()
    codes = torch.randn(CODES, size) * 2
    with torch.no_grad():
        expected = decode(codes).numpy()
    with new_page(chromium) as page:
        page.set_content(document(plain, expected.shape[1:], size))
        drawn, milliseconds = page.evaluate(MEASURE, codes.tolist())
    difference = float(np.abs(np.array(drawn).reshape(expected.shape) - expected).max())
    assert expected.std() > 0.001  # something is drawn
    assert difference <= 1 / 255
    print(f"{name}: {255 * difference:.3f} of 255, {milliseconds:.1f} ms a frame")


def document(plain: PlainDecoder, shape: Any, size: int) -> str:
    """Returns a page of one living model alone, with the report's own script."""

    def packed(array: Any) -> str:
        return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")

    data = {
        "layers": plain.layers,
        "weights": packed(plain.packed_weights()),
        "tensors": [list(pair) for pair in zip(plain.sizes(), plain.steps(), strict=True)],
        "shape": list(shape),
        "codes": packed(np.zeros((1, size), "<f4")),
        "readings": packed(np.zeros(1, "<f4")),
        "starts": [],
        "mean": [0.0] * size,
        "spread": [1.0] * size,
        "usual": [0.0] * 101,
        "controls": [],
        "read": [],
        "steps": 1,
        "columns": 1,
    }
    script = (ROOM / "static" / "report.js").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html><p id="tools" data-usual="{n}" data-unusual="-"></p><div class="living" data-name="x" '
        f'data-decoder="{escape(json.dumps(data))}"><h3>x</h3></div><script>{script}</script>'
    )


def test_a_layer_without_a_plain_form_is_named() -> None:
    with pytest.raises(NoPlainForm, match="BatchNorm1d"):
        PlainDecoder().add_network(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)))
