"""The table "Tests of the evidence itself" at reduced size; the command runs it at full size."""

import pytest

from latent_audit.tasks.analyses.selftest import selftest


@pytest.fixture(scope="module")
def rows():
    return {row.name: row for row in selftest.run(selftest.REDUCED, seed=0)}


def test_null_world_family_wise_rate_and_false_support(rows):
    row = rows["null world"]
    assert row.measured["false_associated"] <= row.measured["limit"]
    assert row.measured["false_supported"] == 0.0


@pytest.mark.parametrize("kind", ["linear", "monotone", "u_shaped", "cyclic", "categorical"])
def test_planted_dimension_is_named(rows, kind):
    assert rows["planted world"].measured[kind] >= 0.98


def test_entangled_codes_are_never_supported_and_specificity_is_named(rows):
    measured = rows["entangled world"].measured
    assert measured["supported"] == 0.0
    assert measured["specificity_fails"] == 1.0


def test_confounded_copy_is_explained_away_and_its_driver_stays(rows):
    measured = rows["confounded world"].measured
    assert measured["driver_supported"] == 1.0
    assert measured["copy_capped"] == 1.0
    assert measured["copy_explained_away"] == 1.0


def test_leaky_classifier_is_not_tested(rows):
    assert rows["leaky classifier"].measured["not_tested"] == 1.0


def test_intervals_cover(rows):
    row = rows["intervals"]
    assert row.holds, row.measured


def test_intervals_of_rare_attributes_cover(rows):
    row = rows["rare attributes"]
    assert row.holds, row.measured
    assert row.measured["shown_at_1_percent"] < row.measured["shown_at_10_percent"] == 1.0


@pytest.mark.endurance
def test_processes_change_no_figure():
    few = selftest.replace(
        selftest.REDUCED,
        null_worlds=2,
        planted_worlds=1,
        judged_worlds=1,
        simulations=20,
        places=1,
        absence=1,
    )
    alone, together = (selftest.run(few, seed=3, processes=count) for count in (1, 2))
    assert selftest.digest(alone) == selftest.digest(together)


def test_relabelling_changes_nothing(rows):
    measured = rows["relabelling"].measured
    assert measured["change_by_permuting"] <= 1e-9
    assert measured["change_by_flipping"] <= 1e-9


def test_digest_is_of_figures_and_not_of_times(rows):
    slower = [selftest.replace(row, seconds=row.seconds + 1.0) for row in rows.values()]
    assert selftest.digest(slower) == selftest.digest(list(rows.values()))


def test_table_prints_each_row_and_says_whether_it_holds(rows):
    text = selftest.table(list(rows.values()))
    assert text.count("must show") == len(rows) == 23
    assert "FAILS" not in text


def test_every_row_on_places_holds(rows):
    places = [row for name, row in rows.items() if name.startswith("places: ")]
    assert len(places) == 13
    assert [row.name for row in places if not row.holds] == []
