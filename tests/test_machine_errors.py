"""Lost memory and a full disk are told as what they are: nobody calls them a fault of a file or of a user's code."""

import ast
import errno
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from latent_audit.flows.cli import main as command
from latent_audit.vae_models.pretrained.exported_archive import refuse_code
from latent_audit.vocabulary.machine_errors import in_words, is_of_the_machine, raise_machine_error
from tests.project.syntax_trees import syntax_tree
from tests.reports.judged_run import write_judged_run

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path for room in ("flows", "tasks", "vae_models", "reports") for path in (ROOT / room).rglob("*.py")
)
BROAD = {"Exception", "BaseException"}
ASKING = {"raise_machine_error", "is_of_the_machine", "as_failed_part"}
# File and function of a handler that takes every error, and why the machine's are not told as another's there.
ALLOWED = {
    ("tasks/downloads/fetching.py", "run"): "hands the error itself to the thread that waits for it",
    (
        "tasks/session/audit_session.py",
        "_ending",
    ): "raises what came, or the first failure, which was asked before",
    ("tasks/storage/shared_store.py", "_reaching"): "tells of the store alone, and a run never survives it",
}
OF_THE_MACHINE = (
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory"),
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"),
)


def broad_handlers(path: Path) -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Yields each handler of every error in a file, with the name of the function that it is in."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.ExceptHandler]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if isinstance(node, ast.ExceptHandler):
            named = (
                {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
                if node.type
                else BROAD
            )
            if named & BROAD:
                yield function, node
        for child in ast.iter_child_nodes(node):
            yield from walk(child, function)

    yield from walk(syntax_tree(path), "")


def asks(handler: ast.ExceptHandler) -> bool:
    """Returns whether a handler asks for the machine's errors, or ends by raising what came."""
    called = {
        node.func.id
        for node in ast.walk(handler)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    last = handler.body[-1]
    return bool(called & ASKING) or (isinstance(last, ast.Raise) and last.exc is None)


def test_whoever_takes_every_error_asks_whether_it_is_the_machines() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), function)
        for path in SOURCES
        for function, handler in broad_handlers(path)
        if not asks(handler)
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize("error", OF_THE_MACHINE, ids=lambda error: f"{type(error).__name__} {error}"[:30])
def test_it_is_raised_as_it_is_also_where_another_error_was_raised_in_answer_to_it(error: Exception) -> None:
    assert is_of_the_machine(error)
    with pytest.raises(type(error)) as caught:
        raise_machine_error(error)
    assert caught.value is error
    for answer in (answered(error, "from"), answered(error, "")):
        with pytest.raises(type(error)) as caught:
            raise_machine_error(answer)
        assert caught.value is error


@pytest.mark.parametrize(
    "error", [ValueError("memory"), KeyError(1), OSError(errno.ENOENT, "x"), RuntimeError()]
)
def test_other_errors_are_left_to_whoever_asks(error: Exception) -> None:
    raise_machine_error(error)
    raise_machine_error(answered(error, "from"))
    raise_machine_error(
        answered(MemoryError(), "from None")
    )  # its author says that it has nothing to do with it
    error.__context__ = other = ValueError("other")
    other.__context__ = error
    raise_machine_error(error)  # and a circle of errors ends


def answered(error: Exception, how: str) -> Exception:
    """Returns what code raises that meets an error and tells of it in other words."""
    try:
        try:
            raise error
        except Exception as met:
            if how == "from":
                raise ValueError("encode failed") from met
            if how == "from None":
                raise ValueError("encode failed") from None
            raise ValueError("encode failed")  # noqa: B904  # as users write it
    except ValueError as answer:
        return answer


def test_what_it_means_is_said() -> None:
    assert in_words(MemoryError()) == "memory ran out"
    assert in_words(torch.OutOfMemoryError("CUDA out of memory.")) == "memory ran out (CUDA out of memory)"
    full = OSError(errno.ENOSPC, "No space left on device", "a file")
    assert in_words(full) == "the disk is full ([Errno 28] No space left on device: 'a file')"


@pytest.fixture
def small_files() -> Iterator[None]:
    """As a full disk does, refuses every byte that a file would have beyond the 100th."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_program_is_not_called_unsafe_where_the_disk_takes_no_copy(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    class Twice(torch.nn.Module):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return 2 * given

    path = tmp_path / "program.pt2"
    torch.export.save(torch.export.export(Twice(), (torch.zeros(2, 3),)), path)
    refuse_code(path)
    request.getfixturevalue("small_files")
    with pytest.raises(OSError, match="File too large") as caught:
        refuse_code(path)
    assert caught.value.errno == errno.EFBIG


WITHOUT_MEMORY = """
import resource, sys
from pathlib import Path
from latent_audit.vae_models.pretrained.state_dict_files import read_state_dict
from latent_audit.vocabulary.machine_errors import is_of_the_machine
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (64 << 20), resource.RLIM_INFINITY))
try:
    read_state_dict(Path(sys.argv[1]))
except Exception as error:
    print(type(error).__name__, is_of_the_machine(error))
"""


def test_a_file_of_weights_is_not_called_damaged_where_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"weight": torch.zeros(256 << 18)}, path)  # 256 MiB
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_MEMORY, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    name, of_the_machine = ended.stdout.split()
    assert name != "BadCheckpoint"
    assert of_the_machine == "True"


def test_verify_does_not_call_a_report_forged_where_the_disk_is_full(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    run = tmp_path / "run"
    write_judged_run(run)
    assert command.main(["verify", str(run)]) == 0
    capsys.readouterr()
    request.getfixturevalue("small_files")
    assert command.main(["verify", str(run)]) == 1
    assert capsys.readouterr().err.startswith("latent-audit: the disk is full ([Errno 27] File too large")
