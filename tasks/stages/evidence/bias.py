"""Bias: errors, effects and decisions by subgroups of protected attributes, and each attribute erased from the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.absence.measure import AbsenceSizes, CodeAndValues
from latent_audit.tasks.analyses.absence.reconstructions import Drawn, measure_drawn
from latent_audit.tasks.analyses.bias.erased import erased_from, eraser_of, probe_choices, readable
from latent_audit.tasks.analyses.bias.erasure import Eraser
from latent_audit.tasks.analyses.bias.fairness import Decision, ReaderName, decisions
from latent_audit.tasks.analyses.bias.subgroups import (
    FEWEST_IMAGES,
    GroupErrors,
    Subgroups,
    classifier_errors,
    errors_by_group,
    subgroups_of,
)
from latent_audit.tasks.analyses.checks import subgroups as effects_by_group
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.places.evidence import DIRECTION
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.evidence.places import measure_places
from latent_audit.tasks.stages.inputs.codes import ProbeCodes, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.stages.inputs.responses import open_responses
from latent_audit.tasks.storage.arrays import read_json, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.inference import classify_images, decoder_of
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.reasons import Reason, reason, reason_in

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes

Plain = Mapping[str, Any]
NO_DECODER = {"not_applicable": reason("intervention.no_decoder")}


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    classifier: Artifact,
    intervened: Artifact,
    located: Artifact,
    protected: Sequence[str],
    permutations: int,
    bootstraps: int,
    probe_images: int,
    interchange_pairs: int,
    boosting_images: int,
    boosting_iterations: int,
    thresholds: Thresholds,
    name: str,
    seed: int,
) -> None:
    """Writes bias.json as audit.json holds it: a row for each protected attribute that was not set aside.

    Codes and readings are of at most `probe_images` images of either probe part, drawn once for all rows.
    """
    data = open_prepared(prepared)
    decodes = reach_of(trained).has_decoder
    model = load(trained.path, context.device)
    measured = _Measured(
        data,
        open_codes(encoded).of_probe_parts(),
        load_classifier(classifier.path, context.device),
        decoder_of(model, "auto") if decodes else None,
        read_json(intervened.path / "intervention.json"),
        thresholds,
        Sizes(
            probe_images, interchange_pairs, permutations, bootstraps, boosting_iterations, boosting_images
        ),
        AbsenceSizes(permutations, bootstraps, boosting_images, boosting_iterations),
        data.draw("probe_fit", probe_images, seed, "bias", every_class=True),
        data.draw("probe_test", probe_images, seed, "bias", every_class=True),
        seed,
    )
    places = read_json(located.path / "places.json")["attributes"]
    known = [attribute.name for attribute in data.data.attributes]
    rows = []
    for attribute in protected:
        if attribute not in known:
            continue  # set aside: too few images of a class to say anything of it
        row = measured.row(attribute, places)
        effects = _effects(data, intervened, name, attribute, seed) if decodes else ()
        rows.append({**row, "effects": to_json(effects)})
    write_json(folder / "bias.json", rows)


def _effects(
    data: Prepared, intervened: Artifact, name: str, protected: str, seed: int
) -> tuple[effects_by_group.SubgroupEffects, ...]:
    """Returns the effects of claimed dimensions by subgroup, of images of interventions."""
    responses = open_responses(intervened)
    return effects_by_group.compute(
        name,
        data.data.attributes,
        data.audited().values("probe_test")[responses.rows],
        responses.claims,
        responses.of_dimension,
        responses.columns,
        protected,
        seed,
        fewest=FEWEST_IMAGES,
    )


@dataclass(frozen=True)
class _Measured:
    """What all rows are measured of; fitted, scored: places of the images in probe_fit and probe_test."""

    data: Prepared
    codes: ProbeCodes
    attribute_classifier: "ReadsAttributes"
    decode: Decode | None
    intervention: Plain
    thresholds: Thresholds
    sizes: Sizes
    absence_sizes: AbsenceSizes
    fitted: NDArray[np.int64]
    scored: NDArray[np.int64]
    seed: int

    def row(self, protected: str, places: Sequence[Plain]) -> dict[str, Any]:
        """Returns one row; places: of the code as it is, as they stand in audit.json."""
        data, k = self.data, [a.name for a in self.data.data.attributes].index(protected)
        subgroups = subgroups_of(data.data.attributes[k], data.values("probe_test", self.scored)[:, k])
        code = self._code
        eraser = eraser_of(code, protected)
        keeps_some = eraser.rank < int((code.fit_codes.std(axis=0) > 0.0).sum())
        erased = erased_from(code, eraser) if keeps_some else None
        errors = self._reading_errors(subgroups) if subgroups.kept else []
        return {
            "protected": protected,
            "groups": [
                {"group": group, "n": n, "too_few": n < FEWEST_IMAGES} for group, n in subgroups.sizes.items()
            ],
            "errors": to_json(errors),
            "reconstruction": to_json(self._reconstruction_errors(subgroups)),
            "decisions": to_json(self._decisions(protected, subgroups, erased)),
            "remedy": self._remedy(protected, places, erased, eraser)
            if erased is not None
            else {"not_applicable": reason("erasure_takes_all", attribute=protected)},
        }

    @cached_property
    def _code(self) -> CodeAndValues:
        return CodeAndValues(
            self.data.data.attributes,
            self.codes.fit[self.fitted],
            self.data.values("probe_fit", self.fitted),
            self.codes.test[self.scored],
            self.data.values("probe_test", self.scored),
            self.data.image_groups("probe_fit", self.fitted),
            self.data.image_groups("probe_test", self.scored),
        )

    @cached_property
    def _images(self) -> ImageGroups:
        return self.data.image_groups("probe_test", self.scored) or ImageGroups.of(None, len(self.scored))

    @cached_property
    def _read(self) -> list[int]:
        """The columns of the attributes that the classifier reads."""
        names = [attribute.name for attribute in self.data.data.attributes]
        return self.attribute_classifier.columns_read(names)

    @cached_property
    def _responses(self) -> NDArray[np.float32]:
        return classify_images(self.attribute_classifier, self.data.images("probe_test", self.scored))

    def _reading_errors(self, subgroups: Subgroups) -> list[GroupErrors]:
        return classifier_errors(
            [self.data.data.attributes[k] for k in self._read],
            self.data.values("probe_test", self.scored)[:, self._read],
            self._responses,
            self.attribute_classifier.response_columns,
            scales_of(self.attribute_classifier.targets),
            subgroups,
            self._images,
            self.sizes.bootstraps,
            self.seed,
        )

    def _read_classes(self, columns: Sequence[int]) -> NDArray[np.float64]:
        """Returns the classes (m, columns) that the classifier gives the images."""
        responses, judge = self._responses, self.attribute_classifier
        targets = {target.name: target for target in judge.targets}
        names = [self.data.data.attributes[k].name for k in columns]
        read = [targets[name].read(responses[:, list(judge.response_columns[name])]) for name in names]
        return np.stack(read, axis=1) if read else np.zeros((len(responses), 0))

    def _reconstruction_errors(self, subgroups: Subgroups) -> GroupErrors | Plain | None:
        """Returns the squared error of reconstructions by subgroup; None where no subgroup has enough images."""
        if self.decode is None:
            return NO_DECODER
        if not subgroups.kept:
            return None
        return errors_by_group(
            None,
            "mean squared error",
            self._squared_errors,
            subgroups,
            self._images,
            self.sizes.bootstraps,
            self.seed,
        )

    @cached_property
    def _squared_errors(self) -> NDArray[np.float64]:
        """The mean squared error (m,) of each image's reconstruction."""
        assert self.decode is not None
        pictures = self.decode(self.codes.test[self.scored], self.scored)
        real = self.data.images("probe_test", self.scored).astype(np.float32) / 255.0
        return np.asarray(((pictures - real) ** 2).mean(axis=(1, 2, 3)), np.float64)

    def _decisions(
        self, protected: str, subgroups: Subgroups, erased: CodeAndValues | None
    ) -> list[Decision]:
        """Returns the decisions on every other attribute with classes: of the classifier, and of linear probes."""
        code = self._code
        columns = [
            k
            for k, attribute in enumerate(code.attributes)
            if attribute.kind in ("binary", "categorical") and attribute.name != protected
        ]
        read = [k for k in columns if k in self._read]
        given: dict[ReaderName, tuple[list[int], NDArray[np.float64]]] = {
            "classifier": (read, self._read_classes(read)),
            "probe": (columns, probe_choices(code, columns)),
        }
        if erased is not None:
            given["probe_erased"] = (columns, probe_choices(erased, columns))
        return [
            row
            for reader, (judged, chosen) in given.items()
            for row in decisions(
                reader,
                [code.attributes[k] for k in judged],
                code.test_values[:, judged],
                chosen,
                subgroups,
                self._images,
                self.sizes.bootstraps,
                self.seed,
            )
        ]

    def _remedy(
        self,
        protected: str,
        places: Sequence[Plain],
        erased: CodeAndValues,
        eraser: Eraser,
    ) -> dict[str, Any]:
        """Returns what is read, drawn and kept before and after the attribute is erased."""
        code, absent_max = self._code, self.thresholds.absent_max
        codes = replace(self.codes, fit=eraser.apply(self.codes.fit), test=eraser.apply(self.codes.test))
        after = measure_places(
            self.data,
            self.attribute_classifier,
            codes,
            self.decode,
            self._why_not(),
            (),
            self.thresholds,
            self.sizes,
            self.seed,
        )
        return {
            "rank": eraser.rank,
            "before": to_json(readable(code, protected, absent_max, self.absence_sizes, self.seed)),
            "after": to_json(readable(erased, protected, absent_max, self.absence_sizes, self.seed)),
            "drawn_before": self._drawn(protected, code),
            "drawn_after": self._drawn(protected, erased),
            "others": _others(protected, places, to_json(after.attributes)),
        }

    def _why_not(self) -> list[Reason | None]:
        """Returns why the classifier may not judge each attribute in this model's images, None where it may."""
        if self.decode is None:
            return [reason_in(self.intervention, "not_applicable")] * len(self.data.data.attributes)
        gates = self.intervention["gates"]
        return [None if gate["status"] == "passed" else reason_in(gate) for gate in gates]

    def _drawn(self, protected: str, code: CodeAndValues) -> Any:
        """Returns what readers of decoded codes tell of the attribute."""
        if self.decode is None:
            return NO_DECODER
        found: list[Drawn] = measure_drawn(
            code.attributes,
            [protected],
            self.decode(code.fit_codes, self.fitted),
            code.fit_values,
            self.decode(code.test_codes, self.scored),
            code.test_values,
            self.absence_sizes,
            self.seed,
            code.test_groups,
        )
        return to_json(found[0])


def _others(protected: str, before: Sequence[Plain], after: Sequence[Plain]) -> list[dict[str, Any]]:
    """Returns, of every other attribute, U of the whole code and the cause of its direction, before and after."""

    def figures(place: Plain) -> tuple[Plain, Plain | None]:
        swaps = [row["swapped"] for row in place["rungs"] if row["rung"] == DIRECTION and row["swapped"]]
        return place["whole_code"]["uncertainty"], swaps[0]["causes"][0]["estimate"] if swaps else None

    rows = []
    for old, new in zip(before, after, strict=True):
        if old["attribute"] != protected:
            (u, cause), (u_after, cause_after) = figures(old), figures(new)
            rows.append(
                {
                    "attribute": old["attribute"],
                    "uncertainty": {"before": u, "after": u_after},
                    "cause": {"before": cause, "after": cause_after},
                }
            )
    return rows
