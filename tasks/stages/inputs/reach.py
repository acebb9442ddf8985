"""What a model allows, as stages read it: gradients through its halves, and weights that they depend on."""

from dataclasses import dataclass

from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact

CHECK_FILE = "import_check.json"
_NO_GRADIENT = (
    "no gradient passes through {part} of this model (its code may use torch.no_grad, detach, or leave torch), so "
    "{what} not applicable"
)
_NO_WEIGHTS = (
    "{what} of this model do not depend on torch weights, so an untrained {part} as control is not applicable"
)


@dataclass(frozen=True)
class Reach:
    """What a model allows: gradients through encode and decode, and weights that codes and images depend on."""

    encoder_gradients: bool = True
    decoder_gradients: bool = True
    codes_by_weights: bool = True
    images_by_weights: bool = True

    def without_gradients(self) -> tuple[str, ...]:
        """Returns a sentence for each part that no gradient passes through."""
        said = []
        if not self.encoder_gradients:
            said.append(_NO_GRADIENT.format(part="encode", what="gradient attributions of the encoder are"))
        if not self.decoder_gradients:
            said.append(
                _NO_GRADIENT.format(
                    part="decode", what="the Jacobian of the decoder and likelihood regret are"
                )
            )
        return tuple(said)

    def without_weights(self) -> tuple[str, ...]:
        """Returns a sentence for each part that does not depend on weights."""
        said = []
        if not self.codes_by_weights:
            said.append(_NO_WEIGHTS.format(what="codes", part="encoder"))
        if not self.images_by_weights:
            said.append(_NO_WEIGHTS.format(what="decoded images", part="decoder"))
        return tuple(said)


def reach_of(trained: Artifact) -> Reach:
    """Returns what the model of a trained or imported artifact allows; everything, for one trained here."""
    path = trained.path / CHECK_FILE
    return Reach(**read_json(path)["reach"]) if path.is_file() else Reach()
