"""Small audits through the real command, and everything that is asked of them; made once for all tests.

`commands`: one audit is interrupted while it trains, and killed at two later moments; then one process goes on with
it, repeats it, repeats it in a fresh store, accepts it, changes one setting at a time, with settings from the
environment alone and from the command line alone, and every threshold, and reports on one seed of one model, for tests
that verify a run often. `others`: one process runs what must be refused, names that try to be something else, a study
of latent sizes, and models that were trained elsewhere.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors import SafetensorError, safe_open

from tests.audits.brought.hostile_models import write_hostile_models
from tests.audits.existing_audit import write_existing_audit
from tests.audits.failing_audit import PARTS, of_any_number, of_nothing, write_failing_audit
from tests.audits.grouped_audit import write_grouped_audit
from tests.audits.hostile_audit import write_hostile_audit
from tests.audits.one_of_each import write_one_of_each
from tests.audits.ordered_audit import write_ordered_audits
from tests.audits.own_audit import BESIDE, TWO_CLASSIFIERS, UNCERTAIN, write_own_audit
from tests.audits.strangers import put_strangers
from tests.audits.tiny_audit import CHANGED_THRESHOLDS, TINY, command_environment
from tests.chaos import PUBLISHING, Kill, Moment, kill_during
from tests.left_behind import CHAOS_HOME
from tests.real_data import real_data_folder

# A name that stands in every path of these runs, as a user's name does: it must not get out.
USER = "marianne-of-the-tests"
# Ctrl-C is pressed when a training run is this far: the VAE's, since the GAN's has ten steps alone.
ENOUGH_STEPS = 20
# No worker processes to start: they import for seconds each.
IN_ONE_THREAD = ("--compute.runner", "thread")
TINY_SETTINGS: dict[str, Any] = {**yaml.safe_load(TINY), "compute": {"runner": "thread"}}
# The same audit with all its settings in the environment, above a file that says something else of two of them.
FROM_ENVIRONMENT = {
    **{f"LATENT_AUDIT_{section.upper()}": json.dumps(value) for section, value in TINY_SETTINGS.items()},
    "LATENT_AUDIT_SUBJECT__OWNER": "Ada",
}
FILE = "subject: {owner: of the file, out_of_scope: of the file}\nseeds: [7]\n"
# And with all of them on the command line, above an environment that says something else of two of them.
FROM_WORDS = [
    word for section, value in TINY_SETTINGS.items() for word in (f"--{section}", json.dumps(value))
]
OVERRULED = {
    "LATENT_AUDIT_DATA__IMAGES": "1700",
    "LATENT_AUDIT_MODELS": '{"other": {"kind": "vae"}}',
    "LATENT_AUDIT_SUBJECT__INTENDED_USE": "of the environment",
}
OTHER_THRESHOLDS = [
    word
    for name, value in asdict(CHANGED_THRESHOLDS).items()
    for word in (f"--evidence.thresholds.{name}", str(value))
]
# The reduced form of `python -m tests.chaos`.
KILLED_AT = (Moment("train", 0.3), Moment(PUBLISHING, 0.2))


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Commands:
    """Every command that was run, by a name, and the folder they were run in."""

    home: Path
    ended: dict[str, Ended]
    interrupted_at: dict[str, int]
    kills: list[Kill]

    def last_line(self, name: str, code: int) -> str:
        """Returns what a command that made no report said last."""
        ended = self.ended[name]
        assert ended.code == code, ended
        assert "Traceback" not in ended.err + ended.out
        assert "report:" not in ended.out
        return ended.err.rstrip().rpartition("latent-audit: ")[2]

    def run_folder(self, name: str) -> Path:
        """Returns the run folder that a command's last lines name."""
        line = next(line for line in self.ended[name].out.splitlines() if line.startswith("report: "))
        return (self.home / line.removeprefix("report: ")).parent


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Commands:
    home, environment = _home(tmp_path_factory.mktemp("audit"), pytestconfig)
    first, steps = _interrupted(home, environment)
    kills = [kill_during(home, {**environment, CHAOS_HOME: str(home)}, moment) for moment in KILLED_AT]
    asked = {
        "continued": _words("tiny.yaml"),
        "repeated": _words("tiny.yaml"),
        "afresh": _words("tiny.yaml", "--run.store", "afresh", f"--run.output={home}/other", *IN_ONE_THREAD),
        "accepted": _command(
            "accept", "runs/latest", "--by", "Ada", "--over_time.audited_from_supported", "0"
        ),
        "owner": _command("run", "file.yaml", environment=FROM_ENVIRONMENT),
        "other limits": _words("tiny.yaml", *OTHER_THRESHOLDS, *IN_ONE_THREAD),
        "one model": _command("run", *FROM_WORDS, "--models.vae.beta", "3", environment=OVERRULED),
        "one seed": _words(_write_one_seed(home), *IN_ONE_THREAD),
    }
    return Commands(home, {"interrupted": first, **_in_one_process(asked, home, environment)}, steps, kills)


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Commands:
    home, environment = _home(tmp_path_factory.mktemp("others"), pytestconfig)

    def bad(name: str, *given: str, largest_file: int = 0) -> dict[str, Any]:
        places = ("--run.name", name, "--run.output", "bad runs", "--compute.workers", "1")
        return _words(*places, *given, largest_file=largest_file)

    _wrong_mirror(home / "mirror")
    folder = {"kind": "folder", "folder": "pictures", "table": "table.csv"}
    write_pictures(home, cut=(3,))
    asked = {
        "hostile": _words(write_hostile_audit(home), *IN_ONE_THREAD),
        "hostile models": _words(write_hostile_models(home), *IN_ONE_THREAD),
        "one of each": _words(write_one_of_each(home), *IN_ONE_THREAD),
        **{
            order: _words(name, *IN_ONE_THREAD)
            for order, name in write_ordered_audits(home, 1500, small=True).items()
        },
        "latent size": _latent_size(),
        "parts fail": _words(write_failing_audit(home), *IN_ONE_THREAD, failing=PARTS),
        "parts tried again": _words("parts.yaml", *IN_ONE_THREAD),
        "lost memory": _words(
            *("parts.yaml", "--run.name", "memory", "--run.output", "bad runs"),
            *("--models.few.entrypoint", "of_few:make_hungry", *IN_ONE_THREAD),
        ),
        "no model left": _words(
            *("parts.yaml", "--run.name", "none left", "--run.output", "bad runs", *IN_ONE_THREAD),
            *("--models", json.dumps({name: of_nothing(home) for name in ("one", "other")})),
        ),
        # Of images that are too few to train a model of ours on, with one that was trained elsewhere.
        "fifteen hundred": _words(
            *("parts.yaml", "--run.output", "small runs", "--data.images", "1500"),
            # In processes, which began before it was known whose code they need.
            *("--models", json.dumps({"theirs": of_any_number(home)}), "--compute.workers", "2"),
        ),
        "too few images": bad("few", "--data.images", "300"),
        "corrupt image": bad("corrupt", f"--data={json.dumps(folder)}"),
        "wrong checksum": bad("checksum", "--data.kind", "mnist", "--data.mirror", "mirror"),
        "full disk": bad("full", "--data.images", "20000", largest_file=8_000_000),
    }
    own = write_own_audit(home)
    asked["own data"] = _words(own, *IN_ONE_THREAD)
    asked["own data verified"] = _command("verify", "own runs/latest")
    asked["must not be held"] = _words(
        *(own, "--run.output", "claims", "--evidence.must_not_hold"),
        json.dumps(["acc@5", {"attribute": "a/b", "given": ["acc@5"]}]),
        *(
            "--evidence.protected",
            json.dumps(["a/b", "glasses"]),
            "--classifier",
            json.dumps(TWO_CLASSIFIERS),
        ),
        *("--explanations.learning_checkpoints", "3", "--explanations.drop_unused", "true"),
        *("--explanations.bayesian_classifier", json.dumps(UNCERTAIN)),
        *(word for name, value in BESIDE.items() for word in (f"--explanations.{name}", json.dumps(value))),
        *("--require", json.dumps({"vae": {"acc@5": "absent"}}), *IN_ONE_THREAD),
    )
    asked["must not be held verified"] = _command("verify", "claims/latest")
    asked["unknown claim"] = _words(
        own, "--run.output", "bad runs", "--evidence.must_not_hold", "[colour]", *IN_ONE_THREAD
    )
    asked["unknown protected"] = _words(
        own, "--run.output", "bad runs", "--evidence.protected", "[colour]", *IN_ONE_THREAD
    )
    grouped = write_grouped_audit(home)
    asked["groups"] = _words(grouped, *IN_ONE_THREAD)
    asked["groups verified"] = _command("verify", "grouped runs/latest")
    asked["too few groups"] = _words(
        grouped, "--evidence.thresholds.groups_min", "60", "--run.output", "few groups", *IN_ONE_THREAD
    )
    asked["no such column"] = _words(
        grouped, "--data.groups", "patient", "--run.output", "bad runs", *IN_ONE_THREAD
    )
    asked["unknown group"] = _words(
        own, "--run.output", "bad runs", "--evidence.subgroup_by", "colour", *IN_ONE_THREAD
    )
    if real_data_folder().is_dir():
        asked["existing"] = _words(write_existing_audit(home, real_data_folder()), *IN_ONE_THREAD)
    return Commands(home, _in_one_process(asked, home, environment), {}, [])


def _home(place: Path, pytestconfig: pytest.Config) -> tuple[Path, dict[str, str]]:
    home = place / USER
    home.mkdir()
    (home / "tiny.yaml").write_text(TINY)
    (home / "file.yaml").write_text(FILE)
    put_strangers(home)
    assert pytestconfig.cache is not None
    # An order that hangs on hashes of text would show: `_in_one_process` has other ones.
    return home, {**command_environment(pytestconfig.cache.mkdir("numba")), "PYTHONHASHSEED": "1"}


def _words(*given: str, largest_file: int = 0, failing: Sequence[str] = ()) -> dict[str, Any]:
    return _command("run", *given, largest_file=largest_file, failing=failing)


def _command(
    *given: str,
    largest_file: int = 0,
    failing: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "words": given,
        "largest_file": largest_file,
        "failing": list(failing),
        "environment": environment or {},
    }


def _in_one_process(
    asked: dict[str, dict[str, Any]], home: Path, environment: dict[str, str]
) -> dict[str, Ended]:
    result = home / "results.json"
    subprocess.run(
        [sys.executable, "-m", "tests.audits.one_process", str(result)],
        input=json.dumps(list(asked.values())),
        cwd=home,
        env={**environment, "PYTHONHASHSEED": "2"},
        text=True,
        check=True,
        timeout=1500,
    )
    return dict(zip(asked, (Ended(**one) for one in json.loads(result.read_text())), strict=True))


def _write_one_seed(home: Path) -> str:
    """Writes settings of a run of one model and seed, whose stages are reused; returns the file's name.

    It has a name and a folder of its own. It is verified in half the time of the whole audit.
    """
    settings = {
        **TINY_SETTINGS,
        "run": {"name": "one-seed", "output": "one seed"},
        "seeds": [0],
        "models": {"vae": TINY_SETTINGS["models"]["vae"]},
    }
    (home / "one_seed.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return "one_seed.yaml"


def _latent_size() -> dict[str, Any]:
    places = ("--run.output", "sizes", "--latent_size.sizes", "[1, 2]", "--latent_size.folds", "2")
    words = ["latent-size", "tiny.yaml", *places, "--models.vae.training.steps", "60", *IN_ONE_THREAD]
    return _command(*words)


def _interrupted(home: Path, environment: dict[str, str]) -> tuple[Ended, dict[str, int]]:
    """Presses Ctrl-C when training has written its first checkpoint; returns how far each training was."""
    process = subprocess.Popen(
        [sys.executable, "-m", "latent_audit.flows.cli.main", "run", "tiny.yaml"],
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not any(step >= ENOUGH_STEPS for step in _steps(home).values()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "training did not begin"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    return Ended(process.returncode, out, err), _steps(home)


def _steps(home: Path) -> dict[str, int]:
    """Returns the step of each checkpoint, by the name of its folder."""
    found = {}
    for path in home.glob("artifacts/train/.work-*/training_state.safetensors"):
        try:
            with safe_open(path, framework="numpy") as file:
                found[path.parent.name] = json.loads(file.metadata()["facts"])["step"]
        except (OSError, SafetensorError):
            continue  # its training just ended
    return found


def write_pictures(home: Path, *, count: int = 120, cut: Sequence[int] = ()) -> None:
    """Writes small pictures and their table; those at `cut` end half way."""
    import numpy as np
    from PIL import Image

    folder = home / "pictures"
    folder.mkdir()
    rows = ["file,tall,grey"]
    random = np.random.default_rng(0)
    for index in range(count):
        path = folder / f"{index:03d}.png"
        Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(path)
        rows.append(f"{path.name},{index % 2},{random.uniform():.4f}")
    for index in cut:
        path = folder / f"{index:03d}.png"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (home / "table.csv").write_text("\n".join(rows) + "\n")


def _wrong_mirror(mirror: Path) -> None:
    (mirror / "mnist").mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (mirror / "mnist" / f"{part}-ubyte.gz").write_bytes(b"not the published file")
