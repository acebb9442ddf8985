"""Real edits on a copy of the source tree: which stages of which audits get another key, and which keep theirs."""

import ast
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.registry import STAGES
from latent_audit.tasks.storage import source_digest as sources
from latent_audit.tasks.storage.source_tree import SourceTree
from latent_audit.tasks.storage.store import Store
from latent_audit.vae_models.presets.registry import KINDS
from tests.source_copy import copy_sources
from tests.tasks.storage.dry_run import Asked, DryRun, stages_of

ROOT = Path(__file__).resolve().parents[3]
AUDITS: dict[str, dict[str, Any]] = {
    "sprites": {"models": {"vae": {"kind": "vae"}, "gan": {"kind": "interpretable_gan"}}},
    "mnist": {"data": {"kind": "mnist"}, "models": {"dip": {"kind": "dip_vae_i"}}},
    "labels": {"models": {"few": {"kind": "semi_supervised_vae"}, "weights": {"kind": "checkpoint", "path": "a.pt"}}},
    "stacked": {"models": {"vae": {"kind": "beta_vae"}}, "compute": {"stack_seeds": True}},
}  # fmt: skip
# Stages that rebuild the generative model, beside the one that trains it; those that load the classifier.
READ_MODEL = {
    "encode", "intervene", "locate", "fitness", "negative_controls", "traverse", "show", "latent_responses",
    "manipulate", "applications", "attribute", "model_specific", "export", "tabulate",
}  # fmt: skip
READ_CLASSIFIER = {
    "classify",
    "intervene",
    "locate",
    "negative_controls",
    "show",
    "manipulate",
    "attribute",
    "explain_classifier",
    "tabulate",
}
DRAW = {"draw", "draw_pictures"}


def in_each(stages: set[str]) -> dict[str, set[str]]:
    """Returns the same stages for every audit."""
    return dict.fromkeys(AUDITS, stages)


class Copy:
    """A copy of our packages that is edited, and the keys of some audits as the store makes them of it."""

    def __init__(self, place: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = place / "copy", patch
        copy_sources(self.folder)
        self._store = Store(place / "store")
        self.audits = {
            name: stages_of(Settings(**given), DryRun(place / name)) for name, given in AUDITS.items()
        }
        self.original = self.keys()

    def keys(self) -> dict[str, dict[str, list[str]]]:
        """Returns the keys of every stage of every audit, as long as inputs stay what they are."""
        self._patch.setattr(sources, "_tree", SourceTree(lambda package: [self.folder / package]))
        sources._digest.cache_clear()
        sources._versions.cache_clear()
        return {name: self._of(asked) for name, asked in self.audits.items()}

    def _of(self, asked: list[Asked]) -> dict[str, list[str]]:
        keys: dict[str, list[str]] = {}
        for one in asked:
            code = sorted(one.code - {one.stage.module})
            key = self._store.key(one.stage.name, one.stage.module, {}, code)
            keys.setdefault(one.stage.name, []).append(key)
        return keys

    def changed_by(self, edits: Mapping[str, Callable[[str], str]]) -> dict[str, set[str]]:
        """Returns the stages whose keys change while files are edited, by audit; audits without any are left out."""
        before = {file: (self.folder / file).read_text(encoding="utf-8") for file in edits}
        try:
            for file, edit in edits.items():
                after = edit(before[file])
                assert after != before[file], file
                (self.folder / file).write_text(after, encoding="utf-8")
            edited = self.keys()
        finally:
            for file, text in before.items():
                (self.folder / file).write_text(text, encoding="utf-8")
        found = {
            audit: {stage for stage, keys in stages.items() if edited[audit][stage] != keys}
            for audit, stages in self.original.items()
        }
        return {audit: stages for audit, stages in found.items() if stages}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield Copy(tmp_path_factory.mktemp("tree"), patch)
    sources._digest.cache_clear()
    sources._versions.cache_clear()


def python_files(copy: Copy) -> list[str]:
    return [str(path.relative_to(copy.folder)) for path in sorted(copy.folder.rglob("*.py"))]


def other_constant(text: str) -> str:
    """Changes the last number that stands in a file's code, a limit or a default; or the last text, where none does."""
    constants = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
    numbers = [node for node in constants if type(node.value) in (int, float)]
    texts = [node for node in constants if isinstance(node.value, str)]
    node = max(numbers or texts, key=lambda node: (node.lineno, node.col_offset))
    lines = [line.encode() for line in text.splitlines(keepends=True)]  # places are counted in bytes
    line = lines[node.lineno - 1]
    value = repr(node.value + 1 if node in numbers else f"{node.value!s} too").encode()
    lines[node.lineno - 1] = line[: node.col_offset] + value + line[node.end_col_offset :]
    return b"".join(lines).decode()


def other_words(text: str) -> str:
    """Adds a word to every docstring, a comment to every line that ends a statement, and lines without code."""
    edited = re.sub(r'^(\s*)"""(?=\w)', r'\1"""Edited: ', text, flags=re.MULTILINE)
    return "# Edited.\n\n" + edited + "\n# Edited.\n"


def test_words_change_no_key_wherever_they_stand(copy: Copy) -> None:
    assert copy.changed_by(dict.fromkeys(python_files(copy), other_words)) == {}


def test_what_only_type_checkers_read_changes_no_key(copy: Copy) -> None:
    block = "\n\nif TYPE_CHECKING:\n    import latent_audit.tasks.datasets.registry\n"
    block += "    import latent_audit.vae_models.presets.presets\n"
    files = [file for file in python_files(copy) if "TYPE_CHECKING" in (copy.folder / file).read_text()]
    assert len(files) > 20
    assert copy.changed_by(dict.fromkeys(files, lambda text: text + block)) == {}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        # data sets
        ("tasks/datasets/mnist.py", {"mnist": {"prepare"}}),
        ("tasks/datasets/sprites.py", {"sprites": {"prepare"}, "labels": {"prepare"}, "stacked": {"prepare"}}),
        ("tasks/datasets/celeba.py", {}),
        ("tasks/datasets/folder.py", {}),
        # presets, and their losses
        ("vae_models/presets/dip_vae_i.py", {"mnist": {"train"} | READ_MODEL}),
        ("vae_models/components/moment_matching.py", {"mnist": {"train"} | READ_MODEL}),
        ("vae_models/presets/dip_vae_ii.py", {}),
        ("vae_models/presets/factor_vae.py", {}),
        ("vae_models/components/total_correlation_discriminator.py", {}),
        ("vae_models/components/capacity.py", {}),
        ("vae_models/components/mixture_priors.py", {}),
        ("vae_models/presets/beta_vae.py", {"stacked": {"train_stack"} | READ_MODEL}),
        ("vae_models/interpretable_gan/settings.py", {"sprites": {"train", "discriminate"} | READ_MODEL}),
        ("vae_models/interpretable_gan/losses.py", {"sprites": {"train", "discriminate"} | READ_MODEL}),
        ("vae_models/components/semi_supervised_vae.py", {"labels": {"train"} | READ_MODEL}),
        ("vae_models/pretrained/checkpoint_settings.py", {"labels": {"import"} | READ_MODEL}),
        ("vae_models/pretrained/entrypoint.py", {}),
        ("vae_models/pretrained/exported_archive.py", {}),
        # training
        ("vae_models/training/loop.py", {
            "sprites": {"train", "classify"}, "mnist": {"train", "classify"},
            "labels": {"train", "classify", "model_specific"}, "stacked": {"train_stack", "classify"},
        }),
        ("vae_models/training/stacked_networks.py", {"stacked": {"train_stack"}}),
        # Semi-supervised learning is held against its network.
        ("vae_models/attribute_classifier/classifier.py", {
            **in_each(READ_CLASSIFIER), "labels": READ_CLASSIFIER | {"model_specific"},
        }),
        # analyses
        ("tasks/analyses/applications/anomaly.py", in_each({"applications"})),
        ("tasks/analyses/checks/specificity.py", in_each({"probe", "negative_controls", "locate", "verdicts"})),
        ("tasks/analyses/statistics/splits.py", in_each({"prepare"})),
        ("tasks/analyses/checks/verdicts.py", in_each({"verdicts"})),
        ("tasks/analyses/attributions/captum_agreement.py", {"sprites": {"discriminate"}}),
        ("tasks/analyses/applications/label_efficiency.py", {"labels": {"model_specific"}}),
        ("tasks/analyses/selftest/synthetic_data.py", {}),
        # stages
        ("tasks/stages/evidence/encode.py", in_each({"encode"})),
        ("tasks/stages/evidence/fitness.py", in_each({"fitness"})),
        ("tasks/stages/training/train_classifiers.py", in_each({"classify"})),
        # the report
        ("reports/page/sections/explanations/applications.py", in_each({"draw"})),
        ("reports/page/sections/attributes/cards.py", in_each({"draw_pictures"})),
        ("reports/page/sections/overview/provenance.py", {}),
        ("reports/page/latent_size_page.py", {}),
        ("reports/page/plots/canvas.py", in_each(DRAW)),
        # how a run is driven
        ("tasks/execution/stage_runner.py", {}),
        ("tasks/execution/runners/work_item.py", {}),
        ("tasks/settings/audit.py", {}),
        ("tasks/settings/explanations.py", {}),
        ("latent_audit/__init__.py", {}),
    ],
)  # fmt: skip
def test_another_constant_changes_the_stages_that_use_it(
    copy: Copy, file: str, expected: dict[str, set[str]]
) -> None:
    assert copy.changed_by({file: other_constant}) == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("reports/page/messages/en.yaml", DRAW | {"verdicts"}),
        ("reports/page/templates/uses.html", DRAW),
        ("reports/record/audit-1.0.schema.json", DRAW | {"verdicts"}),
        ("reports/page/static/report.js", set()),
        ("tasks/runs/selftest_record.json", set()),
    ],
)
def test_files_that_code_reads_count(copy: Copy, file: str, expected: set[str]) -> None:
    found = copy.changed_by({file: lambda text: text + "\n"})
    assert found == (in_each(expected) if expected else {})


def test_another_part_of_the_record_changes_what_writes_and_shows_it(copy: Copy) -> None:
    part = "    supervision: NotRequired[Supervision]\n"
    edit = {
        "latent_audit/vocabulary/record/model.py": lambda text: text.replace(
            part, part + "    where: NotRequired[str]\n"
        )
    }
    assert copy.changed_by(edit) == in_each(DRAW | {"verdicts"})


def test_a_new_kind_changes_no_key(copy: Copy) -> None:
    line = '    "vae": '
    assert (
        copy.changed_by(
            {"vae_models/presets/registry.py": lambda text: text.replace(line, '    "new": "a:B",\n' + line)}
        )
        == {}
    )


def test_no_stage_imports_a_stage_a_catalogue_or_a_preset(copy: Copy) -> None:
    stages = {one.stage.module for asked in copy.audits.values() for one in asked}
    lists = {
        "latent_audit.tasks.datasets.registry",
        "latent_audit.vae_models.presets.presets",
        "latent_audit.tasks.settings.audit",
        "latent_audit.tasks.stages.registry",
    }
    presets = {place.partition(":")[0] for place in KINDS.values()}
    for module in stages:
        found = sources.closure(module)
        assert not found & (stages | lists) - {module}, module
        # The classifier is every audit's own.
        allowed = (
            {"latent_audit.vae_models.attribute_classifier.settings"}
            if module == "latent_audit.tasks.stages.training.train_classifiers"
            else set()
        )
        assert not found & presets - allowed, module


def test_the_contract_on_stages_names_every_stage() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    named = next(one["modules"] for one in settings["contracts"] if one["name"] == "No stage imports a stage")
    code = {module for stage in STAGES for _, _, module in stage.code}
    assert set(named) == {stage.module for stage in STAGES} | code


def test_readers_import_what_they_read_and_nothing_that_makes_it() -> None:
    for reader in ("prepared", "codes", "informativeness"):
        found = sources.closure(f"latent_audit.tasks.stages.inputs.{reader}")
        assert len(_files(found)) < 14, found
        assert not [name for name in found if name.startswith("latent_audit.vae_models")]
    assert len(_files(sources.closure("latent_audit.vae_models.storage.checkpoints"))) < 12


def _files(modules: frozenset[str]) -> set[str]:
    """Returns the modules that are not packages."""
    return {name for name in modules if not any(other.startswith(f"{name}.") for other in modules)}
