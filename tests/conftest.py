"""For every room: where real data are, how a test says that they are not there, and which tests stay together."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from latent_audit.tasks.execution.process_setup import skip_final_collection

# Small audits serve the tests of whole audits and those of the browser.
from tests.audits.audits import commands as commands
from tests.audits.audits import others as others
from tests.audits.explained_audit import explained as explained
from tests.browser.chromium import chromium as chromium
from tests.real_data import real_data_folder

# Tests that share a costly fixture stay in one process: whole audits with the browser that looks at them, reports;
# all others by their file. What takes longest comes first, or the end of the tests would wait for it alone.
TOGETHER = (
    ("tests/end_to_end/test_existing_model.py", "other commands"),
    ("tests/end_to_end/test_bad_input.py", "other commands"),
    ("tests/end_to_end/test_own_data.py", "other commands"),
    ("tests/end_to_end/test_one_of_each.py", "other commands"),
    ("tests/end_to_end/test_hostile_names.py", "other commands"),
    ("tests/end_to_end/test_order_of_images.py", "other commands"),
    ("tests/end_to_end/test_latent_size_command.py", "other commands"),
    ("tests/end_to_end/test_failed_parts.py", "other commands"),
    ("tests/end_to_end/test_claims_of_absence.py", "other commands"),
    ("tests/end_to_end/test_groups.py", "other commands"),
    ("tests/end_to_end/on_request/", "other commands"),
    ("tests/browser/test_hostile_names.py", "other commands"),
    ("tests/end_to_end/one_image/test_explain_command.py", "one image"),
    ("tests/end_to_end/one_image/test_sample_command.py", "one image"),
    ("tests/browser/test_explanation.py", "one image"),
    ("tests/end_to_end/test_faults.py", "faults"),
    ("tests/end_to_end/test_at_once.py", "at once"),
    ("tests/end_to_end/test_story.py", "story"),
    ("tests/docs/test_api_examples.py", "audits"),
    ("tests/docs/test_pages_run.py", "audits"),
    ("tests/end_to_end/", "audits"),
    ("tests/browser/", "audits"),
    ("tests/services/test_clusters.py", "clusters"),
    ("tests/services/", "services"),
    ("tests/reports/", "reports"),
    ("tests/test_repository.py", "sources"),
    ("tests/test_one_definition.py", "sources"),
    ("tests/project/test_private_names.py", "sources"),
    ("tests/project/test_reasons.py", "sources"),
    ("tests/project/test_layout.py", "sources"),
)
# The pure rooms are covered by their own tests. Following others line by line would take them twice the time.
FOLLOWED = ("tests/vae_models/", "tests/datasets/", "tests/analyses/", "tests/reports/")
# But for those that run the same lines thousands of times: following these took half of what coverage costs.
NOT_FOLLOWED = (
    "tests/analyses/checks/test_selftest.py",
    "tests/analyses/checks/test_association.py",
    "tests/analyses/absence/test_absence.py",
    "tests/analyses/test_disentanglement_scores.py",
    "tests/analyses/test_image_groups.py",
    "tests/reports/schema/",
)
FIRST = (
    "audits",
    "faults",
    "other commands",
    "one image",
    "at once",
    "story",
    "clusters",
    "services",
    "reports",
)


def pytest_configure(config: pytest.Config) -> None:
    """Compiles what UMAP needs once for all tests and the runs they start: that takes a minute of computing."""
    skip_final_collection()
    cache = getattr(config, "cache", None)  # not there with -p no:cacheprovider
    folder = Path(tempfile.gettempdir()) / "numba-of-tests" if cache is None else cache.mkdir("numba")
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


# Fixtures of the session that run whole audits, and how long they may take on a slow machine.
COMMANDS, COMMANDS_SECONDS = frozenset({"commands", "others"}), 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what takes longest first; whichever test waits for the session's commands may wait for all of them."""
    for item in items:
        if not COMMANDS.isdisjoint(getattr(item, "fixturenames", ())) and not item.get_closest_marker(
            "timeout"
        ):
            item.add_marker(pytest.mark.timeout(COMMANDS_SECONDS))
    items.sort(key=lambda item: FIRST.index(group) if (group := _group(item.nodeid)) in FIRST else len(FIRST))


def pytest_collection_finish() -> None:
    """What was imported until here stays: no use in looking through it again and again."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Rests coverage, where it is on, while tests of other rooms run."""
    followed = coverage.Coverage.current()
    follow = item.nodeid.startswith(FOLLOWED) and not item.nodeid.startswith(NOT_FOLLOWED)
    if followed is None or follow:
        return (yield)
    followed.stop()
    try:
        return (yield)
    finally:
        followed.start()


class _ByGroup(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Deals tests to processes by group."""
    config.option.loadscopereorder = False
    return _ByGroup(config, log)


def _group(nodeid: str) -> str:
    named = [group for beginning, group in TOGETHER if nodeid.startswith(beginning)]
    return named[0] if named else nodeid.partition("::")[0]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Returns the folder with the real data sets; skips, and says so, on machines without one."""
    folder = real_data_folder()
    if not folder.is_dir():
        reason = f"no real data at {folder}; name a folder in LATENT_AUDIT_TEST_DATA"
        if os.environ.get("LATENT_AUDIT_REFUSE_SKIPS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
