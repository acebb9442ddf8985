"""One service, a web server of Python's: started apart, found again, ended whole, and nothing else touched."""

import asyncio
import errno
import json
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from latent_audit.tasks.errors import ServiceError, StoreError
from latent_audit.tasks.execution import processes
from latent_audit.tasks.services import service
from latent_audit.tasks.services.gate import Gate, Message, Receive, Send
from latent_audit.tasks.services.service import Service
from latent_audit.tasks.storage import sign_in
from latent_audit.tasks.storage.sign_in import kept_sign_in, password_file, sign_in_to_own
from tests.ports import free_port

# A child of its own, as workers have: it must not outlive the service.
SERVE = """
import http.server, os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
print("token", os.environ["TOKEN"], flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def web(port: int, tmp_path: Path) -> Iterator[Service]:
    def is_well() -> bool:
        return httpx.get(f"http://127.0.0.1:{port}", timeout=5).is_success

    words = [sys.executable, "-c", SERVE, str(port)]
    yield Service("web", words, {"TOKEN": "t1"}, f"http://127.0.0.1:{port}", port, is_well)
    service.end("web", tmp_path)


def test_from_start_to_end(web: Service, tmp_path: Path) -> None:
    assert service.state(web, tmp_path).process is None
    begun = service.begin(web, tmp_path)
    well = service.wait_until_well(web, tmp_path, 30)
    assert (well.is_well, well.process, well.address) == (True, begun.process, web.address)
    assert service.begin(web, tmp_path).process == begun.process  # it runs already
    assert begun.process is not None
    tree = processes.tree(begun.process.pid)
    assert len(tree) == 2
    assert "token t1" in (tmp_path / "web.log").read_text()
    assert service.end("web", tmp_path)
    assert [process.is_alive() for process in tree] == [False, False]
    assert service.state(web, tmp_path).process is None
    assert not service.end("web", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]


def test_a_process_that_got_the_number_later_is_left_alone(web: Service, tmp_path: Path) -> None:
    begun = service.begin(web, tmp_path)
    assert begun.process is not None
    note = tmp_path / "web.json"
    facts = json.loads(note.read_text())
    note.write_text(json.dumps({**facts, "began": facts["began"] - 1}))
    assert service.state(web, tmp_path).process is None
    assert not service.end("web", tmp_path)
    assert begun.process.is_alive()
    processes.end(processes.tree(begun.process.pid), 5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_service_that_a_background_shell_started_hears_signals(
    web: Service, tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.signal(number, signal.SIG_IGN)  # as a shell does for `latent-audit up &`, and nohup
    try:
        begun = service.begin(web, tmp_path)
    finally:
        signal.signal(number, before)
    assert begun.process is not None
    status = Path(f"/proc/{begun.process.pid}/status").read_text(encoding="utf-8")
    (ignored,) = re.findall(r"^SigIgn:\s+(\w+)$", status, re.M)
    assert not int(ignored, 16) & 1 << (number - 1)


OWN_ADDRESS = '{"address": "http://127.0.0.1:4200"}'
NOTES = (
    "",
    "null",
    "[1]",
    '{"pid": 1}',
    '{"pid": "1", "began": 2, "address": null}',
    '{"pid": null, "began": 1e999, "address": 3}',
    '{"pid": -1, "began": 2, "address": null}',
    "[" * 100_000,
    "PIPE",
    "FOLDER",
)


def write_note(place: Path, note: str) -> None:
    if note == "PIPE":
        os.mkfifo(place)
    elif note == "FOLDER":
        place.mkdir()
    else:
        place.write_text(note)


@pytest.mark.parametrize("note", NOTES)
def test_a_note_of_another_form_is_no_note(note: str, web: Service, tmp_path: Path) -> None:
    place = tmp_path / "web.json"
    write_note(place, note)
    assert service.state(web, tmp_path).process is None
    assert not service.end("web", tmp_path)
    assert place.exists() == (note == "FOLDER")  # which nobody of us made


@pytest.mark.parametrize("reason", ["a full disk", "a folder"])
def test_a_service_whose_note_cannot_be_written_is_ended(
    reason: str, web: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a note, nothing would find it again: its port would stay taken, and `down` would know of nothing."""
    spawned: list[int] = []
    real = service._spawn

    def spawn(*given: Any) -> int:
        spawned.append(real(*given))
        return spawned[-1]

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(service, "_spawn", spawn)
    if reason == "a folder":
        (tmp_path / "web.json").mkdir()
    else:
        monkeypatch.setattr(json, "dumps", full)
    with pytest.raises(StoreError):
        service.begin(web, tmp_path)
    assert len(spawned) == 1
    assert processes.tree(spawned[0]) == []
    assert service.state(web, tmp_path).process is None


@pytest.mark.parametrize(
    "content", ["", "\n", "latest", "user:", ":password9", "user:short", "a:b\nc:ddddddddd", "ü:ddddddddd"]
)
def test_a_password_that_lets_everybody_in_is_refused(content: str, tmp_path: Path) -> None:
    """As a full disk leaves it: an empty file would be an empty password."""
    file = password_file(tmp_path)
    file.parent.mkdir()
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ServiceError, match=r"does not hold user:password.*remove it"):
        kept_sign_in(tmp_path)
    file.unlink()
    assert kept_sign_in(tmp_path) == kept_sign_in(tmp_path)


@pytest.mark.parametrize("kind", ["FOLDER", "PIPE", "a link"])
def test_a_password_file_that_is_none_is_refused(kind: str, tmp_path: Path) -> None:
    file = password_file(tmp_path)
    file.parent.mkdir()
    if kind == "a link":
        (tmp_path / "theirs").write_text("user:password9")
        file.symlink_to(tmp_path / "theirs")
    else:
        write_note(file, kind)
    with pytest.raises(ServiceError, match=r"password is a (folder|pipe|link): remove it"):
        kept_sign_in(tmp_path)


def test_a_password_is_written_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(sign_in, "new_sign_in", full)
        with pytest.raises(OSError, match="No space"):
            kept_sign_in(tmp_path)
    assert list((tmp_path / "services").iterdir()) == []
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(kept_sign_in, [tmp_path] * 8))) == 1
    assert [path.name for path in (tmp_path / "services").iterdir()] == ["password"]
    assert stat.S_IMODE(password_file(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "given", [b"Basic \xe9", b"Basic", b"Basic \xff\xfe", b"Basic ====", b"Bearer x", b"", b"Basic Og=="]
)
def test_the_gate_refuses_any_other_password(given: bytes) -> None:
    """Bytes beyond ASCII, too: they ended in an error of the server."""
    answered: list[int] = []

    async def ask() -> None:
        async def app(scope: Message, receive: Receive, send: Send) -> None:
            answered.append(200)

        async def send(message: Message) -> None:
            answered.extend([message["status"]] if "status" in message else [])

        async def receive() -> Message:
            return {}

        headers = [(b"host", b"127.0.0.1:5000"), (b"authorization", given)]
        scope: Message = {"type": "http", "path": "/", "method": "GET", "headers": headers}
        await Gate(app, "user:password")(scope, receive, send)

    asyncio.run(ask())
    assert answered == [401]
    with pytest.raises(ValueError, match="everybody"):
        Gate(ask, "")  # type: ignore[arg-type]  # it is not called


@pytest.mark.parametrize("note", [*NOTES, '{"address": ["http://127.0.0.1:4200"]}', OWN_ADDRESS])
def test_every_command_looks_into_the_note_and_signs_in_to_no_other_server(
    note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in = kept_sign_in(tmp_path)
    write_note(tmp_path / "services" / "prefect-server.json", note)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "")
    monkeypatch.delenv("PREFECT_API_AUTH_STRING")
    sign_in_to_own(tmp_path)
    assert os.environ.get("PREFECT_API_AUTH_STRING") == (sign_in if note == OWN_ADDRESS else None)


def test_a_port_that_is_taken(web: Service, port: int, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(
            ServiceError, match=rf"port {port} on 127\.0\.0\.1, which web .* give another port"
        ):
            service.begin(web, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_that_ends_at_once_shows_its_log(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "import sys; sys.exit('no such database')"]
    broken = Service("broken", words, {}, None, None, lambda: False)
    said = r"(?s)broken ended at once; its log .* ends with:.*no such database"
    with pytest.raises(ServiceError, match=said):
        begin_and_wait(broken, tmp_path)


def begin_and_wait(one: Service, folder: Path) -> None:
    service.begin(one, folder)
    service.wait_until_well(one, folder, 30)


def test_one_that_does_not_answer(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "import time; time.sleep(100)"]
    deaf = Service("deaf", words, {}, None, None, lambda: False)
    service.begin(deaf, tmp_path)
    try:
        with pytest.raises(ServiceError, match=r"deaf did not answer within 0 s; its log is .*deaf\.log"):
            service.wait_until_well(deaf, tmp_path, 0.3)
    finally:
        assert service.end("deaf", tmp_path)
