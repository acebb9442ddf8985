"""Every command and every option that its help prints, by the program that users call, with its effect.

`TESTED` says where each of them is run for real; a command or an option that is not in it fails. There a comment
`# effect of COMMAND OPTION ...` stands before the assertion that fails where these options have none.
"""

import ast
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml

from latent_audit.flows.cli.main import main
from latent_audit.reports.record.audit_json import read_audit
from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.audits import Commands, write_pictures
from tests.audits.tiny_audit import COMMAND, REPOSITORY

pytestmark = [
    pytest.mark.timeout(1200),
    # MLflow uses what its database library is about to drop.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]

HERE = "tests/end_to_end/test_every_command.py"
ACCEPT = f"{HERE}::test_an_accepted_run_is_noted_tagged_and_audited"
AUDIT = "tests/end_to_end/test_audit.py"
CLEAN = f"{HERE}::test_clean_removes_what_is_old_and_spares_what_was_accepted"
CODES = "tests/flows/test_codes.py::test_labels_are_read_and_nothing_is_said_to_be_tested"
GENERATOR = "tests/flows/test_codes.py::test_a_generator_is_audited_by_what_it_draws"
COMPARE = f"{HERE}::test_compare_in_text_and_as_json_and_as_a_page"
DATA = f"{HERE}::test_one_data_set_is_described"
EXPLAIN = "tests/end_to_end/one_image/test_explain_command.py"
EXPLAIN_PAGE = f"{EXPLAIN}::test_the_page_of_an_image_of_ones_own"
EXPLAIN_OPTIONS = f"{EXPLAIN}::test_a_row_of_the_data_with_each_option"
EXPLAIN_WHERE = f"{EXPLAIN}::test_where_the_page_goes_and_in_which_language"
EXPLAIN_TRACK = f"{EXPLAIN}::test_mlflow_hears_of_it_when_asked_to_alone"
EXPLAIN_KINDS = f"{EXPLAIN}::test_other_kinds_of_models"
EXPLAIN_STORE = f"{EXPLAIN}::test_a_store_without_the_model_is_said_so"
OWN_CODE_EXPLAINED = "tests/end_to_end/test_existing_model.py::test_one_image_is_explained_with_it"
OWN_CODE_SAMPLED = (
    "tests/end_to_end/test_existing_model.py"
    "::test_own_code_runs_only_where_its_folder_is_named_and_is_what_was_audited"
)
EXPORTS = "tests/tasks/runs/test_exports.py"
EXPORTED = f"{EXPORTS}::home"
OUTSIDE = f"{EXPORTS}::test_they_go_where_they_are_asked_to"
SIGNED = f"{EXPORTS}::test_a_statement_is_signed_and_verified_and_the_run_stays_whole"
INSPECT = "tests/flows/test_inspect.py::test_weights_are_recognised_and_the_settings_are_valid"
LATENT_SIZE = (
    "tests/end_to_end/test_latent_size_command.py::test_a_small_study_ends_with_a_curve_and_a_choice"
)
PDF = "tests/browser/test_pdf.py::test_the_report_is_printed_whole"
SAMPLE = "tests/end_to_end/one_image/test_sample_command.py"
SAMPLE_NAMED = f"{SAMPLE}::test_samples_of_a_model_with_names"
SAMPLE_MEMORY = f"{SAMPLE}::test_ten_thousand_samples_take_little_more_memory_than_a_hundred"
SAMPLE_STORE = f"{SAMPLE}::test_a_store_without_the_model_is_said_so"
SEAL = "tests/end_to_end/test_seal.py::test_it_holds_in_another_folder_and_time_zone_and_is_vouched_for"
SELFTEST = "tests/end_to_end/test_selftest_command.py"
SERVICES = "tests/services/test_schedule.py::test_a_schedule_fires_and_its_report_is_in_mlflow"
SETTINGS = f"{HERE}::test_settings_are_printed"
UI = "tests/browser/test_mlflow.py::test_the_report_works_in_the_artifact_pane"
PLACES = ("--store", "--prefect-port", "--mlflow-port")
EFFECT = re.compile(r"# effect of ([a-z-]+)((?: \S+)+)$")
TESTED = {
    "run": {
        "CONFIG.yaml": f"{AUDIT}::test_same_settings_same_bytes",
        "--section.key": f"{AUDIT}::test_settings_of_the_command_line_are_those_of_the_file",
    },
    "latent-size": {"CONFIG.yaml": LATENT_SIZE, "--section.key": LATENT_SIZE},
    "inspect": {"PATH": INSPECT},
    "codes": {
        **dict.fromkeys(
            ("CODES", "--labels", "--output", "--types", "--must_not_hold", "--permutations", "--seed", "--language"),
            CODES,
        ),
        **dict.fromkeys(("--generator", "--code", "--rows"), GENERATOR),
    },
    "settings": {"CONFIG.yaml": SETTINGS, "--section.key": SETTINGS},
    "data": {"NAME": DATA, "--data.key": DATA},
    "ui": {"CONFIG.yaml": UI, "--section.key": UI, "--port": UI},
    "up": dict.fromkeys(
        (*PLACES, "--deploy", "--wait", "--prefect-database", "--mlflow-database"), SERVICES
    ),
    "down": {"--store": SERVICES},
    "status": dict.fromkeys(PLACES, SERVICES),
    "verify": {"DIR": SEAL, "--digest": SEAL, "--key": SEAL, "--statement": SIGNED},
    "sign": {"DIR": SEAL, "STATEMENT": SIGNED, "--key": SEAL, "--replace": SEAL},
    "compare": dict.fromkeys(("DIR_A", "DIR_B", "--json", "--html", "--language"), COMPARE),
    "explain": {
        "--code": OWN_CODE_EXPLAINED, "RUN": EXPLAIN_PAGE, "IMAGE": EXPLAIN_PAGE, "--store": EXPLAIN_STORE,
        "--track": EXPLAIN_TRACK,
        "--model": EXPLAIN_KINDS, **dict.fromkeys(("--seed", "--against", "--method"), EXPLAIN_OPTIONS),
        **dict.fromkeys(("--attribute", "--output", "--format", "--language"), EXPLAIN_WHERE),
    },
    "sample": {
        **dict.fromkeys(("RUN", "--model", "--number", "--ask", "--seed", "--noise", "--output"), SAMPLE_NAMED),
        "--format": SAMPLE_MEMORY,
        "--store": SAMPLE_STORE,
        "--code": OWN_CODE_SAMPLED,
    },
    "pdf": {"DIR": PDF, "--output": PDF, "--browser": PDF},
    "export": {"RUN": EXPORTED, "--format": EXPORTED, "--output": OUTSIDE},
    "figures": {"RUN": EXPORTED, "--output": OUTSIDE},
    "accept": {"RUN": ACCEPT, "--by": ACCEPT, "--section.key": ACCEPT},
    "clean": dict.fromkeys(("--yes", "--days", "--keep", "--store", "--output"), CLEAN),
    "selftest": {
        "--reduced": f"{SELFTEST}::test_the_reduced_selftest_measures_every_row_and_is_cited",
        "--seed": f"{SELFTEST}::test_the_reduced_selftest_measures_every_row_and_is_cited",
        "--save": f"{SELFTEST}::test_the_reduced_selftest_measures_every_row_and_is_cited",
    },
}  # fmt: skip


def printed_help(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    return capsys.readouterr().out


def options_of(shown: str) -> set[str]:
    """Returns what a help says may be given: the words of its usage, and its list of options."""
    usage, _, rest = shown.partition("\n\n")
    words = usage.removeprefix("usage: latent-audit").replace("[", "").replace("]", "")
    options = set(re.findall(r"--[a-z][\w.-]*", words))
    bare = re.sub(r"--[a-z][\w.-]*( [A-Z0-9_]+)?", "", words)
    listed = re.findall(r"^  (--[\w-]+)", rest.partition("options:\n")[2], re.MULTILINE)
    return options | set(re.findall(r"[A-Z][A-Z_]+(?:\.yaml)?", bare)) | set(listed)


def test_every_command_and_option_that_a_help_prints_has_its_test(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    listed = printed_help(capsys).partition("\ncommands:\n")[2]
    names = re.findall(r"^    ([a-z][\w-]*)(?: |$)", listed, re.MULTILINE)
    assert names == list(TESTED)
    for name in names:
        assert options_of(printed_help(capsys, name)) == set(TESTED[name]), name


@pytest.mark.parametrize(
    ("command", "option"), [(command, option) for command, options in TESTED.items() for option in options]
)
def test_the_test_of_an_option_asserts_its_effect(command: str, option: str) -> None:
    file, _, function = TESTED[command][option].partition("::")
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    asserted = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)}
    effects = [
        line + 1
        for line, words in enumerate(text.splitlines(), 1)
        if (found := EFFECT.search(words)) and found[1] == command and option in found[2].split()
    ]
    assert effects, f"no comment before an assertion: # effect of {command} {option}"
    assert set(effects) <= asserted, f"below the comment in line {effects[0] - 1} stands no assertion"


def called(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *words], cwd=place, capture_output=True, text=True, check=False, timeout=600
    )


def outcome(place: Path, *words: str) -> str:
    ended = called(place, *words)
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return ended.stdout


def facts_of(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return facts


# ---- accept ------------------------------------------------------------------------------------


def test_an_accepted_run_is_noted_tagged_and_audited(commands: Commands) -> None:
    """The fixture ran: accept runs/latest --by Ada --over_time.audited_from_supported 0."""
    run, home = commands.run_folder("repeated"), commands.home
    ended = commands.ended["accepted"]
    assert (ended.code, ended.err) == (0, "")
    names = [f"tiny-{model}-{part}" for model in ("vae", "gan") for part in ("encoder", "decoder")]
    # effect of accept RUN --section.key
    assert ended.out == f"accepted: {run.name}\naudited in MLflow: {', '.join(names)}\n"
    (line,) = (home / "runs" / "tiny" / "accepted.jsonl").read_text().splitlines()
    note = json.loads(line)
    # effect of accept --by
    assert (note["run_id"], note["by"]) == (run.name, "Ada")
    assert note["manifest"] == digest_of_file(run / "manifest.json")
    uri = f"sqlite:///{home / 'artifacts' / 'mlflow' / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    tags = client.get_run(facts_of(run)["mlflow"]["parent_run_id"]).data.tags
    assert (tags["accepted"], tags["accepted_by"]) == (note["accepted"], "Ada")
    weights = {
        model["name"]: model["weights_digest"] for model in read_audit(run)["models"] if model["is_lead"]
    }
    for name in names:
        audited = client.get_model_version_by_alias(name, "audited")
        assert audited.tags["weights_digest"] == weights[name.split("-")[1]]


def test_later_runs_say_what_changed_since_the_accepted_one(commands: Commands) -> None:
    assert facts_of(commands.run_folder("continued"))["since_accepted"] is None
    accepted = commands.run_folder("repeated").name
    for name, changed in (("owner", False), ("other limits", True)):
        folder = commands.run_folder(name)
        since = facts_of(folder)["since_accepted"]
        assert (since["run_id"], since["changed"], since["same_data"]) == (accepted, changed, True)
        assert bool(since["verdicts"]) == changed
        lines = [line for line in commands.ended[name].err.splitlines() if line.startswith("changed since")]
        assert bool(lines) == changed
        assert accepted in (folder / "report.html").read_text()


def test_a_run_of_another_store_is_accepted_without_it(commands: Commands, tmp_path: Path) -> None:
    run = Path(shutil.copytree(commands.run_folder("continued"), tmp_path / "runs" / "tiny" / "there"))
    ended = called(tmp_path, "accept", "runs/tiny/there")  # MLflow says that it makes a database
    assert ended.returncode == 0, ended
    assert ended.stdout == (
        "accepted: there\n"
        "MLflow does not know this run, so nothing was said there; name its store with --tracking.uri\n"
    )
    assert json.loads((run.parent / "accepted.jsonl").read_text())["by"] == ""


# ---- what is done with finished runs -----------------------------------------------------------


def test_compare_in_text_and_as_json_and_as_a_page(commands: Commands, tmp_path: Path) -> None:
    first, second = (str(commands.run_folder(name)) for name in ("continued", "other limits"))
    told = outcome(tmp_path, "compare", first, second)
    # effect of compare DIR_A DIR_B
    assert all(f"tiny/{Path(run).name}" in told for run in (first, second))
    page = tmp_path / "changes.html"
    words = ("compare", first, second, "--json", "--html", str(page), "--language", "zh")
    found = json.loads(outcome(tmp_path, *words))
    # effect of compare --json
    assert {fact["name"]: fact["second"] for fact in found["facts"]}["thresholds.significance"] == 0.231
    html = page.read_text(encoding="utf-8")
    # effect of compare --language
    assert '<html lang="zh' in html
    # effect of compare --html
    assert Path(first).name in html
    assert f"{len(found['verdicts'])}" in told


def test_clean_removes_what_is_old_and_spares_what_was_accepted(commands: Commands, tmp_path: Path) -> None:
    """On a copy of ledgers and manifests, which is all that it reads."""
    runs, store = tmp_path / "my runs", tmp_path / "my store"
    names = ["continued", "repeated", "owner", "other limits", "one model"]
    folders = {name: runs / "tiny" / commands.run_folder(name).name for name in names}
    for name, folder in folders.items():
        folder.mkdir(parents=True)
        for file in ("ledger.jsonl", "manifest.json"):
            shutil.copyfile(commands.run_folder(name) / file, folder / file)
        os.utime(folder, (0, 0))
    shutil.copyfile(commands.home / "runs" / "tiny" / "accepted.jsonl", runs / "tiny" / "accepted.jsonl")
    (runs / "latest").symlink_to(folders["one model"].relative_to(runs))
    rested = {name: ledger_keys(folder) for name, folder in folders.items()}
    for stage, key in set().union(*rested.values()):
        (store / stage / key).mkdir(parents=True)
        shutil.copy(commands.home / "artifacts" / stage / key / "manifest.json", store / stage / key)
        os.utime(store / stage / key / "manifest.json", (0, 0))
    places = ("--store", "my store", "--output", "my runs")
    words = ("clean", "--days", "1", "--keep", "1", *places)
    going = {folders[name] for name in ("continued", "owner", "other limits")}
    said = outcome(tmp_path, *words)
    assert said.endswith("may go; --yes removes it\n")
    # effect of clean --days
    assert (
        outcome(tmp_path, "clean", "--days", "100000", *words[3:]) == f"{NOTHING} may go; --yes removes it\n"
    )
    # effect of clean --keep
    assert going_of(outcome(tmp_path, *words[:3], "--keep", "5", *places), "run") == set()
    assert going_of(said, "run") == {folder.relative_to(tmp_path).as_posix() for folder in going}
    # effect of clean --store
    assert (
        going_of(outcome(tmp_path, *words, "--store", "another"), "stage") == set() != going_of(said, "stage")
    )
    # effect of clean --output
    assert going_of(outcome(tmp_path, *words, "--output", "another"), "run") == set()
    assert all(folder.is_dir() for folder in folders.values())
    assert outcome(tmp_path, *words, "--yes").endswith("folders removed\n")
    # effect of clean --yes
    assert {folder for folder in folders.values() if not folder.is_dir()} == going
    kept = {(path.parent.parent.name, path.parent.name) for path in store.glob("*/*/manifest.json")}
    assert kept == rested["repeated"] | rested["one model"]
    assert rested["other limits"] - kept
    assert outcome(tmp_path, "clean", "--days", "0", "--keep", "0", *places, "--yes").startswith(NOTHING)


NOTHING = "0.0 MB in 0 folders"


def going_of(said: str, kind: str) -> set[str]:
    """Returns the folders of a kind, runs or stages, that `clean` says may go."""
    return set(re.findall(rf"^{kind} .* MB  (.*)$", said, re.MULTILINE))


def ledger_keys(folder: Path) -> set[tuple[str, str]]:
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    return {(line["stage"], line["key"]) for line in lines}


# ---- before a run ------------------------------------------------------------------------------


def test_settings_are_printed(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("run: {name: of the file, seed: 5}\n")
    printed = yaml.safe_load(outcome(tmp_path, "settings", "mine.yaml", "--run.seed", "3"))
    # effect of settings CONFIG.yaml --section.key
    assert printed["run"] == {
        "name": "of the file", "seed": 3, "store": "artifacts", "shared_store": None, "output": "runs"
    }  # fmt: skip


def test_one_data_set_is_described(tmp_path: Path) -> None:
    shown = outcome(tmp_path, "data", "sprites", "--data.images", "2000")
    # effect of data --data.key
    assert "2,000 images of 32 x 32 pixels, 1 channels" in shown
    write_pictures(tmp_path)
    own = called(tmp_path, "data", "folder", "--data.folder", "pictures", "--data.table", "table.csv")
    # effect of data NAME
    assert "120 images of 64 x 64 pixels, 3 channels" in own.stdout
    assert "fault: 120 images are too few for the parts" in " ".join(own.stdout.split())
    assert own.returncode == 2
