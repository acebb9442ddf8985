"""Draws samples of a finished run's model, in blocks: image i depends on the seed and on i alone."""

import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.execution.devices import choose_device
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.runners.work_item import Report
from latent_audit.tasks.runs.kept_results import KeptRun
from latent_audit.tasks.runs.samples.asked_values import occurs_in, parse_asked
from latent_audit.tasks.runs.samples.asking import ByName, Way, way_of
from latent_audit.tasks.runs.samples.sample_files import Drawn, SampleFiles
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.components.named_reading import named_layout, response_columns
from latent_audit.vae_models.decoder_noise import NoisyDecoder
from latent_audit.vae_models.inference import classify_images, decode_latents
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.record.model import Model as Record

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes
    from latent_audit.vae_models.model import Model

# Codes are drawn, decoded and read this many at once, always: so no other image of a run changes one.
BLOCK = 100
# Of the range of an attribute: numbers of a combination may be so far apart and count as the same.
NEARNESS = 0.05


@dataclass(frozen=True)
class SampleRequest:
    """What is to be drawn.

    model: its name, None for the first one. number: of images. asked: words as "shape=heart". noise: seed of one draw
    of decoder noise for all images, None for a draw of its own for each. form: "png" or "npz".
    """

    model: str | None
    number: int
    asked: str | None
    seed: int
    noise: int | None
    form: str


def draw_samples(kept: KeptRun, request: SampleRequest, output: Path) -> Path:
    """Writes images and codes.csv into the new folder `output` and returns it.

    Raises UsageError for what the model cannot be asked for, or where the folder cannot be used; RunUnusable where the
    store no longer holds the model.
    """
    if request.number < 1 or request.seed < 0 or (request.noise or 0) < 0:
        raise UsageError("--number must be at least 1, and --seed and --noise at least 0")
    target = _new_folder(output, kept)
    sampler = _Sampler(kept, request)
    building = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    with writing(target), ProgressDisplay() as progress:
        building.mkdir(parents=True)
        try:
            with SampleFiles(building, request.form, request.number, sampler.columns, sampler.shape) as files:
                for drawn in sampler.blocks():
                    files.add(drawn)
                    progress.moved(Report("drawing samples", files.count, request.number, {}))
            building.replace(target)  # which may be there, empty
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return target


def _new_folder(output: Path, kept: KeptRun) -> Path:
    target = output.absolute()
    if target.resolve().is_relative_to(kept.folder):
        raise UsageError(f"{named(output)} lies in the run, which is sealed: give another --output")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{named(output)} is there already: give a new or an empty folder as --output")
    return target


class _Sampler:
    """A model with everything that its samples are made and read with."""

    def __init__(self, kept: KeptRun, request: SampleRequest) -> None:
        self.request = request
        record = kept.model(request.model, None)
        data = open_prepared(kept.prepared())
        asked = parse_asked(request.asked, data.data.attributes, data.values(data.training_part))
        device = choose_device("auto")
        weights = kept.weights(record)
        if not reach_of(weights).has_decoder:
            raise UsageError(
                f"{named(record['name'])} has no decoder, so it draws no images: choose another --model"
            )
        self.model: Model = load(weights.path, device)
        self.classifier: ReadsAttributes = load_classifier(kept.classifier().path, device)
        self.device = torch.device(device)
        self.attributes = data.data.attributes
        self.shape = self.model.image_shape
        self.noisy = isinstance(self.model, NoisyDecoder)
        if request.noise is not None and not self.noisy:
            raise UsageError(
                f"--noise fixes the noise of a decoder, and that of {named(record['name'])} takes none: leave it out"
            )
        self.ways = _ways(kept, record, self.model, data, asked)
        self.asked = asked
        self.conditions = _conditions(self.model, self.attributes)
        # In the data's order: what each sample is asked for.
        self.chosen = [a for a in self.attributes if a.name in asked or a.name in self.conditions]
        columns = [self.attributes.index(attribute) for attribute in self.chosen]
        self.training = data.values(data.training_part)[:, columns]

    @property
    def columns(self) -> list[str]:
        """The header of codes.csv, after the image's name."""
        return [
            *(f"asked:{attribute.name}" for attribute in self.chosen),
            *(f"read:{attribute.name}" for attribute in self.attributes),
            "combination occurs in training",
            *(f"code:{name}" for name in self.model.dimension_names),
        ]

    def blocks(self) -> Iterator[Drawn]:
        """Yields the samples in order, a block at a time; of the last one as many as are asked for."""
        for block, some in enumerate(batches(self.request.number, BLOCK)):
            yield self._block(block).cut(some.stop - some.start)

    def _block(self, block: int) -> Drawn:
        rows = np.arange(block * BLOCK, (block + 1) * BLOCK)
        rng = np.random.default_rng([self.request.seed, block])
        generator = torch.Generator(self.device).manual_seed(int(rng.integers(2**63)))
        with torch.no_grad():
            latents = self.model.sample_latents(BLOCK, generator).float().cpu().numpy()
        for way in self.ways.values():
            latents = way.apply(latents, rng)
        asked = np.array([self._condition(attribute, latents) for attribute in self.chosen]).T
        fixed = self.request.noise
        pictures = decode_latents(
            self.model,
            latents,
            rows=rows if fixed is None else np.zeros_like(rows),
            noise_seed=self.request.seed if fixed is None else fixed,
        )
        shown = np.round(np.clip(pictures, 0.0, 1.0) * 255.0).astype(np.uint8)
        occurs = occurs_in(asked, self.chosen, self.training, NEARNESS) if self.chosen else None
        return Drawn(
            shown,
            latents,
            [
                *(_words(a, asked[:, place]) for place, a in enumerate(self.chosen)),
                *self._read(shown),
                [""] * BLOCK if occurs is None else ["yes" if yes else "no" for yes in occurs],
            ],
        )

    def _condition(self, attribute: Attribute, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        if attribute.name in self.asked:
            return np.full(len(latents), self.asked[attribute.name])
        return self.conditions[attribute.name].values(latents)

    def _read(self, pictures: NDArray[np.uint8]) -> Iterator[list[str]]:
        """Yields what the classifier reads of each attribute in the pictures as written, "" where it does not."""
        responses = classify_images(self.classifier, pictures)
        for target in self.classifier.targets:
            columns = list(self.classifier.response_columns[target.name])
            attribute = next(a for a in self.attributes if a.name == target.name)
            if target.name in self.classifier.not_read:
                yield [""] * len(pictures)
                continue
            yield _words(attribute, target.read(responses[:, columns]))


@dataclass(frozen=True)
class _Condition:
    """An attribute of which a model draws a value for each sample, and its columns of the code."""

    target: Target
    columns: tuple[int, ...]

    def values(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """Returns raw values (n,) of the codes (n, d) that samples are made from."""
        outputs = torch.from_numpy(latents[:, list(self.columns)])
        return self.target.read(self.target.responses(outputs).numpy())


def _conditions(model: "Model", attributes: tuple[Attribute, ...]) -> Mapping[str, _Condition]:
    """Returns the attributes that a model's own samples are conditioned on: of a GAN, or a VAE with a label."""
    layout = named_layout(model)
    # A VAE with an attribute head draws its named dimensions from its prior, which is no condition.
    if layout is None or getattr(model, "head", None) is not None:
        return {}
    columns = response_columns(layout)
    return {target.name: _Condition(target, columns[target.name]) for target in layout.targets}


def _ways(
    kept: KeptRun, record: Record, model: "Model", data: Prepared, asked: Mapping[str, float]
) -> dict[str, Way]:
    if not asked:
        return {}
    codes = open_codes(kept.codes(record)).of_probe_parts()
    if codes.chosen is not None:
        raise UsageError(
            f"samples of {named(record['name'])} cannot be asked for attributes: its code has "
            f"{record['latent_dim']:,} dimensions, of which {len(codes.chosen)} were audited one by one; draw samples "
            "without asking for any"
        )
    by_name = {attribute.name: attribute for attribute in data.data.attributes}
    found = {
        name: way_of(by_name[name], value, model, record, kept.audit, data, codes)
        for name, value in asked.items()
    }
    # What is named comes last: a move along another attribute's place may have touched it.
    return dict(sorted(found.items(), key=lambda item: isinstance(item[1], ByName)))


def _words(attribute: Attribute, values: NDArray[np.float64]) -> list[str]:
    if attribute.kind in ("binary", "categorical"):
        return [attribute.classes[int(value)] for value in values]
    return [f"{value:.6g}" for value in values]
