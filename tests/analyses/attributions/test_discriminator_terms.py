"""A hand-built additive discriminator whose functions are known: what is shown of it equals the truth to 1e-5."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latent_audit.tasks.analyses.attributions.attribute_axes import along_number, around, over_classes
from latent_audit.tasks.analyses.attributions.discriminator_terms import DiscriminatorTerms, compute
from latent_audit.tasks.analyses.attributions.purified_terms import AdditiveModel, PurifiedTerms
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.interpretable_gan.additive_discriminator import AdditiveDiscriminator
from latent_audit.vae_models.interpretable_gan.pair_choice import Choice, ChosenPair
from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout

Floats = NDArray[np.float64]
CLASS_VALUE = np.array([0.5, -1.0, 2.0])  # of the class pair: what a class says of x
IMAGES, TOLERANCE = 300, 1e-5


def terms(codes: NDArray[np.float32]) -> Floats:
    """Of three columns of a class, x, y, cosine and sine; then x * y, and the class's value times x."""
    z = codes.astype(np.float64)
    classes, x, y, cosine, sine = z[:, :3], z[:, 3], z[:, 4], z[:, 5], z[:, 6]
    single = [
        0.3 * classes[:, 0],
        -0.2 * classes[:, 1],
        classes[:, 2] ** 2,
        np.sin(x),
        y**3,
        0.7 * cosine,
        sine**2,
    ]
    return np.stack([*single, 1.5 * (x + 0.2) * y, (classes @ CLASS_VALUE) * x], axis=1)


MODEL = AdditiveModel(
    ("shape", "x", "y", "angle"), ((0, 1, 2), (3,), (4,), (5, 6)), ((1, 2), (0, 1)), terms, 0.25
)


def codes(seed: int = 0, count: int = IMAGES) -> NDArray[np.float32]:
    """Codes whose attributes go together: x with the class, y with x."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(3, size=count)
    x = 0.5 * shape + rng.standard_normal(count)
    y = 0.4 * x + rng.standard_normal(count)
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([2 * np.eye(3)[shape] - 1, x, y, np.cos(angle), np.sin(angle)]).astype(np.float32)


def truth(z: Floats, reference: Floats) -> tuple[Floats, Floats, float]:
    """Returns the main functions (n, 4), the pairs (n, 2) and the base, by formula."""
    class_value, x, y = reference[:, :3] @ CLASS_VALUE, reference[:, 3], reference[:, 4]

    def mains(z: Floats) -> Floats:
        own = z[:, :3] @ CLASS_VALUE
        shape = 0.3 * z[:, 0] - 0.2 * z[:, 1] + z[:, 2] ** 2 + own * x.mean()
        along_x = np.sin(z[:, 3]) + 1.5 * (z[:, 3] + 0.2) * y.mean() + class_value.mean() * z[:, 3]
        along_y = z[:, 4] ** 3 + 1.5 * (x.mean() + 0.2) * z[:, 4]
        return np.stack([shape, along_x, along_y, 0.7 * z[:, 5] + z[:, 6] ** 2], axis=1)

    def pairs(z: Floats) -> Floats:
        return np.stack(
            [
                1.5 * (z[:, 3] - x.mean()) * (z[:, 4] - y.mean()),
                (z[:, :3] @ CLASS_VALUE - class_value.mean()) * (z[:, 3] - x.mean()),
            ],
            axis=1,
        )

    base = 0.25 + terms(reference.astype(np.float32)).sum(axis=1).mean()
    return mains(z) - mains(reference).mean(axis=0), pairs(z) - pairs(reference).mean(axis=0), float(base)


@pytest.fixture(scope="module")
def purified() -> PurifiedTerms:
    return PurifiedTerms(MODEL, codes())


@pytest.fixture(scope="module")
def found(purified: PurifiedTerms) -> DiscriminatorTerms:
    axes = (
        over_classes("shape", ("a", "b", "c"), (2 * np.eye(3) - 1).astype(np.float32)),
        along_number("x", codes()[:, 3].astype(float), 10.0, 2.0),
        along_number("y", codes()[:, 4].astype(float), 0.0, 1.0),
        around("angle", 360.0),
    )
    logits = MODEL.bias + terms(codes()).sum(axis=1)
    return compute(
        purified,
        axes,
        codes(1, 50),
        logits,
        [(0.02, 0.004), (0.01, 0.002)],
        (6, 300),
        np.random.default_rng(0),
    )


def test_terms_equal_the_truth_and_add_up_to_the_same_decision(purified: PurifiedTerms) -> None:
    for z in (codes(), codes(3, 40)):
        mains, pairs, base = truth(z.astype(float), codes().astype(float))
        made = purified.of(z)
        np.testing.assert_allclose(made[:, :4], mains, atol=TOLERANCE)
        np.testing.assert_allclose(made[:, 4:], pairs, atol=TOLERANCE)
        assert purified.base == pytest.approx(base, abs=TOLERANCE)
        np.testing.assert_allclose(
            purified.base + made.sum(axis=1), MODEL.bias + terms(z).sum(axis=1), atol=TOLERANCE
        )
    assert purified.of(codes()).mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-9)
    assert purified.names == ("shape", "x", "y", "angle", "x × y", "shape × x")


def test_a_pair_has_nothing_left_that_one_attribute_says_alone(purified: PurifiedTerms) -> None:
    """Its mean over the other attribute's values is the same everywhere."""
    x, y = codes()[:, [3]], codes()[:, [4]]
    means = [purified.of_pair(0, x[[row]].repeat(len(y), axis=0), y).mean() for row in (0, 7, 20, 41)]
    assert means == pytest.approx([means[0]] * 4, abs=1e-6)


def test_moving_main_effects_between_a_pair_and_its_attributes_changes_nothing(
    purified: PurifiedTerms,
) -> None:
    def moved(z: NDArray[np.float32]) -> Floats:
        other = terms(z)
        other[:, 3] -= 4 * z[:, 3].astype(float) - 1
        other[:, 7] += 4 * z[:, 3].astype(float) - 1
        return other

    same = PurifiedTerms(AdditiveModel(MODEL.attributes, MODEL.columns, MODEL.pairs, moved, 0.25), codes())
    np.testing.assert_allclose(same.of(codes(5)), purified.of(codes(5)), atol=TOLERANCE)


def test_curves_bars_and_pairs_are_drawn_at_their_true_height(found: DiscriminatorTerms) -> None:
    reference = codes().astype(float)
    shape, x, _, angle = found.functions
    assert (shape.kind, shape.labels, x.kind, angle.kind) == ("classes", ("a", "b", "c"), "number", "angle")
    at = reference[:1].repeat(15, axis=0)
    at[:, 3] = (np.array(x.at) - 10.0) / 2.0
    np.testing.assert_allclose(x.value, truth(at, reference)[0][:, 1], atol=TOLERANCE)
    at = reference[:1].repeat(3, axis=0)
    at[:, :3] = 2 * np.eye(3) - 1
    np.testing.assert_allclose(shape.value, truth(at, reference)[0][:, 0], atol=TOLERANCE)
    at = reference[:1].repeat(16, axis=0)
    turns = np.radians(angle.at)
    at[:, 5], at[:, 6] = np.cos(turns), np.sin(turns)
    np.testing.assert_allclose(angle.value, truth(at, reference)[0][:, 3], atol=TOLERANCE)
    pair = found.pairs[1]
    assert (pair.first, pair.second, pair.first_labels, pair.taken) == ("shape", "x", ("a", "b", "c"), 0.01)
    for i in range(3):
        at = reference[:1].repeat(len(pair.second_at), axis=0)
        at[:, :3] = 2 * np.eye(3)[i] - 1
        at[:, 3] = (np.array(pair.second_at) - 10.0) / 2.0
        np.testing.assert_allclose(pair.value[i], truth(at, reference)[1][:, 1], atol=TOLERANCE)


def test_a_waterfall_goes_from_the_mean_of_real_images_to_the_decision(found: DiscriminatorTerms) -> None:
    mains, pairs, base = truth(codes().astype(float), codes().astype(float))
    logits = MODEL.bias + terms(codes()).sum(axis=1)
    assert found.base == pytest.approx(base, abs=TOLERANCE)
    assert found.base == pytest.approx(logits.mean(), abs=TOLERANCE)
    assert [decision.picked for decision in found.examples] == ["most real", "median", "least real"]
    assert [d.row for d in found.examples][::2] == [int(logits.argmax()), int(logits.argmin())]
    for decision in found.examples:
        expected = np.concatenate([mains[decision.row], pairs[decision.row]])
        assert decision.terms == pytest.approx(expected, abs=TOLERANCE)
        assert found.base + sum(decision.terms) == pytest.approx(decision.logit, abs=TOLERANCE)
    assert found.adds_up
    importance = np.abs(np.concatenate([mains, pairs], axis=1)).mean(axis=0)
    assert [term.importance.value for term in found.terms] == pytest.approx(importance, abs=TOLERANCE)
    assert all(term.importance.low < term.importance.value < term.importance.high for term in found.terms)


def test_places_with_few_images_of_either_kind_are_grey(found: DiscriminatorTerms) -> None:
    shape, x, *_ = found.functions
    assert sum(shape.real) == IMAGES
    assert sum(shape.generated) == 50
    for function in found.functions:
        expected = [min(pair) < 20 for pair in zip(function.real, function.generated, strict=True)]
        assert list(function.few) == expected
    assert all(x.few)  # fifty samples, on 15 places
    assert sum(x.real) >= 0.97 * IMAGES
    assert not all(shape.few) or max(shape.generated) < 20


def test_a_hidden_path_shows_as_a_sum_error(purified: PurifiedTerms) -> None:
    logits = MODEL.bias + terms(codes()).sum(axis=1) + 0.01
    axes = [around(name, 1.0) for name in MODEL.attributes]
    axes[0] = over_classes("shape", ("a", "b", "c"), np.eye(3, dtype=np.float32))
    axes[1], axes[2] = (along_number(name, np.arange(9.0), 0.0, 1.0) for name in ("x", "y"))
    made = compute(purified, axes, codes(1), logits, [(0.0, 0.0)] * 2, (6, 300), np.random.default_rng(0))
    assert not made.adds_up
    assert made.largest_sum_error == pytest.approx(0.01, rel=1e-3)


def test_the_discriminators_own_terms_keep_their_decision_and_become_unique() -> None:
    """Of a real module, whose pair units hold main effects of their own."""
    layout = SemanticLayout((Target("lit", "binary", 1), Target("x", "continuous", 1)), free_dimensions=1)
    torch.manual_seed(0)
    judge = AdditiveDiscriminator(layout, pairwise_terms=3)
    judge.take_pairs(Choice((ChosenPair(0, 1, 0.1, 0.01), ChosenPair(1, 2, 0.1, 0.01)), 3, 100))
    for weight in judge.parameters():
        torch.nn.init.normal_(weight)

    def own(z: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return judge.terms(torch.from_numpy(z)).numpy()

    columns = tuple((i,) for i in range(3))
    made = PurifiedTerms(
        AdditiveModel(layout.attribute_names, columns, judge.pairs, own, float(judge.bias.detach())),
        np.random.default_rng(0).standard_normal((200, 3)).astype(np.float32),
    )
    asked = np.random.default_rng(1).standard_normal((50, 3)).astype(np.float32)
    with torch.no_grad():
        logits = judge(torch.from_numpy(asked)).numpy()
    np.testing.assert_allclose(made.base + made.of(asked).sum(axis=1), logits, atol=1e-4)
    flat = [
        made.of_pair(0, np.full((200, 1), at, np.float32), made.reference[:, [1]]).mean() for at in (-1, 0, 2)
    ]
    assert flat == pytest.approx([flat[0]] * 3, abs=1e-5)


def test_the_record_holds_plain_numbers(found: DiscriminatorTerms) -> None:
    plain = to_json(found)
    assert plain["terms"][0].keys() == {"name", "importance"}
    assert len(plain["pairs"][0]["value"]) == len(plain["pairs"][0]["first_at"])
