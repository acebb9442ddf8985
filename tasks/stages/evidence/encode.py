"""Encode: the posterior means of the images that evidence is made of, and the codes of two controls beside them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from latent_audit.tasks.analyses.many_dimensions.chosen import MANY_DIMENSIONS, Choice, choose_dimensions
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.used_dimensions import used_dimensions
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.storage.arrays import read_array, write_array, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of, encode_images
from latent_audit.vae_models.storage.checkpoints import load, load_untrained
from latent_audit.vocabulary.batches import batches

# Read from disk, encoded and reported at once.
IMAGES_AT_A_TIME = 10_000
# Pixels that are held as floats at once: those of large images would fill the memory.
NUMBERS_AT_A_TIME = 2**27
# Between which each dimension is exchanged, to see whether the decoder uses it.
USED_PAIRS = 128


def compute(
    folder: Path, context: StageContext, *, prepared: Artifact, trained: Artifact, pca_images: int, seed: int
) -> None:
    """Writes means, log variances and the controls' codes of both probe parts, and codes.json.

    Principal components are fitted on at most `pca_images` training images, drawn with the seed; fewer of large
    ones.
    """
    data = open_prepared(prepared)
    model = load(trained.path, context.device)
    total, done = sum(len(data.rows(part)) for part in PROBE_PARTS), 0
    for part in PROBE_PARTS:
        rows = data.rows(part)
        encoded = []
        for some in batches(len(rows), IMAGES_AT_A_TIME):
            encoded.append(encode_images(model, data.data.images[rows[some]]))
            done += some.stop - some.start
            context.report(done, total, {})
        means, log_variances = map(np.concatenate, zip(*encoded, strict=True))
        write_array(folder / f"means-{part}.npy", means)
        write_array(folder / f"log_variances-{part}.npy", log_variances)
    pixels = int(np.prod(data.data.images.shape[1:]))
    most = min(pca_images, NUMBERS_AT_A_TIME // pixels)
    drawn = data.draw(data.training_part, most, seed, "principal components")
    fit = data.images(data.training_part, drawn)
    fitted, test = (read_array(folder / f"means-{part}.npy") for part in PROBE_PARTS)
    pairs = draw_pairs(ImageGroups.of(None, len(test)), USED_PAIRS, seed)
    decode = decoder_of(model, "auto") if reach_of(trained).has_decoder else None
    chosen = choose_dimensions(fitted, decode, seed)
    used, changes = (
        used_dimensions(test, pairs, decode, model.dimension_groups, seed)
        if chosen is None
        else _of_the_whole(chosen, test.shape[1])
    )
    facts = {
        "used": used.tolist(),
        "changes": changes.tolist(),
        "chosen": None if chosen is None else chosen.dimensions.tolist(),
        "controls": _write_controls(folder, data, trained, fit, model.latent_dim, context.device),
        "names": list(model.dimension_names),
        "groups": list(model.dimension_groups),
    }
    write_json(folder / "codes.json", facts)


def _of_the_whole(chosen: Choice, count: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Returns which of `count` dimensions the decoder uses, and the change of each; of others than the chosen ones
    nothing is said.
    """
    used, changes = np.zeros(count, bool), np.zeros(count)
    used[chosen.dimensions], changes[chosen.dimensions] = chosen.used, chosen.changes
    return used, changes


def _write_controls(
    folder: Path, data: Prepared, trained: Artifact, fit: NDArray[np.uint8], latent_dim: int, device: str
) -> list[str]:
    """The same encoder before training, and principal components of pixels: what any code would know.

    Returns their names. There is no encoder before training where codes do not depend on weights. fit: images of the
    training part, which the model was trained on, too.
    """
    untrained = load_untrained(trained.path, device) if reach_of(trained).codes_by_weights else None
    count = min(latent_dim, MANY_DIMENSIONS, len(fit), int(np.prod(fit.shape[1:])))
    pca = PCA(count, svd_solver="randomized", random_state=0)
    pca.fit(_flat(fit))
    write_array(folder / "pca_components.npy", pca.components_.astype(np.float32))
    write_array(folder / "pca_mean.npy", pca.mean_.astype(np.float32))
    for part in PROBE_PARTS:
        images = data.images(part)
        if untrained is not None:
            write_array(folder / f"random_init-{part}.npy", encode_images(untrained, images)[0])
        size = min(IMAGES_AT_A_TIME, NUMBERS_AT_A_TIME // int(np.prod(images.shape[1:])))
        components = [pca.transform(_flat(images[some])) for some in batches(len(images), size)]
        write_array(folder / f"pca-{part}.npy", np.concatenate(components).astype(np.float32))
    return ["random_init", "pca"] if untrained is not None else ["pca"]


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
