"""The container and the Kubernetes work pool: held against what their readers demand, without running either."""

import json
import re
from pathlib import Path
from typing import Any

import prefect
import pytest
from jsonschema import Draft202012Validator

from latent_audit.tasks.execution import process_setup

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "deployment"
# https://docs.docker.com/reference/dockerfile/
KNOWN = {
    "FROM", "RUN", "CMD", "LABEL", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER", "WORKDIR", "ARG",
    "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL",
}  # fmt: skip
SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key)\w*\s*[=:]\s*\S|://[^/\s:]+:[^/\s@]+@")


def instructions() -> list[tuple[str, str]]:
    """Returns each instruction of the Dockerfile with its words, continued lines joined."""
    lines = (line for line in (FOLDER / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in whole.splitlines() if line.strip()]


def words_of(name: str) -> list[str]:
    return [words for instruction, words in instructions() if instruction == name]


def environment_of_image() -> dict[str, str]:
    return dict(pair.split("=", 1) for words in words_of("ENV") for pair in words.split())


def test_every_instruction_is_one_that_docker_knows() -> None:
    names = [name for name, _ in instructions()]
    assert set(names) <= KNOWN
    assert names[0] == "FROM"
    assert names.count("ENTRYPOINT") == names.count("CMD") == 1


def test_the_base_is_a_slim_python_of_one_release_that_we_support() -> None:
    (base,) = words_of("FROM")
    release = re.fullmatch(r"python:3\.(\d+)\.\d+-slim-\w+", base)
    assert release is not None
    assert int(release[1]) >= 11


def test_it_does_not_run_as_root() -> None:
    names = [name for name, _ in instructions()]
    (user,) = words_of("USER")
    assert user not in ("root", "0")
    assert f" {user}" in " ".join(words_of("RUN"))  # made there
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "RUN" not in names[names.index("USER") :]


def test_what_is_copied_is_there_and_let_through() -> None:
    copied = [source for words in words_of("COPY") for source in words.split()[:-1]]
    let_through = {
        line[1:]
        for line in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert set(copied) == let_through
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert {"requirements.lock", "flows", "tasks", "vae_models", "reports", "latent_audit"} <= set(copied)


def test_the_image_sets_what_our_own_commands_set() -> None:
    """Prefect starts a run's process there, so the allocator must be told before."""
    ours = {
        **process_setup.ALLOCATOR,
        **process_setup.QUIET,
        **process_setup.THREADS,
        **process_setup.PREFECT,
    }
    shared = {name: value for name, value in environment_of_image().items() if name in ours}
    assert shared == {name: ours[name] for name in shared}
    assert set(shared) >= {
        *process_setup.ALLOCATOR,
        *process_setup.THREADS,
        "DO_NOT_TRACK",
        "MLFLOW_DISABLE_TELEMETRY",
    }


def test_the_entrypoint_is_a_worker_of_the_pool_that_we_deploy_to() -> None:
    assert json.loads(words_of("ENTRYPOINT")[0]) == ["prefect", "worker", "start"]
    assert json.loads(words_of("CMD")[0]) == ["--pool", "audits", "--type", "process"]
    assert "name: audits" in (ROOT / "prefect.yaml").read_text()


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_secret_is_written_down(path: Path) -> None:
    assert SECRET.search("PASSWORD=hunter2")
    assert SECRET.findall(path.read_text()) == []


# ---- the Kubernetes work pool ------------------------------------------------------------------

POOL: dict[str, Any] = json.loads((FOLDER / "kubernetes-work-pool.json").read_text())
VARIABLES = POOL["variables"]["properties"]


def prefects_own() -> dict[str, Any]:
    """Returns the base job template that Prefect gives a Kubernetes pool; the package brings it along."""
    views = Path(prefect.__file__).parent / "server" / "api" / "collections_data" / "views"
    known = json.loads((views / "aggregate-worker-metadata.json").read_text())
    found: dict[str, Any] = known["prefect-kubernetes"]["kubernetes"]["default_base_job_configuration"]
    return found


def job() -> dict[str, Any]:
    found: dict[str, Any] = POOL["job_configuration"]["job_manifest"]["spec"]
    return found


def pod() -> dict[str, Any]:
    found: dict[str, Any] = job()["template"]["spec"]
    return found


def test_it_has_what_prefect_demands_of_a_base_job_template() -> None:
    own = prefects_own()
    assert POOL.keys() == own.keys() == {"job_configuration", "variables"}
    assert POOL["job_configuration"].keys() == own["job_configuration"].keys()
    assert set(VARIABLES) == {*own["variables"]["properties"], "volume_claim", "secret_name"}
    Draft202012Validator.check_schema(POOL["variables"])


def test_every_placeholder_has_a_variable_and_every_variable_a_place() -> None:
    named = re.findall(r"\{\{ (\w+) \}\}", json.dumps(POOL["job_configuration"]))
    assert set(named) == set(VARIABLES)
    assert json.dumps(POOL).count("{{") == len(named)


def test_every_default_is_valid() -> None:
    defaults = {name: value["default"] for name, value in VARIABLES.items() if "default" in value}
    assert set(defaults) >= {
        "image",
        "cpu_request",
        "memory_request",
        "volume_claim",
        "secret_name",
        "namespace",
    }
    Draft202012Validator(POOL["variables"]).validate(defaults)
    for name in ("cpu_request", "cpu_limit", "memory_request", "memory_limit"):
        assert re.fullmatch(r"\d+(m|[MG]i)?", defaults[name])
    assert not defaults["image"].endswith(":latest")


def test_store_and_results_lie_on_the_claimed_volume() -> None:
    volumes = {volume["name"]: volume for volume in pod()["volumes"]}
    (container,) = pod()["containers"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert set(mounts.values()) == set(volumes)
    assert volumes[mounts["/audits"]]["persistentVolumeClaim"]["claimName"] == "{{ volume_claim }}"
    places = {
        name: value for name, value in environment_of_image().items() if name.startswith("LATENT_AUDIT")
    }
    assert VARIABLES["env"]["default"] == places
    assert all(value.startswith("/audits") for value in places.values())
    assert container["workingDir"] == "/audits"


def test_the_pod_is_run_once_by_the_user_of_the_image() -> None:
    assert (job()["backoffLimit"], job()["parallelism"], job()["completions"]) == (0, 1, 1)
    assert pod()["restartPolicy"] == "Never"
    security = pod()["securityContext"]
    assert security["runAsNonRoot"] is True
    assert f"--uid {security['runAsUser']} audit" in " ".join(words_of("RUN"))
    assert pod()["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
