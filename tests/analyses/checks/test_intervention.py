import numpy as np
import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.checks import classifier_gate, intervention, subgroups
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.intervention import partners_of
from latent_audit.tasks.analyses.checks.intervention_null import directions_needed
from latent_audit.tasks.analyses.checks.responses import effect_unit, effects, refuse_wrong_columns
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import verbatim

ATTRIBUTES = (
    Attribute("lit", "binary", ("no", "yes")),
    Attribute("shape", "categorical", ("a", "b", "c")),
    Attribute("size", "continuous"),
    Attribute("turn", "cyclic", period=360.0),
)
COLUMNS = {"lit": (0,), "shape": (1, 2, 3), "size": (4,), "turn": (5, 6)}
D = 6


def decode(latents, rows):
    return np.ascontiguousarray(latents[:, :, None, None])


def respond(images):
    """Reads lit from z0 (downwards), shape from z1, size from z2, turn from z3; z4 and z5 do nothing."""
    z = images[:, :, 0, 0].astype(float)
    lit = 1.0 / (1.0 + np.exp(20.0 * z[:, 0]))
    logits = -8.0 * (z[:, 1:2] - np.array([-1.0, 0.0, 1.0])) ** 2
    shape = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    angle = np.pi * z[:, 3]
    return np.column_stack([lit, shape, z[:, 2], np.cos(angle), np.sin(angle)]).astype(np.float32)


def codes(n=300, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, size=(n, D)).astype(np.float32)


def gates_of(closed=()):
    return [
        Gate(
            a.name,
            "not_tested" if a.name in closed else "passed",
            "R2",
            0.9,
            0.5,
            verbatim(f"gate of {a.name}"),
        )
        for a in ATTRIBUTES
    ]


def run(made=None, responder=respond, seed=0, gates=None, **options):
    made = codes() if made is None else made
    return intervention.compute(
        ATTRIBUTES,
        made,
        made,
        decode,
        responder,
        COLUMNS,
        gates_of() if gates is None else gates,
        (0, 1, 2, 3),
        range(D),
        seed,
        **options,
    )


@pytest.fixture(scope="module")
def found():
    return run(untrained_decode=lambda latents, rows: decode(0.0 * latents, rows))


def test_each_attribute_follows_its_dimension_and_no_other(found):
    assert found.effect.argmax(axis=1).tolist() == [0, 1, 2, 3]
    on_axis = np.eye(4, D, dtype=bool)
    assert (found.p_adjusted[on_axis] <= 0.05).all()
    assert (found.p_adjusted[~on_axis] == 1.0).all()
    assert found.effect[~on_axis] == pytest.approx(np.zeros(20), abs=1e-6)
    assert (found.effect_low <= found.effect + 1e-9).all()
    assert (found.effect <= found.effect_high + 1e-9).all()


def test_effects_are_of_known_size_and_sign(found):
    lit, shape, size, turn = found.claims
    assert lit.on_target.value == pytest.approx(1.0, abs=0.01)
    assert (lit.sign, size.sign) == (-1, 1)
    assert lit.consistency.value == 1.0
    assert lit.consistency.low < 1.0
    doses = np.quantile(codes()[:, 2], intervention.DOSES)
    assert size.on_target.value == pytest.approx(doses[-1] - doses[0], abs=1e-5)
    assert size.curve.dose == pytest.approx(doses, abs=1e-6)
    assert size.curve.mean == pytest.approx(doses, abs=1e-6)
    assert shape.unit == "probability"
    assert turn.unit == "standard deviations"
    assert turn.on_target.value == pytest.approx(2.0 / 0.5**0.5, abs=0.1)
    assert [off.attribute for off in lit.off_target] == ["shape", "size", "turn"]
    assert lit.curve.response == "probability of lit = yes"


def test_result_has_the_agreed_keys_and_no_responses(found):
    plain = to_json(found)
    assert set(plain) == {
        "images",
        "doses",
        "gates",
        "effect",
        "effect_low",
        "effect_high",
        "p_adjusted",
        "claims",
    }
    assert set(plain["claims"][0]) == {
        "attribute",
        "dimension",
        "unit",
        "on_target",
        "consistency",
        "sign",
        "curve",
        "off_target",
        "null",
    }
    null = plain["claims"][0]["null"]
    assert len(null["random_directions"]) == 40
    assert null["untrained_decoder"] == [0.0] * D


def test_each_claim_has_a_null_in_its_own_unit(found):
    def in_hundredths(images):
        responses = respond(images)
        responses[:, 4] *= 100.0
        return responses

    again = run(responder=in_hundredths, untrained_decode=lambda latents, rows: decode(0.0 * latents, rows))
    for before, after in zip(found.claims, again.claims, strict=True):
        unit = 100.0 if before.attribute == "size" else 1.0
        assert after.null.effect == pytest.approx(unit * before.null.effect, rel=1e-4)
        assert after.null.random_directions == pytest.approx(unit * before.null.random_directions, rel=1e-4)
    # No null move touches the claimed dimension, which alone changes the attribute.
    assert [claim.null.random_directions.max() for claim in found.claims] == pytest.approx(
        [0.0] * 4, abs=1e-6
    )
    on_axis = [found.p_adjusted[k, k] for k in range(4)]
    assert [claim.null.p_adjusted for claim in found.claims] == on_axis


def test_nothing_is_stated_where_the_gate_is_closed(found):
    closed = run(
        gates=gates_of(closed=("size",)), untrained_decode=lambda latents, rows: decode(0.0 * latents, rows)
    )
    size = to_json(closed)["claims"][2]
    reason = {"not_applicable": verbatim("gate of size")}
    assert [size[key] for key in ("on_target", "consistency", "curve")] == [reason] * 3
    assert (size["sign"], size["null"]) == (None, None)
    for other in (claim for claim in to_json(closed)["claims"] if claim["attribute"] != "size"):
        said = {off["attribute"]: off["effect"] for off in other["off_target"]}
        assert said["size"] == reason
        assert all("value" in effect for name, effect in said.items() if name != "size")
    for matrix in (closed.effect, closed.effect_low, closed.effect_high, closed.p_adjusted):
        assert np.isnan(matrix[2]).all()
        assert not np.isnan(np.delete(matrix, 2, axis=0)).any()
    assert closed.claims[0].on_target == found.claims[0].on_target


def test_same_seed_same_numbers_and_batches_change_nothing():
    sizes = []

    def counted(images):
        sizes.append(len(images))
        return respond(images)

    small = to_json(run(responder=counted, batch_size=100, resamples=50))
    assert max(sizes) <= 100
    assert small == to_json(run(batch_size=4096, resamples=50))


def test_permuting_dimensions_permutes_effects_and_p_values():
    order = np.array([3, 5, 0, 1, 4, 2])
    back = np.argsort(order)
    plain = run(resamples=50)
    moved = intervention.compute(
        ATTRIBUTES,
        codes()[:, order],
        codes()[:, order],
        lambda latents, rows: decode(latents[:, back], rows),
        respond,
        COLUMNS,
        gates_of(),
        back[[0, 1, 2, 3]],
        range(D),
        0,
        resamples=50,
    )
    for name in ("effect", "effect_low", "effect_high", "p_adjusted"):
        assert getattr(moved, name) == pytest.approx(getattr(plain, name)[:, order], abs=1e-6)


def test_flipping_a_dimension_changes_only_the_sign_of_its_effect():
    signs = np.array([1, 1, -1, 1, 1, 1], dtype=np.float32)
    plain = run(resamples=50)
    moved = intervention.compute(
        ATTRIBUTES,
        codes() * signs,
        codes() * signs,
        lambda latents, rows: decode(latents * signs, rows),
        respond,
        COLUMNS,
        gates_of(),
        (0, 1, 2, 3),
        range(D),
        0,
        resamples=50,
    )
    assert moved.effect == pytest.approx(plain.effect, abs=1e-5)
    assert [c.sign for c in moved.claims] == [
        c.sign * (-1 if i == 2 else 1) for i, c in enumerate(plain.claims)
    ]


def test_setting_one_logit_of_a_group_lets_go_of_the_others():
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=300)
    made = np.hstack([9.0 * (np.eye(3)[kind] - 1 / 3), rng.normal(size=(300, 2))]).astype(np.float32)
    groups = (0, 0, 0, 1, 2)
    assert [p.tolist() for p in partners_of(made, groups)] == [[1, 2], [0, 2], [0, 1], [], []]
    assert [len(p) for p in partners_of(rng.normal(size=(50, 5)), groups)] == [0] * 5

    def softmax(images):
        logits = images[:, :3, 0, 0]
        return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    result = intervention.compute(
        ATTRIBUTES[1:2], made, made, decode, softmax, {"shape": (0, 1, 2)}, gates_of()[1:2], (0,), groups, 0
    )
    claim = result.claims[0]
    assert claim.on_target.value > 0.95
    assert claim.consistency.value > 0.95
    assert result.p_adjusted[0, 0] <= 0.05


def test_the_unit_of_a_dimension_changes_nothing():
    scale = np.array([1, 10, 1, 0.1, 100, 1], dtype=np.float32)
    plain = run(resamples=50)
    moved = intervention.compute(
        ATTRIBUTES,
        codes() * scale,
        codes() * scale,
        lambda latents, rows: decode(latents / scale, rows),
        respond,
        COLUMNS,
        gates_of(),
        (0, 1, 2, 3),
        range(D),
        0,
        resamples=50,
    )
    assert moved.effect == pytest.approx(plain.effect, abs=1e-4)
    assert (moved.p_adjusted <= 0.05).tolist() == (plain.p_adjusted <= 0.05).tolist()


def test_an_entangled_axis_is_no_better_than_other_directions():
    def mixed(images):
        z = images[:, :, 0, 0]
        mean = z[:, :4].mean(axis=1, keepdims=True).repeat(D, axis=1)
        return respond(mean[:, :, None, None])

    assert (run(responder=mixed).p_adjusted > 0.05).all()


def test_a_response_that_only_some_images_follow_is_not_consistent():
    def undecided(images):
        z = images[:, :, 0, 0].copy()
        z[:, 2] *= np.where(z[:, 4] > -0.3, 1.0, -1.0)
        return respond(z[:, :, None, None])

    size = run(responder=undecided).claims[2]
    assert size.consistency.value == pytest.approx(0.65, abs=0.06)


def test_too_few_images_and_wrong_columns_are_refused():
    with pytest.raises(ValueError, match="at least 256 held-out images, got 100"):
        run(codes(100))
    with pytest.raises(ValueError, match=r"'lit' \(binary\) needs 1 response column"):
        refuse_wrong_columns(ATTRIBUTES, {**COLUMNS, "lit": (0, 1)}, 7)
    with pytest.raises(ValueError, match="out of 6"):
        refuse_wrong_columns(ATTRIBUTES, COLUMNS, 6)


def test_cyclic_effect_does_not_depend_on_where_zero_is():
    angles = np.linspace(0.0, 2.0, 7)
    turn = ATTRIBUTES[3:]
    sizes = [
        effects(np.column_stack([np.cos(angles + s), np.sin(angles + s)]), turn, {"turn": (0, 1)})[0]
        for s in (0.0, 1.0, 2.5)
    ]
    assert sizes == pytest.approx([2.0 * np.sin(1.0) / 0.5**0.5] * 3)


def test_null_moves_are_enough_for_the_smallest_p_value():
    assert directions_needed(range(10), 45) == pytest.approx(45 * 10 / 0.7, abs=1)
    assert directions_needed([0, 0, 0], 45) == 0


def gate(truth, responses, attribute=ATTRIBUTES[0], columns=(0,), share_of_way=0.5, **options):
    return classifier_gate.compute(
        (attribute,),
        truth[:, None],
        responses,
        {attribute.name: columns},
        share_of_way=share_of_way,
        **options,
    )[0]


def test_gate_passes_a_good_classifier_and_stops_a_blind_one():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=400).astype(float)
    good = gate(truth, truth[:, None] + 0.3 * rng.normal(size=(400, 1)))
    assert (good.status, good.statistic, good.threshold) == ("passed", "AUROC", 0.75)
    blind = gate(truth, rng.normal(size=(400, 1)))
    assert blind.status == "not_tested"
    assert "does not recognise lit in this model's reconstructions" in english(blind.reason)
    assert "in real images" not in english(blind.reason)  # nobody asked


def test_what_real_images_do_not_show_no_reconstruction_shows():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=400).astype(float)
    clear = truth[:, None] + 0.3 * rng.normal(size=(400, 1))
    told = {"lit": {"reason": verbatim("not auditable"), "helps": verbatim("leave it out")}}
    assert gate(truth, clear, not_auditable={}).status == "passed"
    closed = gate(truth, clear, not_auditable=told)
    assert (closed.status, closed.reason) == ("not_tested", told["lit"]["reason"])
    blurred = gate(truth, rng.normal(size=(400, 1)), not_auditable={})
    assert "in real images, but not in this model's" in english(blurred.reason)


def test_gate_of_each_type():
    rng = np.random.default_rng(0)
    shape = rng.integers(3, size=400)
    probabilities = np.eye(3)[shape]
    found = gate(shape.astype(float), probabilities, ATTRIBUTES[1], (0, 1, 2))
    assert (found.value, found.threshold) == (1.0, pytest.approx(2 / 3))
    size = rng.normal(5.0, 2.0, size=400)
    scaled = ((size - 5.0) / 2.0)[:, None]
    assert gate(size, scaled, ATTRIBUTES[2], standardisation={"size": (5.0, 2.0)}).value == pytest.approx(1.0)
    assert gate(size, scaled + 2.0, ATTRIBUTES[2], standardisation={"size": (5.0, 2.0)}).value < 0.0
    turn = rng.uniform(0, 360, 400)
    angle = np.deg2rad(turn)
    assert gate(turn, np.column_stack([np.cos(angle), np.sin(angle)]), ATTRIBUTES[3], (0, 1)).value > 0.999
    assert gate(np.zeros(400), rng.normal(size=(400, 1))).value == 0.5


def test_subgroups_find_an_effect_that_differs_and_leave_equal_ones_alone():
    made = codes(400)
    lit = (made[:, 0] < 0).astype(float)
    values = np.column_stack([lit, np.zeros(400), made[:, 2], np.zeros(400)])
    # z4 says who an image is of; for half of them size follows its dimension only half as far.
    values[:, 1] = (made[:, 4] > 0).astype(float) * 2.0

    def unequal(images):
        z = images[:, :, 0, 0].copy()
        z[:, 2] *= np.where(z[:, 4] > 0, 0.5, 1.0)
        return respond(z[:, :, None, None])

    whole = run(made, responder=unequal, resamples=50)
    claimed = [(claim.attribute, claim.dimension) for claim in whole.claims]
    rows = subgroups.compute(
        "vae", ATTRIBUTES, values, claimed, whole.responses, COLUMNS, "shape", 0, 100, 200
    )
    by_attribute = {row.attribute: row for row in rows}
    assert set(by_attribute) == {"lit", "size", "turn"}
    size = by_attribute["size"]
    assert [g.group for g in size.groups] == ["a", "c"]
    assert size.difference.value == pytest.approx(size.groups[0].effect.value / 2, abs=0.05)
    assert size.p_adjusted <= 0.01
    assert by_attribute["lit"].p_adjusted > 0.05
    by_size = subgroups.compute(
        "vae", ATTRIBUTES, values, claimed, whole.responses, COLUMNS, "size", 0, 20, 50
    )
    assert len(by_size[0].groups) == 3
    assert by_size[0].groups[0].group.startswith("size -")
    constant = values.copy()
    constant[:, 1] = 0.0
    assert subgroups.compute("vae", ATTRIBUTES, constant, claimed, whole.responses, COLUMNS, "shape", 0) == ()


def test_attributes_that_are_read_in_robust_units_say_so(found):
    robust = run(robust={"size", "lit"}, untrained_decode=lambda latents, rows: decode(0.0 * latents, rows))
    assert np.array_equal(robust.effect, found.effect)
    lit, _, size, turn = robust.claims
    assert size.unit == "robust standard deviations"
    assert size.curve.response == "size in robust standard deviations"
    assert (lit.unit, turn.unit) == ("probability", "standard deviations")
    assert effect_unit(ATTRIBUTES[2]) == "standard deviations"
