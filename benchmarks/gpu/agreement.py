"""Does a device compute what a CPU computes? Trainings, codes, images, interventions and attributions of both.

In fp32, TF32 off: of what is left, only the order of sums differs. A difference is the largest one, as a share of the
largest value. For a CPU the other side is the CPU without oneDNN, so that there are two ways to compute.
"""

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.gpu.material import SHAPE, Sprites
from benchmarks.measuring import Spread
from benchmarks.results import Row, Section
from latent_audit.tasks.analyses.attributions.attribution_methods import MethodSettings, encoder_methods
from latent_audit.tasks.analyses.checks import intervention
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.inference import classify_images, decoder_of, encode_images
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.presets.autoencoder import PlainAutoencoderSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vocabulary.reasons import NO_REASON

# One pass through a network; many steps, over which roundings grow; draws of another generator, which a device has.
PASS, STEPS, OTHER_DRAWS = 1e-3, 0.04, 0.1
_DIMENSIONS = 4
Kinds = dict[str, Model]


def compare(sprites: Sprites, device: str, steps: int, attributed: int) -> Section:
    """Returns a row for each thing that both sides computed, with what they may differ by.

    Codes and interventions are of the held-out sprites, maps of `attributed` of them.
    """
    with _reference(device):
        ours = _Side(sprites, "cpu", steps)
    with _exact():
        theirs = _Side(sprites, device, steps)
        theirs.take_weights(ours)
        there = theirs.answers(attributed)
    with _reference(device):
        here = ours.answers(attributed)
    rows = [
        _row(f"training, {name}", _difference(found, ours.curves[name]), OTHER_DRAWS if draws else STEPS)
        for (name, draws), found in zip(_TRAINED, theirs.curves.values(), strict=True)
    ]
    rows += [_row(name, _difference(there[name], answer), PASS) for name, answer in here.items()]
    return Section(
        title="Same results",
        setting=f"64x64 sprites, fp32 without TF32; {steps} steps of training; largest difference from "
        + ("a CPU without oneDNN" if device == "cpu" else "a CPU")
        + " as a share of the largest value.",
        rows=tuple(rows),
    )


# Whether a training draws random numbers: those of a GPU are others than those of a CPU.
_TRAINED = (("autoencoder", False), ("attribute classifier", False), ("vae", True))


class _Side:
    """Models of one device, and the curves of their training."""

    def __init__(self, sprites: Sprites, device: str, steps: int) -> None:
        self.sprites, self.device = sprites, device
        training = TrainingSettings(
            steps=steps,
            batch_size=min(64, len(sprites.images)),
            precision="fp32",
            evaluate_every=steps,
            checkpoint_every=steps,
        )
        autoencoder = PlainAutoencoderSettings(latent_dim=_DIMENSIONS, training=training)
        vae = VaeSettings(latent_dim=_DIMENSIONS, training=training)
        self.classifier: AttributeClassifier = sprites.built(AttributeClassifierSettings())
        self.models: Kinds = {"autoencoder": sprites.built(autoencoder), "vae": sprites.built(vae)}
        self.curves: dict[str, NDArray[np.float64]] = {}
        for name, _ in _TRAINED:
            learning: Any = self.models.get(name, self.classifier)
            result = sprites.trained(learning, training, device)
            self.curves[name] = np.array([result.curves["total"][-1][1], result.curves["held_out"][-1][1]])
        gan: Any = sprites.built(InterpretableGanSettings(free_dimensions=5))
        self.models["interpretable_gan"] = gan.to(device)

    def take_weights(self, other: "_Side") -> None:
        """Takes the weights of the other side, so that what follows compares single passes."""
        for mine, theirs in (
            (self.classifier, other.classifier),
            *zip(self.nets(), other.nets(), strict=True),
        ):
            mine.load_state_dict(theirs.state_dict())

    def nets(self) -> list[nn.Module]:
        """Returns the models as modules."""
        return [model for model in self.models.values() if isinstance(model, nn.Module)]

    def answers(self, attributed: int) -> dict[str, NDArray[np.floating[Any]]]:
        """Returns what is compared, by name; maps are of `attributed` images."""
        images, count = self.sprites.held_out_images, len(self.sprites.held_out_images)
        found: dict[str, NDArray[np.floating[Any]]] = {"classify": classify_images(self.classifier, images)}
        for name, model in self.models.items():
            means, _ = encode_images(model, images)
            found[f"encode, {name}"] = means
            # Codes of their own, alike on both sides: those of another rounding are another image.
            codes = _codes(count, model.latent_dim)
            found[f"decode, {name}"] = decoder_of(model)(codes, np.arange(count))
        found["intervene, vae"] = self._effects(count)
        return found | dict(self._maps(attributed))

    def _effects(self, count: int) -> NDArray[np.float64]:
        """Returns the effects (attributes, dimensions) of check C."""
        model, attributes = self.models["vae"], self.sprites.attributes
        codes = _codes(count, model.latent_dim)
        gates = [Gate(one.name, "passed", "auroc", 1.0, 0.5, NO_REASON) for one in attributes]
        claimed = [place % model.latent_dim for place in range(len(attributes))]
        measured = intervention.compute(
            attributes, codes, codes, decoder_of(model), partial(classify_images, self.classifier),
            self.classifier.response_columns, gates, claimed, model.dimension_groups, 0,
            resamples=20, null_images=2, null_directions_per_dimension=2, least_images=count,
        )  # fmt: skip
        return measured.effect

    def _maps(self, count: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yields each method's maps of the VAE's first two dimensions."""
        module = self.models["vae"]
        assert isinstance(module, nn.Module)
        pixels = torch.from_numpy(self.sprites.held_out_images).to(self.device).float() / 255
        methods = encoder_methods(
            _means, [0, 1], torch.zeros(SHAPE, device=self.device), pixels[count : 2 * count],
            MethodSettings(gradient_steps=8, draws=4), 0,
        )  # fmt: skip
        for method in methods:
            yield f"attribute, {method.name}", method.explain(module, pixels[:count]).detach().cpu().numpy()


def _means(module: nn.Module, images: Tensor) -> Tensor:
    return module.encode(images).mean  # type: ignore[operator]  # a Module has whatever it was given


def _codes(count: int, size: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((count, size)).astype(np.float32)


def _difference(found: NDArray[np.floating[Any]], expected: NDArray[np.floating[Any]]) -> float:
    """Returns the largest difference as a share of the largest value; infinite where either is not finite."""
    if not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return float("inf")
    return float(np.abs(found - expected).max() / max(float(np.abs(expected).max()), 1e-30))


def _row(what: str, difference: float, most: float) -> Row:
    return Row(what, f"at most {most:g}", "", Spread(difference, difference, difference, 1), most=most)


@contextlib.contextmanager
def _exact() -> Iterator[None]:
    """Computes in fp32 to the last digit that it has."""
    switches: Sequence[Any] = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [switch.allow_tf32 for switch in switches]
    for switch in switches:
        switch.allow_tf32 = False
    try:
        yield
    finally:
        for switch, was in zip(switches, before, strict=True):
            switch.allow_tf32 = was


@contextlib.contextmanager
def _reference(device: str) -> Iterator[None]:
    """Computes on the CPU; without oneDNN where the other side has it."""
    with warnings.catch_warnings():
        # torch sets TF32 of Intel's GPUs along with it, and warns where there is none.
        warnings.filterwarnings("ignore", "TF32 acceleration")
        with torch.backends.mkldnn.flags(enabled=device != "cpu"):
            yield
