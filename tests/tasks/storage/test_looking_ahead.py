"""What a run does while it waits for Prefect's server: only what it would do later anyway."""

from pathlib import Path

import pytest

from latent_audit.tasks.session import audit_session
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.registry import STAGES
from latent_audit.tasks.storage import source_digest as sources

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


@pytest.mark.parametrize("workers", [True, False])
def test_mlflow_is_connected_and_sources_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: bool
) -> None:
    started: list[int] = []
    monkeypatch.setattr(audit_session, "start_early", started.append)
    settings = Settings(tracking={"uri": f"sqlite:///{tmp_path / 'mlflow.db'}"}, compute={"workers": 3})
    audit_session.look_ahead(settings, start_workers=workers)
    assert started == ([3] if workers else [])
    assert (tmp_path / "mlflow.db").stat().st_size > 0
    read = sources._digest.cache_info().misses
    for stage in STAGES:
        sources.source_digest(stage.module)
    assert sources._digest.cache_info().misses == read


def test_every_stage_has_a_name_of_its_own() -> None:
    assert len({stage.name for stage in STAGES}) == len(STAGES) > 20
