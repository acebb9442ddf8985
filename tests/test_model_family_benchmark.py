"""The benchmark of the model family at a size that says nothing of models and all of the benchmark itself."""

import json
from pathlib import Path

import pytest

from benchmarks.model_family import MARK, main


def test_the_table_is_written_where_it_belongs_and_a_second_run_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "results.md"
    document.write_text(f"# Ours\n\n{MARK}\n\nan older table\n")
    words = [
        "--steps",
        "2",
        "--seeds",
        "2",
        "--images",
        "280",
        "--held-out",
        "200",
        "--device",
        "cpu",
        "--threads",
        "1",
    ]
    words += ["--folder", str(tmp_path / "kept"), "--table", str(document)]
    words += ["--models", "vae", "beta_tc_vae (6)", "attribute_vae"]
    main(words)
    text = document.read_text()
    assert text.startswith(
        f"# Ours\n\n{MARK}\n\n280 sprites 32x32 (200 held out), 2 steps of 64 images, 2 seeds"
    )
    assert "an older table" not in text
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert rows == ["model", "vae", "beta_tc_vae (6)", "attribute_vae"]
    assert "- MIG of beta_tc_vae (6) less that of vae: " in text
    assert "- attribute_vae, held-out attributes read from the dimensions named after them: shape " in text
    kept = sorted((tmp_path / "kept").glob("*.json"))
    assert [path.name for path in kept] == [
        f"{name}-seed{seed}-2.json" for name in ("attribute_vae", "beta_tc_vae", "vae") for seed in (0, 1)
    ]
    found = json.loads(kept[0].read_text())
    assert 0 <= found["mig"] <= 1
    assert set(found["named"]) == {"shape", "scale", "orientation", "posX", "posY"}
    before = [path.stat().st_mtime_ns for path in kept]
    main(words)
    assert [path.stat().st_mtime_ns for path in kept] == before
    assert document.read_text() == text
    capsys.readouterr()
