"""The recipes of CONTRIBUTING.md, each followed to the letter in a copy of the project: the files it asks
for come from tests/recipes, the lines it asks for are put in here, and the result is used as a run uses it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.source_copy import copy_sources

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "tests" / "recipes"
# Files that a recipe may name; see `Copy.places` for what counts as one.
MAX_FILES = 4


class Copy:
    """A copy of the four packages that a recipe may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.touched: set[str] = set()
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
                self.touched.add(path.relative_to(RECIPES / recipe).as_posix())

    def add_after(self, file: str, line: str, addition: str) -> None:
        """Puts `addition` after the one place in `file` that holds `line`, as an editor would."""
        path = self.folder / file
        self.touched.add(file)
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
        self.touched.add(file)
        path.write_text(path.read_text(encoding="utf-8") + addition, encoding="utf-8")

    def places(self) -> set[str]:
        """Returns what was touched: messages in two languages count as one, and so do a section and its template."""
        found = {
            re.sub(r"messages/(en|zh)\.yaml$", "messages", file) for file in self.touched - {"try_it.py"}
        }
        return {re.sub(r"(templates|sections/\w+)/(\w+)\.(html|py)$", r"section \2", file) for file in found}

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
            timeout=600,
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
        "from latent_audit.vae_models.presets.affine_vae import AffineVaeSettings\n",
    )
    copy.add_after(
        presets,
        "AnyModelSettings = (\n    VaeSettings\n",
        "    | AffineVaeSettings\n",
    )
    copy.add_after(
        "vae_models/presets/registry.py",
        "KINDS = {\n",
        '    "affine_vae": "latent_audit.vae_models.presets.affine_vae:AffineVaeSettings",\n',
    )
    assert len(copy.places()) <= MAX_FILES
    seen = copy.try_it()
    assert seen["settings"] == "AffineVaeSettings"
    assert "kind: affine_vae" in seen["described"]
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
    assert len(copy.places()) <= MAX_FILES
    seen = copy.try_it()
    assert (seen["settings"], seen["name"]) == ("StripesSettings", "stripes")
    assert seen["kinds"][:2] == ["SpritesSettings", "StripesSettings"]
    assert seen["files"] == []
    assert seen["attributes"] == ["lying", "place"]
    assert seen["shape"] == [1800, 1, 32, 32]
    assert seen["rows"] == list(range(1800))
    assert seen["sums"] == [32 * 255]
    assert seen["columns"] == seen["places"]


def test_a_check_is_its_own_file_its_place_in_the_tuple_its_words_and_a_page(copy: Copy) -> None:
    copy.add_files("check")
    (copy.folder / "tests" / "reports").mkdir(parents=True)
    for name in ("audit_builder.py", "judged_run.py"):
        shutil.copy(ROOT / "tests" / "reports" / name, copy.folder / "tests" / "reports")
    (copy.folder / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "evidence.md", copy.folder / "docs")
    registry = "tasks/analyses/checks/definitions/registry.py"
    copy.add_before(
        registry,
        "from latent_audit.tasks.analyses.checks.definitions import association",
        "from latent_audit.tasks.analyses.checks.definitions import activity\n",
    )
    copy.add_after(registry, "    stability.CHECK,\n", "    activity.CHECK,\n")
    for language, words in CHECK_WORDS.items():
        messages = f"reports/page/messages/{language}.yaml"
        copy.add_before(messages, "\ncolumn:\n", words["check"])
        copy.append(messages, words["reasons"])
        for line, addition in words["lines"].items():
            copy.add_after(messages, line, addition)
    copy.add_after(
        "docs/evidence.md",
        "or enough seeds only with inconclusive ones | otherwise |\n",
        "| E activity | its KL exceeds the limit | | | |\n",
    )
    seen = copy.try_it()
    assert seen["problems"] == []
    assert seen["checks"] == ["association", "specificity", "intervention", "stability", "activity"]
    assert {row["statistic"] for row in seen["found"]} == {"KL, nats"}
    assert {row["verdict"] for row in seen["found"]} <= {"supported", "not_supported"}
    assert set(seen["of_controls"]) == {"not_tested"}
    for language, name, word in (("en", "Activity", "nats of KL"), ("zh", "活跃", "奈特的 KL")):
        html = seen["reports"][language]
        assert name in html
        assert word in html
        assert html.count(".1.E<") == 1
    assert copy.places() == {
        "tasks/analyses/checks/definitions/activity.py",
        registry,
        "reports/page/messages",
        "docs/evidence.md",
    }


CHECK_WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "check": '\n  activity:\n    name: "Activity"\n    question: "Is the dimension active?"',
        "reasons": '  activity:\n    active: "{dimension} carries {value} nats of KL"\n'
        '    unused: "{dimension} carries {value} nats of KL, below {limit}"\n    no_kl: "the code has no KL"\n',
        "lines": {
            '    stability: "stability"\n': '    activity: "activity"\n',
            '    gap: "gap to the runner-up dimension"\n': '    kl: "KL, nats"\n',
            '    more_groups: "images of more persons, patients or slides"\n': (
                '    activity: "a dimension with a KL above {limit} nats"\n'
            ),
        },
    },
    "zh": {
        "check": '\n  activity:\n    name: "活跃"\n    question: "该维度是否活跃？"',
        "reasons": '  activity:\n    active: "{dimension} 有 {value} 奈特的 KL"\n'
        '    unused: "{dimension} 有 {value} 奈特的 KL，低于 {limit}"\n    no_kl: "编码没有 KL"\n',
        "lines": {
            '    stability: "稳定"\n': '    activity: "活跃"\n',
            '    gap: "与次强维度的差距"\n': '    kl: "KL，奈特"\n',
            '    more_groups: "来自更多人、患者或切片的图像"\n': '    activity: "有一个维度的 KL 高于 {limit} 奈特"\n',
        },
    },
}


def test_a_stage_with_its_section_is_four_files(copy: Copy) -> None:
    copy.add_files("stage")
    _wire_the_stage(copy)
    for language, title, text, caption in (
        ("en", "Code range", "Where the codes of held-out images lie.", "Codes of {model}"),
        ("zh", "编码范围", "留出图像的编码所在的范围。", "{model} 的编码"),
    ):
        messages = f"reports/page/messages/{language}.yaml"
        copy.add_after(messages, "section:\n", f'  code_range: "{title}"\n')
        copy.append(messages, f'code_range:\n  text: "{text}"\n  caption: "{caption}"\n')
    assert len(copy.places()) == MAX_FILES
    _publish_the_part(copy)
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
        assert html.index('<section id="maps"') < place < html.index('<section id="comparison"')
        section = html[place : html.index("</section>", place)]
        assert title in html  # of a folded section it stands beside
        assert section.count("<tr>") == 4


def _publish_the_part(copy: Copy) -> None:
    """Follows the recipe of a published part of the record."""
    before = copy.places()
    copy.add_files("record")
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
    assert len(copy.places() - before) < MAX_FILES


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


def test_a_score_an_attribution_method_a_metric_and_a_message(copy: Copy) -> None:
    for follow in (_add_a_score, _add_a_method, _add_a_metric, _add_a_message):
        copy.touched.clear()
        follow(copy)
        assert 0 < len(copy.places()) <= MAX_FILES, follow.__name__
    copy.add_files("measures")
    seen = copy.try_it()
    assert 1 < seen["score"]["low"] <= seen["score"]["value"] <= 3
    assert seen["better"] == "none"
    assert "Participation ratio" in seen["reports"]["en"]
    assert "参与比" in seen["reports"]["zh"]
    assert seen["method"] == "InputXGradient"
    assert seen["map_error"] < 1e-6
    assert seen["metrics"]["images.all"] == 1800
    assert seen["messages"] == {"en": "3 images", "zh": "3 张图像"}


def _add_a_score(copy: Copy) -> None:
    copy.touched.add("tasks/analyses/scores/participation_ratio.py")
    scores = "tasks/analyses/scores/disentanglement_scores.py"
    copy.add_before(
        scores,
        "from latent_audit.tasks.analyses.scores.predictor_scores import ",
        "from latent_audit.tasks.analyses.scores.participation_ratio import participation_ratio\n",
    )
    copy.add_before(
        scores,
        "    _of_dependence,\n)",
        '    lambda codes, _: {"participation_ratio": participation_ratio(codes)},\n',
    )
    copy.add_after(
        "tasks/analyses/scores/score_meanings.py",
        "MEANINGS: Mapping[str, Meaning] = {\n",
        '    "participation_ratio": Meaning("none", bounded=True),\n',
    )
    for language, name in (("en", "Participation ratio"), ("zh", "参与比")):
        copy.add_after(
            f"reports/page/messages/{language}.yaml", "\nscore:\n", f'  participation_ratio: "{name}"\n'
        )


def _add_a_method(copy: Copy) -> None:
    copy.touched.add("tasks/analyses/attributions/input_times_gradient.py")
    methods = "tasks/analyses/attributions/attribution_methods.py"
    copy.add_after(
        methods,
        "from latent_audit.tasks.analyses.attributions.input_layer import find_entrance\n",
        "from latent_audit.tasks.analyses.attributions.input_times_gradient import input_times_gradient\n",
    )
    copy.add_after(
        methods,
        '        Method("SmoothGrad", "slope", smooth, None),\n',
        '        Method("InputXGradient", "share_of_change", multiplied, None),\n',
    )
    copy.add_before(
        methods,
        "    return (\n        integrated_method(",
        "    def multiplied(module: nn.Module, images: Tensor) -> Tensor:\n"
        "        return input_times_gradient(partial(read, module), images, columns)\n\n",
    )


def _add_a_metric(copy: Copy) -> None:
    copy.add_before(
        "tasks/stages/data/prepare.py",
        "    write_summary(folder, metrics=counts)\n",
        '    counts["images.all"] = float(len(image_set.images))\n',
    )


def _add_a_message(copy: Copy) -> None:
    for language, sentence in (("en", "{n} images"), ("zh", "{n} 张图像")):
        copy.append(f"reports/page/messages/{language}.yaml", f'greeting:\n  text: "{sentence}"\n')
