"""Doses are labelled where there is room."""

from latent_audit.reports.page.plots.dose_response import _labels


def test_labels_keep_off_each_other_and_off_the_ends() -> None:
    assert _labels([-1.6, -1.4, -0.89, -0.04, 0.89, 1.4, 1.6]) == [
        "−1.6",
        "",
        "−0.89",
        "−0.04",
        "0.89",
        "",
        "1.6",
    ]
    assert _labels([0.05, 0.5, 0.95]) == ["0.05", "0.5", "0.95"]
