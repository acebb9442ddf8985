"""The smallest moves of a code to other answers, along an attribute's place and over all dimensions."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.tasks.analyses.one_image.code_space import CodeSpace, code_space
from latent_audit.tasks.analyses.one_image.smallest_move import SmallestMove, smallest_move
from latent_audit.tasks.analyses.places.evidence import DIRECTION, RUNGS
from latent_audit.tasks.runs.explanation.given_image import picture_of
from latent_audit.tasks.runs.explanation.opened_model import OWN_ROW, OpenedModel
from latent_audit.tasks.runs.explanation.questions import OtherAnswer, Question, answer
from latent_audit.tasks.runs.explanation.sizes import Sizes
from latent_audit.tasks.runs.places_of_a_model import direction_swap
from latent_audit.tasks.runs.samples.asking import GOOD_ENOUGH, place_in
from latent_audit.vocabulary.image_explanation import AlongWord, Move, OutcomeWord


def other_answers(
    opened: OpenedModel,
    code: NDArray[np.float32],
    of_image: NDArray[np.float32],
    questions: Sequence[Question],
    sizes: Sizes,
    seed: int,
) -> list[Move]:
    """Returns the smallest moves to every other answer; code (d,), of_image (R,) the outputs for the image itself."""
    space = code_space(
        np.asarray(opened.codes.of("probe_fit")),
        np.asarray(opened.codes.of("probe_test")),
        opened.used,
        sizes.plausible_quantile,
    )
    rows: list[Move] = []
    for question in questions:
        basis = _place(opened, question)
        is_rebuilt = not question.differs(of_image[list(question.columns)])
        for other in question.others():
            for along in ("place", "code"):
                one = _One(opened, code, space, other, sizes, seed)
                if not is_rebuilt:
                    rows.append(one.without(along, "not_rebuilt"))
                elif along == "place" and basis is None:
                    rows.append(one.without(along, "no_place"))
                else:
                    rows.append(one.smallest_move(along, basis if along == "place" else None))
    return rows


class _One:
    """The search for one other answer."""

    def __init__(
        self,
        opened: OpenedModel,
        code: NDArray[np.float32],
        space: CodeSpace,
        other: OtherAnswer,
        sizes: Sizes,
        seed: int,
    ) -> None:
        self._opened, self._code, self._space = opened, code.astype(np.float64), space
        self._other, self._sizes = other, sizes
        self._rng = np.random.default_rng([seed, 33])

    def without(self, along: AlongWord, outcome: OutcomeWord) -> Move:
        """Returns a row that says why there is no move."""
        return self._row(along, outcome, None, None)

    def smallest_move(self, along: AlongWord, basis: NDArray[np.float64] | None) -> Move:
        """Returns the smallest move in the span of a basis (d, k), or over all dimensions, and whether it holds."""
        reach = self._opened.reach
        found = smallest_move(
            self._margin,
            self._code,
            self._space,
            self._rng,
            basis=basis,
            has_gradient=reach.decoder_gradients,
        )
        if found is None:
            is_line = basis is not None and self._space.within(basis).shape[1] == 1
            outcome: OutcomeWord = "none" if is_line or reach.decoder_gradients else "no_gradient"
            return self._row(along, outcome, None, None)
        held = self._held(found)
        return self._row(along, "found" if held >= self._sizes.holds_in else "fools", found, held)

    def _margin(self, codes: Tensor) -> Tensor:
        return self._other.margin(self._opened.outputs_of_codes(codes).float().cpu())

    def _held(self, found: SmallestMove) -> int:
        """Returns in how many draws of noise, or of slightly disturbed pictures, the answer is the other one.

        Where the move ends the answer turns, so it is tested a little further along.
        """
        moved = (self._code + (1.0 + self._sizes.beyond) * found.change).astype(np.float32)[None]
        draws = range(1, self._sizes.draws + 1)
        if self._opened.noisy:
            pictures = np.concatenate([self._opened.decode(moved, OWN_ROW + draw) for draw in draws])
        else:
            picture = self._opened.decode(moved)
            noise = self._rng.normal(0.0, self._sizes.disturbance, (len(draws), *picture.shape[1:]))
            pictures = np.clip(picture + noise.astype(np.float32), 0.0, 1.0)
        with torch.no_grad():
            margins = self._other.margin(torch.from_numpy(self._opened.outputs(pictures)))
        return int((margins >= 0).sum())

    def _row(
        self, along: AlongWord, outcome: OutcomeWord, found: SmallestMove | None, held: int | None
    ) -> Move:
        question = self._other.question
        picture = None if found is None else self._opened.decode(found.code.astype(np.float32)[None])[0]
        said = None
        if picture is not None:
            outputs = self._opened.outputs(picture[None])[0, list(question.columns)]
            said = answer(question.attribute, question.target, outputs)["shown"]
        return Move(
            attribute=question.attribute.name,
            target=self._other.shown,
            along=along,
            outcome=outcome,
            length=None if found is None else found.length,
            held=held,
            draws=self._sizes.draws,
            answer=said,
            picture=None if picture is None else picture_of(picture),
        )


def _place(opened: OpenedModel, question: Question) -> NDArray[np.float64] | None:
    """Returns the basis (d, k) of an attribute's place, None where there is none that is at least partly supported."""
    place = place_in(opened.kept.audit, opened.record, question.attribute.name)
    if place is None or place["verdict"] not in GOOD_ENOUGH or place["rung"] not in RUNGS:
        return None
    if place["rung"] == DIRECTION:
        swap = direction_swap(
            question.attribute, opened.kept.audit, opened.data, opened.codes.of_probe_parts()
        )
        basis = np.zeros((len(opened.used), swap.pattern.shape[1]))
        basis[swap.scaling.live] = swap.pattern * swap.scaling.spread[swap.scaling.live][:, None]
        return basis
    members = [member["dimension"] for member in place["members"]]
    return np.eye(len(opened.used))[:, members]
