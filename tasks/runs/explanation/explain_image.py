"""Explains one image with a model of a finished run: everything that the page of `latent-audit explain` says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.reports.page.number_text import estimate_text
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.runs.explanation.code_beside_others import code_beside_others
from latent_audit.tasks.runs.explanation.discriminator import decision
from latent_audit.tasks.runs.explanation.given_image import OpenedImage, open_image, picture_of
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel, open_shared
from latent_audit.tasks.runs.explanation.other_answers import other_answers
from latent_audit.tasks.runs.explanation.other_seeds import other_seeds
from latent_audit.tasks.runs.explanation.pixel_maps import pixel_maps
from latent_audit.tasks.runs.explanation.questions import Question, answer, questions_of
from latent_audit.tasks.runs.explanation.rarity import labels_of, nearest_training_images, unusual_figures
from latent_audit.tasks.runs.explanation.shapley_of_code import shapley_of_code
from latent_audit.tasks.runs.explanation.sizes import Sizes
from latent_audit.tasks.runs.kept_results import KeptRun
from latent_audit.tasks.runs.samples.asking import place_in
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.image_explanation import (
    FORMAT,
    AttributeSaid,
    ImageExplanation,
    Remark,
    Subject,
)
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.verdicts import STRENGTH


@dataclass(frozen=True)
class ExplainRequest:
    """What is to be explained.

    image: a file, a file name of the data, or a row number. model, seed: None for the first model and the lead seed.
    attribute: None for all that the classifier may judge. against: another image, whose code absent players take; None
    for held-out codes. method: of pixel maps.
    """

    image: str
    model: str | None
    seed: int | None
    attribute: str | None
    against: str | None
    method: str


def explain_image(kept: KeptRun, request: ExplainRequest, sizes: Sizes | None = None) -> ImageExplanation:
    """Returns everything that is said of an image.

    Raises UsageError for what the run does not have or cannot be read, RunUnusable where the store does not hold it.
    """
    return _Explanation(kept, request, sizes or Sizes()).made()


class _Explanation:
    """The work on one image, in the order of the page."""

    def __init__(self, kept: KeptRun, request: ExplainRequest, sizes: Sizes) -> None:
        self.kept, self.request, self.sizes = kept, request, sizes
        record = kept.model(request.model, request.seed)
        _refuse_brought_classifier(kept)
        self.shared = open_shared(kept)
        self.image = self._open(request.image)
        self.opened = OpenedModel(kept, record, self.shared)
        self.code: NDArray[np.float32] = self.opened.encode(self.image.pixels[None])[0]
        self.rebuilt = self.opened.decode(self.code[None])
        self.of_image, self.of_rebuilt = (
            self.opened.outputs(pictures)[0] for pictures in (self.image.pixels[None], self.rebuilt)
        )
        classifier = self.opened.classifier
        self.every = questions_of(
            self.opened.data.data.attributes,
            classifier.targets,
            classifier.response_columns,
            self.of_rebuilt,
        )
        self.not_readable = _not_readable(self.opened)
        self.asked = self._asked(request.attribute)

    def made(self) -> ImageExplanation:
        """Returns the whole explanation."""
        opened, sizes, seed = self.opened, self.sizes, self.kept.seed
        said = self._answers()
        maps, lacking_maps = pixel_maps(
            opened, self.image.pixels, self.asked, self.request.method, sizes, seed
        )
        seeds, lacking_seeds = other_seeds(opened, self.shared, self.image.pixels, self.of_image, self.every)
        audit, record = self.kept.audit, opened.record
        return ImageExplanation(
            format=FORMAT,
            subject=Subject(
                run_id=self.kept.folder.name,
                title=audit["subject"]["title"],
                manifest_sha256=self.kept.verified.manifest_sha256,
                model=record["name"],
                kind=record["kind"],
                seed=record["seed"],
            ),
            about=self._about(said),
            image=self.image.shown,
            unusual=unusual_figures(opened, self.image, self.code, self.rebuilt, sizes, seed),
            unusual_beyond=sizes.unusual_percentile,
            rebuilt=picture_of(self.rebuilt[0]),
            said=said,
            code=code_beside_others(opened, self.code),
            unused_dimensions=int((~opened.used).sum()),
            discriminator=decision(opened, self.code, sizes, seed),
            shapley=shapley_of_code(opened, self.code, self.asked, self._absent(), sizes, seed),
            maps=maps,
            neighbours=nearest_training_images(opened, self.image, sizes, seed),
            moves=other_answers(opened, self.code, self.of_image, self.asked, sizes, seed),
            seeds=seeds,
            lacking=[*self._lacking(), *lacking_maps, *lacking_seeds],
        )

    def _open(self, words: str) -> OpenedImage:
        settings = self.kept.audit["settings"]["data"]
        return open_image(words, self.shared.data, settings, self.kept.seed, self.sizes.reference_images)

    def _asked(self, attribute: str | None) -> list[Question]:
        names = [question.attribute.name for question in self.every]
        if attribute is not None and attribute not in names:
            raise UsageError(
                f"the data have no attribute {named(attribute)!r}; they have {', '.join(map(named, names))}"
            )
        return [
            question
            for question in self.every
            if question.attribute.name not in self.not_readable
            and attribute in (None, question.attribute.name)
        ]

    def _absent(self) -> NDArray[np.float32]:
        """Returns the codes (m, d) whose values absent players take."""
        if self.request.against is not None:
            return self.opened.encode(self._open(self.request.against).pixels[None])
        places = self.opened.data.draw(
            "probe_test", self.sizes.absent_codes, self.kept.seed, "absent players"
        )
        return np.asarray(self.opened.codes.of("probe_test")[places])

    def _answers(self) -> list[AttributeSaid]:
        scores = recorded(self.kept.audit["classifier"])
        rows = []
        for question, label in zip(self.every, labels_of(self.opened, self.image.row), strict=True):
            name, columns = question.attribute.name, list(question.columns)
            place = place_in(self.kept.audit, self.opened.record, name)
            before = Question(question.attribute, question.target, question.columns, self.of_image[columns])
            score = (
                next((row for row in scores["scores"] if row["attribute"] == name), None) if scores else None
            )
            rows.append(
                AttributeSaid(
                    attribute=name,
                    kind=question.attribute.kind,
                    label=label,
                    of_image=answer(question.attribute, question.target, before.outputs),
                    of_rebuilt=answer(question.attribute, question.target, question.outputs),
                    same=not before.differs(question.outputs),
                    score="" if score is None else f"{score['statistic']} {estimate_text(score['estimate'])}",
                    not_readable=self.not_readable.get(name),
                    verdict=None if place is None else place["verdict"],
                    rung=None if place is None else place["rung"],
                )
            )
        return rows

    def _about(self, said: Sequence[AttributeSaid]) -> str:
        """Returns the attribute that the first sentence is about: the one asked for, else that of the best verdict."""
        if self.request.attribute is not None:
            return self.request.attribute
        readable = [row for row in said if row["not_readable"] is None] or list(said)
        return max(readable, key=lambda row: STRENGTH[row["verdict"]] if row["verdict"] else -1)["attribute"]

    def _lacking(self) -> list[Remark]:
        found = []
        if self.opened.record["kind"] != "interpretable_gan":
            found.append(Remark(key="explain.lacking.discriminator", values={}))
        if not self.opened.reach.decoder_gradients:
            found.append(Remark(key="explain.lacking.decoder_gradients", values={}))
        if not self.opened.noisy:
            found.append(Remark(key="explain.lacking.noise", values={}))
        return found


def _refuse_brought_classifier(kept: KeptRun) -> None:
    """Raises UsageError where the classifier is not one of ours: its log-odds and gradients explain."""
    classifier = recorded(kept.audit["classifier"])
    if classifier is not None and "origin" in classifier:
        raise UsageError(
            "an explanation follows the log-odds and gradients of a classifier of ours, and this run was judged by one "
            "that was brought: run the audit without `classifier.entrypoint`, and explain an image of that run"
        )


def _not_readable(opened: OpenedModel) -> dict[str, str]:
    """Returns the attributes that the classifier may not judge in this model's pictures, with the reason."""
    audit = opened.kept.audit
    found = {row["attribute"]: row["reason"] for row in audit.get("auditability", ()) if not row["auditable"]}
    part = recorded(opened.record["intervention"])
    for gate in part["gates"] if part else ():
        if gate["status"] != "passed":
            found.setdefault(gate["attribute"], gate["reason"] or "")
    return found
