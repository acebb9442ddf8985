"""Move: what happens on the way through a latent space, in pictures and in the attribute classifier's words."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latent_audit.tasks.analyses.latent_space.attribute_arithmetic import add_attributes
from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of, labels_of
from latent_audit.tasks.analyses.latent_space.boundary_editing import STEPS, edit_across
from latent_audit.tasks.analyses.latent_space.interpolation import interpolate
from latent_audit.tasks.analyses.latent_space.perturbation import perturb
from latent_audit.tasks.analyses.many_dimensions.chosen import with_others_kept
from latent_audit.tasks.analyses.scores.frechet_distance import compare_samples
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.reader import reader_of
from latent_audit.tasks.storage.arrays import reference, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import classifier_features, decode_latents
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.reasons import reason


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    classifier: Artifact,
    manipulation_images: int,
    distance_images: int,
    seed: int,
) -> None:
    """Writes moves.json and its pictures; edits start from `manipulation_images` held-out images, drawn with the seed.

    The Frechet distance is of half as many samples as `distance_images`, to as many held-out images.
    """
    space = _Space(
        prepared, trained, encoded, classifier, manipulation_images, distance_images, seed, context.device
    )
    parts = {
        "interpolation": _interpolation,
        "arithmetic": _arithmetic,
        "boundaries": _boundaries,
        "perturbation": _perturbation,
        "frechet": _frechet,
    }
    moves: dict[str, Any] = {}
    for done, (name, make) in enumerate(parts.items()):
        context.report(done, len(parts), {})
        # A stream of its own for each part: one that is changed leaves the others as they are.
        moves[name] = make(space, folder, np.random.default_rng((seed, done)))
    write_json(folder / "moves.json", moves)
    # What the classifier says of edits is told to MLflow from the record, once it is known where it may judge.
    distances = moves["frechet"]
    if "samples" in distances:
        write_summary(folder, metrics={"frechet_distance": distances["samples"]["value"]})


_NO_FEATURES = reason("moves.no_features")


class _Space:
    """One model's latent space with the classifier that judges what is done in it."""

    def __init__(
        self,
        prepared: Artifact,
        trained: Artifact,
        encoded: Artifact,
        classifier: Artifact,
        images: int,
        distance_images: int,
        seed: int,
        device: str,
    ) -> None:
        self.data = open_prepared(prepared)
        self.codes = open_codes(encoded)
        self.model = load(trained.path, device)
        self.attribute_classifier = load_classifier(classifier.path, device)
        self.fit, self.held_out = self.codes.of("probe_fit"), self.codes.of("probe_test")
        self.some = self.held_out[self.data.draw("probe_test", images, seed, "moves")]
        self.distance_images = distance_images
        attributes = self.data.data.attributes
        self.read = self.attribute_classifier.columns_read([attribute.name for attribute in attributes])
        self.attributes = [attributes[k] for k in self.read]
        self.attribute_classes = classes_of(self.attributes, self.data.values("probe_fit")[:, self.read])
        self.seed = seed
        self.reader = reader_of(self.attribute_classifier)

    def labelled(self, part: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Returns codes (n, d) of a part's images that have every attribute, and labels (n, k) of what is read."""
        complete = self.data.complete(part)
        codes = self.fit if part == "probe_fit" else self.held_out
        return codes[complete], labels_of(
            self.attribute_classes, self.data.values(part, complete)[:, self.read]
        )

    def decode(self, latents: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return decode_latents(self.model, latents, rows=rows)

    def features(self, pictures: NDArray[np.floating]) -> NDArray[np.float32]:
        return classifier_features(self.attribute_classifier, np.asarray(pictures, np.float32))

    def samples(self, count: int) -> NDArray[np.float32]:
        """Returns images (count, c, h, w) in [0, 1] that the model makes by itself."""
        assert isinstance(self.model, nn.Module)
        device = next(self.model.parameters()).device
        generator = torch.Generator(device).manual_seed(self.seed)
        latents = self.model.sample_latents(count, generator).detach().cpu().numpy()
        return self.decode(latents, np.arange(count))


def _interpolation(space: _Space, folder: Path, rng: np.random.Generator) -> Any:
    pairs = max(8, len(space.some) // 4)
    features = space.features if space.attribute_classifier.has_features else None
    path = interpolate(space.held_out, space.decode, features, rng, pairs=pairs)
    if features is None:
        pictures = reference(folder, "interpolation", path.pictures)
        return {**to_json(path), "paths": {"not_applicable": _NO_FEATURES}, "pictures": pictures}
    return {**to_json(path), "pictures": reference(folder, "interpolation", path.pictures)}


def _arithmetic(space: _Space, folder: Path, rng: np.random.Generator) -> Any:
    added = add_attributes(
        *space.labelled("probe_fit"),
        space.some,
        space.attribute_classes,
        space.decode,
        space.reader,
        rng,
    )
    return [
        {**to_json(item), "pictures": reference(folder, f"arithmetic{index}", item.pictures)}
        for index, item in enumerate(added)
    ]


def _boundaries(space: _Space, folder: Path, rng: np.random.Generator) -> Any:
    edits = edit_across(
        *space.labelled("probe_fit"),
        *space.labelled("probe_test"),
        space.some,
        space.attribute_classes,
        space.decode,
        space.reader,
        rng,
    )
    return {
        "steps": list(STEPS),
        "edits": [
            {**to_json(item), "strip": reference(folder, f"boundary{index}", item.strip)}
            for index, item in enumerate(edits)
        ],
    }


def _perturbation(space: _Space, folder: Path, rng: np.random.Generator) -> Any:
    codes, decode = space.codes, space.decode
    table = perturb(
        codes.taken(space.some),
        codes.taken(space.fit).std(axis=0),
        codes.one_by_one().names,
        space.attributes,
        space.attribute_classifier.response_columns,
        decode if codes.chosen is None else with_others_kept(decode, space.some, codes.chosen),
        space.reader.respond,
        rng,
    )
    return to_json(table)


def _frechet(space: _Space, folder: Path, rng: np.random.Generator) -> Any:
    if not space.attribute_classifier.has_features:
        return {"not_applicable": _NO_FEATURES}
    places = space.data.draw("probe_test", space.distance_images, space.seed, "Frechet distance")
    real = classifier_features(space.attribute_classifier, space.data.images("probe_test", places))
    # One half of the held-out images is the reference, and as many samples as the other half are held against it.
    samples = space.samples(len(real) // 2)
    return to_json(compare_samples(space.features(samples), real, rng))
