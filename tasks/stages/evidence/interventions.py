"""Check C of a code: whether moving a dimension changes the attribute in the picture, if the classifier can read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks import auditability, classifier_gate, intervention
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.intervention import Intervention
from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.statistics.folds import FEWEST_IMAGES
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.stages.inputs.codes import ProbeCodes
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.inference import classify_images
from latent_audit.vocabulary.reasons import Reason, reason

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes


@dataclass(frozen=True)
class InterventionSizes:
    """Sizes of an intervention: held-out images to start from, bootstrap draws, random directions of the null.

    gate_images: most reconstructions that the classifier is tried on. null_images, untrained_images: images that
    the null's random directions, and changes in the untrained decoder, start from.
    """

    images: int
    bootstraps: int
    null_directions_per_dimension: int
    gate_images: int
    null_images: int
    untrained_images: int
    seed: int

    def rows(self, codes: ProbeCodes) -> NDArray[np.int64]:
        """Returns the places within probe_test that interventions start from, ascending."""
        return draw_rows(len(codes.test), self.images, self.seed, "interventions")


def not_readable(
    data: Prepared, classifier: Artifact, share_of_way: float
) -> Mapping[str, Mapping[str, Reason]]:
    """Returns the reason of each attribute that the classifier cannot read in real held-out images, or never reads."""
    described = [{"name": a.name, "kind": a.kind} for a in data.data.attributes]
    facts = read_json(classifier.path / "classifier.json")
    never = {name: {"reason": reason("gate.not_read", attribute=name)} for name in facts.get("not_read", ())}
    return auditability.reasons(auditability.compute(described, facts["scores"], share_of_way)) | never


def gate_reconstructions(
    data: Prepared,
    attribute_classifier: "ReadsAttributes",
    codes: ProbeCodes,
    decode: Decode,
    share_of_way: float,
    unreadable: Mapping[str, Mapping[str, Reason]],
    sizes: InterventionSizes,
) -> tuple[Gate, ...]:
    """Returns, for each attribute, whether the classifier reads what `decode` makes of held-out codes.

    Single images are counted, each with noise of its own. What is not read at all has no value: NaN.
    """
    places = data.draw("probe_test", sizes.gate_images, sizes.seed, "gate", every_class=True)
    gates = classifier_gate.compute(
        data.data.attributes,
        data.values("probe_test", places),
        classify_images(attribute_classifier, decode(codes.test[places], places), precision="auto"),
        attribute_classifier.response_columns,
        scales_of(attribute_classifier.targets),
        share_of_way=share_of_way,
        not_auditable=unreadable,
    )
    never = attribute_classifier.not_read
    return tuple(replace(gate, value=np.nan) if gate.attribute in never else gate for gate in gates)


def intervene_on(
    data: Prepared,
    attribute_classifier: "ReadsAttributes",
    codes: ProbeCodes,
    decode: Decode,
    untrained_decode: Decode | None,
    dimensions: Sequence[int],
    gates: Sequence[Gate],
    sizes: InterventionSizes,
) -> Intervention:
    """Returns check C of a code; `dimensions` are the claimed ones, one for each attribute.

    Of a large code nothing but these is moved, and `dimensions` are numbered as of `codes.one_by_one()`.
    """
    if codes.chosen is not None:
        return _of_claimed(
            data, attribute_classifier, codes, decode, untrained_decode, dimensions, gates, sizes
        )
    return intervention.compute(
        data.data.attributes,
        codes.test[sizes.rows(codes)],
        codes.fit,
        decode,
        lambda pictures: classify_images(attribute_classifier, pictures, precision="auto"),
        attribute_classifier.response_columns,
        gates,
        dimensions,
        codes.groups,
        sizes.seed,
        rows=sizes.rows(codes),
        untrained_decode=untrained_decode,
        resamples=sizes.bootstraps,
        null_images=sizes.null_images,
        untrained_images=sizes.untrained_images,
        null_directions_per_dimension=sizes.null_directions_per_dimension,
        robust={target.name for target in attribute_classifier.targets if target.is_robust},
        least_images=intervention.MIN_IMAGES if codes.folds is None else FEWEST_IMAGES,
        image_groups=data.image_groups("probe_test", sizes.rows(codes)),
    )


def _of_claimed(
    data: Prepared,
    attribute_classifier: "ReadsAttributes",
    codes: ProbeCodes,
    decode: Decode,
    untrained_decode: Decode | None,
    dimensions: Sequence[int],
    gates: Sequence[Gate],
    sizes: InterventionSizes,
) -> Intervention:
    """Returns check C of those chosen dimensions of a large code that are claimed; effects of others are NaN.

    Where the classifier may judge no attribute of a claim, one claimed dimension is moved, and nothing said of it.
    """
    assert codes.chosen is not None
    judged = [j for j, gate in zip(dimensions, gates, strict=True) if gate.status == "passed"]
    moved = sorted(set(judged)) or [dimensions[0]]
    narrow = replace(codes, chosen=codes.chosen[moved])
    found = intervene_on(
        data,
        attribute_classifier,
        narrow.one_by_one(),
        narrow.decoder(decode),
        None if untrained_decode is None else narrow.decoder(untrained_decode),
        [moved.index(j) if j in moved else 0 for j in dimensions],
        gates,
        sizes,
    )
    count = len(codes.chosen)

    def placed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.full((len(values), count), np.nan)
        whole[:, moved] = values
        return whole

    responses = np.zeros((count, *found.responses.shape[1:]), np.float32)
    responses[moved] = found.responses
    return replace(
        found,
        effect=placed(found.effect),
        effect_low=placed(found.effect_low),
        effect_high=placed(found.effect_high),
        p_adjusted=placed(found.p_adjusted),
        claims=tuple(replace(claim, dimension=j) for claim, j in zip(found.claims, dimensions, strict=True)),
        responses=responses,
    )
