"""Show: what the report lets a reader look at and try: places as frames, controls of the code, and the decoder."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from latent_audit.tasks.analyses.latent_space.code_controls import (
    QUANTILES,
    Control,
    attribute_control,
    dimension_control,
    group_control,
)
from latent_audit.tasks.analyses.latent_space.place_frames import (
    PlaceFrames,
    along_control,
    effect_of,
    with_donors,
)
from latent_audit.tasks.analyses.latent_space.traversal import default_anchors, to_uint8
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import Codes, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.storage.arrays import read_array, read_json, reference, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.components.plain_layers import HasPlainDecoder, NoPlainForm, rounded
from latent_audit.vae_models.inference import classify_images, decode_latents, decoder_of
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load, load_classifier

# Positions of a control at which the classifier's readings are shown.
READ_AT = 9
# Half precision may change a pixel by so much of 255.
LARGEST_DIFFERENCE = 1.0

Floats = NDArray[np.float64]


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    classifier: Artifact,
    located: Artifact,
    fitness: Artifact,
    intervention_images: int,
    bootstraps: int,
    start_images: int,
    compared_codes: int,
    decoder: str,
    seed: int,
) -> None:
    """Writes frames.json, the pictures of places, and decoder.json, the decoder with its controls, with arrays.

    decoder: "embed", "strips" or "none"; the decoder's weights are written for the first alone.
    """
    work = _Work(
        context, prepared, trained, encoded, classifier, located, intervention_images, bootstraps, seed
    )
    write_json(folder / "frames.json", work.frames(folder))
    if decoder == "embed":
        write_json(folder / "decoder.json", work.decoder(folder, fitness, start_images, compared_codes))


class _Work:
    """One model, its codes, and what its pictures are read by."""

    def __init__(
        self,
        context: StageContext,
        prepared: Artifact,
        trained: Artifact,
        encoded: Artifact,
        classifier: Artifact,
        located: Artifact,
        images: int,
        resamples: int,
        seed: int,
    ) -> None:
        self.data: Prepared = open_prepared(prepared)
        self.whole: Codes = open_codes(encoded)
        self.codes = self.whole.one_by_one()
        self.model: Model = load(trained.path, context.device)
        self.classifier = load_classifier(classifier.path, context.device)
        self.places = {row["attribute"]: row for row in read_json(located.path / "places.json")["attributes"]}
        self.lines = read_json(located.path / "lines.json")
        self.filters, self.patterns = (read_array(located.path / f"{n}.npy") for n in ("filters", "patterns"))
        self.resamples, self.seed = resamples, seed
        self.test = np.asarray(self.codes.of("probe_test"))
        self.values = self.data.values("probe_test")
        self.sampled = self.data.draw("probe_test", images, seed, "effects of places")
        self.decode = partial(decode_latents, self.model)
        self.targets = {target.name: target for target in self.classifier.targets}

    def read(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the classifier's readings (n, columns) of decoded codes (n, d)."""
        return classify_images(self.classifier, self.decode(codes))

    def frames(self, folder: Path) -> dict[str, Any]:
        """Returns `frames` of audit.json; its sheet starts with the image itself and its reconstruction."""
        anchor = default_anchors(self.test, np.random.default_rng(self.seed), others=0)[0]
        base = self.test[anchor]
        found: list[PlaceFrames] = []
        for column, attribute in enumerate(self.data.data.attributes):
            for rung in self.places[attribute.name]["rungs"]:
                found += self._of_rung(attribute, column, rung, base)
        codes = np.concatenate([base[None], *(place.codes for place in found)])
        original = self.data.images("probe_test", np.array([anchor]))
        sheet = np.concatenate([original, to_uint8(self._decoded(codes, anchor))])
        first, rows = 2, []
        for place in found:
            rows.append({**to_json(place), "first": first})
            first += len(place.codes)
        return {**self._named(anchor), "sheet": reference(folder, "frames", sheet), "places": rows}

    def _of_rung(
        self, attribute: Attribute, column: int, rung: Mapping[str, Any], base: NDArray[np.float32]
    ) -> list[PlaceFrames]:
        codes, values = self._having(column)
        dimensions = [member["dimension"] for member in rung["members"]]
        if rung["rung"] == "block":
            return [with_donors(attribute, dimensions, base, codes, values)]
        if rung["rung"] == "dimension":
            control = group_control(attribute, dimensions, codes, values)
            controls: list[tuple[Sequence[str], Control]] = [] if control is None else [((), control)]
        else:
            controls = self._along_lines(attribute, dimensions, codes, values)
        return [
            along_control(attribute, rung["rung"], held, one, base, self._effect(attribute, one))
            for held, one in controls
        ]

    def _having(self, column: int) -> tuple[NDArray[np.float32], Floats]:
        """Returns the codes (n, d) of the held-out images that have an attribute, and their values (n,) of it."""
        known = ~np.isnan(self.values[:, column])
        return self.test[known], self.values[known, column]

    def _along_lines(
        self,
        attribute: Attribute,
        dimensions: Sequence[int],
        codes: NDArray[np.float32],
        values: Floats,
    ) -> list[tuple[Sequence[str], Control]]:
        found = []
        for line in self.lines:
            if line["attribute"] == attribute.name:
                columns = slice(*line["columns"])
                control = attribute_control(
                    attribute,
                    dimensions,
                    np.asarray(self.filters[:, columns]),
                    np.asarray(self.patterns[:, columns]),
                    codes,
                    values,
                )
                if control is not None:
                    found.append((line["held"], control))
        return found

    def _effect(self, attribute: Attribute, control: Control) -> Any:
        if not self.places[attribute.name]["testable"]:
            return None
        columns = self.classifier.response_columns[attribute.name]
        scale = self.targets[attribute.name].std
        return effect_of(
            attribute,
            control,
            columns,
            scale,
            self.test[self.sampled],
            self._read_sampled,
            self.resamples,
            self.seed,
        )

    def _read_sampled(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns readings of codes of the sampled images, each decoded with the noise of its row."""
        decode = self.whole.decoder(decoder_of(self.model))
        return classify_images(self.classifier, decode(codes, self.sampled))

    def _decoded(self, codes: NDArray[np.float32], anchor: int) -> NDArray[np.float32]:
        """Returns the pictures of codes (n, d) that are made of one image's."""
        if self.whole.chosen is None:
            return self.decode(codes)
        return self.whole.decoder(decoder_of(self.model))(codes, np.full(len(codes), anchor))

    def _named(self, place: int) -> dict[str, Any]:
        row = int(self.data.rows("probe_test")[place])
        names = self.data.data.file_names
        return {"image": row, "file": None if names is None else names[row]}

    def decoder(self, folder: Path, fitness: Artifact, starts: int, compared: int) -> dict[str, Any]:
        """Returns `decoder` of audit.json, or the reason why it is not there."""
        model = self.model
        if self.whole.chosen is not None:
            return {"not_applicable": "the code has too many dimensions for a control of each"}
        if not isinstance(model, HasPlainDecoder):
            return {"not_applicable": "the decoder was made elsewhere, and has no plain form"}
        try:
            plain = model.plain_decoder()
        except NoPlainForm as error:
            return {"not_applicable": f"the decoder has a layer without a plain form: {error}"}
        assert isinstance(model, nn.Module)
        tried = self.test[self.data.draw("probe_test", compared, self.seed, "decoder in 12 bits")]
        in_12_bits: Any = rounded(model)
        difference = 255.0 * float(np.abs(decode_latents(in_12_bits, tried) - self.decode(tried)).max())
        if difference > LARGEST_DIFFERENCE:
            return {
                "not_applicable": f"with weights of 12 bits its images differ by up to {difference:.2g} of 255"
            }
        controls = self._controls(fitness)
        drawn = self.data.draw("probe_test", starts, self.seed, "images to start from")
        middle = default_anchors(self.test, np.random.default_rng(self.seed), others=0)[0]
        first = np.concatenate([[middle], drawn[drawn != middle]])
        mean, spread = self.test.mean(axis=0), np.maximum(self.test.std(axis=0), 1e-6)
        usual = (((self.test - mean) / spread) ** 2).mean(axis=1)
        return {
            "layers": plain.layers,
            "weights": reference(folder, "decoder", plain.packed_weights()),
            "tensors": [
                {"size": size, "step": step} for size, step in zip(plain.sizes(), plain.steps(), strict=True)
            ],
            "largest_difference": difference,
            "compared": reference(folder, "decoder_codes", tried),
            "starts": [self._named(int(place)) for place in first],
            "images": reference(folder, "decoder_starts", self.data.images("probe_test", first)),
            "codes": reference(folder, "decoder_start_codes", self.test[first]),
            "mean": to_json(mean),
            "spread": to_json(spread),
            "usual": to_json(np.quantile(usual, np.linspace(0.0, 1.0, 101))),
            "controls": [_plain(control) for control in controls],
            "readings": reference(folder, "decoder_readings", self._readings(controls, self.test[first])),
            "read": self._read_attributes(),
        }

    def _controls(self, fitness: Artifact) -> list[Control]:
        """Returns the controls of active dimensions by KL, then those of directions and of groups of dimensions.

        A direction along one of these dimensions has no control of its own.
        """
        uses = read_json(fitness.path / "fitness.json")["dimensions"]
        active = sorted(
            (use for use in uses if use["active"]), key=lambda use: (-(use["kl_nats"] or 0.0), use["index"])
        )
        found = [dimension_control(use["name"], use["index"], self.test) for use in active]
        alone = {use["index"] for use in active}
        for column, attribute in enumerate(self.data.data.attributes):
            codes, values = self._having(column)
            for rung in self.places[attribute.name]["rungs"]:
                dimensions = [member["dimension"] for member in rung["members"]]
                if rung["rung"] == "direction" and not (len(dimensions) == 1 and dimensions[0] in alone):
                    found += [
                        control for _, control in self._along_lines(attribute, dimensions, codes, values)
                    ][:1]
                elif rung["rung"] == "dimension" and len(dimensions) > 1:
                    control = group_control(attribute, dimensions, codes, values)
                    found += [] if control is None else [control]
        return found

    def _readings(self, controls: Sequence[Control], starts: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns readings (starts, controls, READ_AT, columns) as a control with quantiles is moved."""
        columns = sum(target.size for target in self.classifier.targets)
        found = np.full((len(starts), len(controls), READ_AT, columns), np.nan, np.float32)
        places = np.linspace(0, len(QUANTILES) - 1, READ_AT).round().astype(np.int64)
        for index, control in enumerate(controls):
            if control.kind == "quantiles":
                moved = np.stack([control.moved(starts, level) for level in control.levels[places]], axis=1)
                read = self.read(moved.reshape(-1, starts.shape[1]))
                found[:, index] = read.reshape(len(starts), READ_AT, -1)
        return found

    def _read_attributes(self) -> list[dict[str, Any]]:
        """Returns, for each attribute that the classifier may judge here, its columns and how they become values."""
        found = []
        for attribute in self.data.data.attributes:
            if self.places[attribute.name]["testable"]:
                target = self.targets[attribute.name]
                columns = self.classifier.response_columns[attribute.name]
                found.append(
                    {
                        "attribute": attribute.name,
                        "columns": list(columns),
                        "mean": target.mean,
                        "std": target.std,
                        "period": target.period,
                    }
                )
        return found


def _plain(control: Control) -> dict[str, Any]:
    """Returns a control as audit.json has it; a single reading at every fourth of its quantiles."""
    step = 4 if control.kind == "quantiles" else 1
    return {
        "name": control.name,
        "dimensions": list(control.dimensions),
        "kind": control.kind,
        "filters": to_json(control.filters),
        "pattern": to_json(control.pattern),
        "levels": to_json(control.levels[::step]),
        "marks": to_json(control.marks[::step]),
    }
