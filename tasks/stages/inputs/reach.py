"""What a model allows, as stages read it: gradients through its halves, and weights that they depend on."""

from dataclasses import dataclass

from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vocabulary.reasons import Reason, reason

CHECK_FILE = "import_check.json"


@dataclass(frozen=True)
class Reach:
    """What a model allows: gradients through encode and decode, weights that codes and images depend on, a decoder."""

    encoder_gradients: bool = True
    decoder_gradients: bool = True
    codes_by_weights: bool = True
    images_by_weights: bool = True
    has_decoder: bool = True

    def without_gradients(self) -> tuple[Reason, ...]:
        """Returns a reason for each part that no gradient passes through."""
        parts = {
            "reach.encoder_without_gradient": self.encoder_gradients,
            "reach.decoder_without_gradient": self.decoder_gradients,
        }
        if not self.has_decoder:
            parts = {**parts, "reach.decoder_without_gradient": True, "reach.no_decoder": False}
        return tuple(reason(key) for key, passes in parts.items() if not passes)

    def without_weights(self) -> tuple[Reason, ...]:
        """Returns a reason for each part that does not depend on weights."""
        parts = {
            "reach.codes_without_weights": self.codes_by_weights,
            "reach.images_without_weights": self.images_by_weights or not self.has_decoder,
        }
        return tuple(reason(key) for key, depends in parts.items() if not depends)


def reach_of(trained: Artifact) -> Reach:
    """Returns what the model of a trained or imported artifact allows; everything, for one trained here."""
    path = trained.path / CHECK_FILE
    return Reach(**read_json(path)["reach"]) if path.is_file() else Reach()
