"""Places at GPUs: no more stages at one than it has places, the emptiest GPU first, freed with their holder."""

import tempfile
import threading
from pathlib import Path

import pytest

from latent_audit.tasks.execution.gpu_slots import gpu_slot


@pytest.fixture(autouse=True)
def _places_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_cpu_needs_no_place(tmp_path: Path) -> None:
    with gpu_slot("cpu", 1) as one, gpu_slot("cpu", 1) as two:
        assert (one, two) == ("cpu", "cpu")
    assert list(tmp_path.iterdir()) == []


def test_two_gpus_are_filled_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with gpu_slot("cuda", 2) as one, gpu_slot("cuda", 2) as two, gpu_slot("cuda", 2) as three:
        assert (one, two, three) == ("cuda:0", "cuda:1", "cuda:0")


def test_who_finds_no_place_waits_for_one() -> None:
    came: list[str] = []

    def second() -> None:
        with gpu_slot("cuda:3", 1) as device:
            came.append(device)

    waiting = threading.Thread(target=second)
    with gpu_slot("cuda:3", 1) as first:
        waiting.start()
        waiting.join(timeout=0.5)
        assert (first, came) == ("cuda:3", [])
    waiting.join(timeout=5)
    assert came == ["cuda:3"]
