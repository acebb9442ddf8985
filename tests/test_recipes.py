"""The three recipes of CONTRIBUTING.md, each followed to the letter in a copy of the project: the files it asks
for come from tests/recipes, the lines it asks for are put in here, and the result is used as a run uses it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.source_copy import copy_sources

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "tests" / "recipes"


class Copy:
    """A copy of the four packages that a recipe may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copy_sources(folder)
        shutil.copy(RECIPES / "stages.py", folder)
        shutil.copy(ROOT / "tests" / "reports" / "audit_builder.py", folder)

    def add_files(self, recipe: str) -> None:
        """Adds the new files of a recipe, in their places."""
        for path in sorted((RECIPES / recipe).rglob("*")):
            place = self.folder / path.relative_to(RECIPES / recipe)
            if path.is_file() and "__pycache__" not in path.parts:
                assert not place.exists(), f"{place} is there already: a recipe adds new files"
                shutil.copy(path, place)

    def add_after(self, file: str, line: str, addition: str) -> None:
        """Puts `addition` after the one place in `file` that holds `line`, as an editor would."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(line) == 1, f"{file} holds {line!r} {text.count(line)} times: mend the recipe"
        path.write_text(text.replace(line, line + addition), encoding="utf-8")

    def add_before(self, file: str, line: str, addition: str) -> None:
        """Puts `addition` before the one place in `file` that holds `line`."""
        self.add_after(file, line, "")
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(line, addition + line), encoding="utf-8")

    def append(self, file: str, addition: str) -> None:
        """Puts `addition` at the end of `file`."""
        path = self.folder / file
        path.write_text(path.read_text(encoding="utf-8") + addition, encoding="utf-8")

    def try_it(self) -> dict[str, Any]:
        """Returns what the recipe's try_it.py saw, run with the copy first on the path."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "OMP_NUM_THREADS": "1"}
        environment |= {"PREFECT_HOME": str(self.folder / "prefect"), "DO_NOT_TRACK": "1"}
        done = subprocess.run(
            [sys.executable, "-B", "try_it.py"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        assert Path(seen["module"]).is_relative_to(self.folder), (
            "the installed project was used, not the copy"
        )
        return seen


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_a_model_is_one_file_and_its_lines_in_two_lists(copy: Copy) -> None:
    copy.add_files("model")
    presets = "vae_models/presets/presets.py"
    copy.add_after(
        presets,
        "from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings\n",
        "from latent_audit.vae_models.presets.linear_vae import LinearVaeSettings\n",
    )
    copy.add_after(
        presets,
        "AnyModelSettings = (\n    VaeSettings\n",
        "    | LinearVaeSettings\n",
    )
    copy.add_after(
        "vae_models/presets/registry.py",
        "KINDS = {\n",
        '    "linear_vae": "latent_audit.vae_models.presets.linear_vae:LinearVaeSettings",\n',
    )
    seen = copy.try_it()
    assert seen["settings"] == "LinearVaeSettings"
    assert "kind: linear_vae" in seen["described"]
    assert seen["latent_dim"] == 4
    assert seen["codes"] == [[seen["images"], 4], [seen["images"], 4]]
    assert seen["same_when_loaded_again"]
    assert seen["nats_trained"] < 0.7 * seen["nats_untrained"]


def test_a_data_set_is_one_file_and_its_line_in_the_catalogue(copy: Copy) -> None:
    copy.add_files("data_set")
    catalogue = "tasks/datasets/registry.py"
    copy.add_after(
        catalogue,
        "from latent_audit.tasks.datasets.sprites import SpritesSettings\n",
        "from latent_audit.tasks.datasets.stripes import StripesSettings\n",
    )
    copy.add_after(catalogue, "AnyDataSettings = (\n    SpritesSettings\n", "    | StripesSettings\n")
    seen = copy.try_it()
    assert (seen["settings"], seen["name"]) == ("StripesSettings", "stripes")
    assert seen["kinds"][:2] == ["SpritesSettings", "StripesSettings"]
    assert seen["files"] == []
    assert seen["attributes"] == ["lying", "place"]
    assert seen["shape"] == [1800, 1, 32, 32]
    assert seen["rows"] == list(range(1800))
    assert seen["sums"] == [32 * 255]
    assert seen["columns"] == seen["places"]


def test_an_analysis_is_five_files_and_their_lines(copy: Copy) -> None:
    copy.add_files("analysis")
    _wire_the_stage(copy)
    record = "latent_audit/vocabulary/record/model.py"
    copy.add_after(
        record,
        "from latent_audit.vocabulary.record.attributions import Attribution, AttributionEvidence\n",
        "from latent_audit.vocabulary.record.code_range import CodeRange\n",
    )
    copy.add_after(
        record,
        "    supervision: NotRequired[Supervision]\n",
        "    code_range: NotRequired[Part[list[CodeRange]]]\n",
    )
    render = "reports/page/render.py"
    copy.add_after(render, "    attributions,\n", "    code_range,\n")
    copy.add_after(render, '    "maps": maps.build,\n', '    "code_range": code_range.build,\n')
    for language, title, text, caption in (
        ("en", "Code range", "Where the codes of held-out images lie.", "Codes of {model}"),
        ("zh", "编码范围", "留出图像的编码所在的范围。", "{model} 的编码"),
    ):
        catalogue = f"reports/page/messages/{language}.yaml"
        copy.add_after(catalogue, "section:\n", f'  code_range: "{title}"\n')
        copy.append(catalogue, f'code_range:\n  text: "{text}"\n  caption: "{caption}"\n')
    seen = copy.try_it()
    assert seen["submitted"]
    assert [row["name"] for row in seen["found"]] == ["z0", "z1", "z2"]
    assert all(row["low"] < row["high"] for row in seen["found"])
    assert [row["dimension"] for row in seen["written"]] == [0, 1, 2]
    assert seen["faults"] == []
    assert seen["faults_of_a_wrong_one"] != []
    for language, title in (("en", "Code range"), ("zh", "编码范围")):
        html = seen["reports"][language]
        place = html.index('<section id="code_range"')
        assert html.index('<section id="maps"') < place < html.index('<section id="stability"')
        section = html[place : html.index("</section>", place)]
        assert title in section
        assert section.count("<tr>") == 4


def _wire_the_stage(copy: Copy) -> None:
    registry = "tasks/stages/registry.py"
    copy.add_before(
        registry,
        "OF_A_MODEL = (\n",
        """CODE_RANGE = Stage(
    "code_range",
    "measuring the code of",
    f"{_EXPLANATIONS}.code_range",
    needs=("encoded",),
    record=(RecordPart("code_range", "code_range.json"),),
)
""",
    )
    copy.add_after(registry, "    ENCODE,\n", "    CODE_RANGE,\n")
