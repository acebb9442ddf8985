"""Fetching over a real loopback server: whole, resumed, cut, wrong, unreachable; and from a mirror folder."""

import contextlib
import hashlib
import http.server
import io
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.datasets.remote_file import RemoteFile
from latent_audit.tasks.downloads.fetch_errors import (
    ChecksumMismatch,
    FetchError,
    MissingInMirror,
    NotEnoughSpace,
    TooManyBytes,
    Unreachable,
    UnusableMirror,
    Unwritable,
)
from latent_audit.tasks.downloads.fetching import fetch
from latent_audit.tasks.downloads.resuming import Limits
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages.data.download import download
from tests.ports import free_port

CONTENT = np.random.default_rng(0).bytes(300_000)
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = httpx.Timeout(2.0)


class Host(http.server.ThreadingHTTPServer):
    """A loopback host of one file, with the faults that real hosts have."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = CONTENT
        self.etag: str | None = '"one"'
        self.ranges = True
        self.cut_after: list[int] = []  # bytes after which the next connections break off
        self.status = 200
        self.content_type = "application/octet-stream"
        self.announce_length = True
        self.stall = False
        self.hold: threading.Event | None = None  # bodies wait for it
        self.requests: list[dict[str, str]] = []
        self.sent = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        host = self.server
        host.requests.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        start = self._start()
        if start >= len(host.content) and start:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(host.content)}")
            self.end_headers()
            return
        body = host.content[start:]
        self.send_response(206 if start else host.status)
        self.send_header("Content-Type", host.content_type)
        if host.announce_length:
            self.send_header("Content-Length", str(len(body)))
        if host.etag:
            self.send_header("ETag", host.etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(host.content) - 1}/{len(host.content)}")
        self.end_headers()
        if host.hold is not None:
            host.hold.wait(60)
        if host.stall:
            threading.Event().wait(1.0)
            return
        if host.cut_after:
            body = body[: host.cut_after.pop(0)]
        host.sent += len(body)  # before: the other side may be done before this thread is
        with contextlib.suppress(OSError):  # the other side may have had enough
            self.wfile.write(body)

    def _start(self) -> int:
        """Where the answer starts: a range holds only while the version is the one that was named."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, self.server.etag)
        return int(wanted.group(1)) if wanted and self.server.ranges and same else 0

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def nobody() -> str:
    """The address of a port at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}/f.gz"


def remote(*urls: str, **facts: object) -> RemoteFile:
    known = {"md5": MD5, **facts}
    return RemoteFile("set/f.gz", urls, **known)  # type: ignore[arg-type]  # one of two, by the test


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "set").iterdir())


def test_fetches_and_reuses(host: Host, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    wanted = remote(f"{host.base}/f.gz", sha256=SHA256, bytes=len(CONTENT))
    path = fetch(wanted, tmp_path, None, lambda *step: seen.append(step), QUICK)
    assert path == tmp_path / "set" / "f.gz"
    assert path.read_bytes() == CONTENT
    assert leftovers(tmp_path) == ["f.gz"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert host.requests[0]["accept-encoding"] == "identity"
    fetch(wanted, tmp_path, None, None, QUICK)
    assert len(host.requests) == 1
    path.write_bytes(b"spoilt")
    fetch(wanted, tmp_path, None, None, QUICK)
    assert path.read_bytes() == CONTENT


def test_goes_on_after_a_cut_in_one_call(host: Host, tmp_path: Path) -> None:
    host.cut_after = [100_000, 50_000]
    path = fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK)
    assert path.read_bytes() == CONTENT
    assert host.sent == len(CONTENT)  # no byte came twice
    assert [r.get("range") for r in host.requests] == [None, "bytes=100000-", "bytes=150000-"]
    assert [r.get("if-range") for r in host.requests] == [None, '"one"', '"one"']


def test_goes_on_in_a_later_call(host: Host, tmp_path: Path) -> None:
    host.cut_after = [70_000, 0]
    wanted = remote(f"{host.base}/f.gz", md5=None)
    with pytest.raises(Unreachable, match="the 70,000 bytes that came are kept"):
        fetch(wanted, tmp_path, None, None, QUICK)
    assert leftovers(tmp_path) == ["f.gz.part", "f.gz.part.json"]
    assert fetch(wanted, tmp_path, None, None, QUICK).read_bytes() == CONTENT
    assert host.sent == len(CONTENT)


def test_server_without_ranges_starts_anew(host: Host, tmp_path: Path) -> None:
    host.ranges = False
    host.cut_after = [200_000]
    assert fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK).read_bytes() == CONTENT
    assert host.sent == 200_000 + len(CONTENT)


def test_a_new_version_is_not_glued_to_an_old_part(host: Host, tmp_path: Path) -> None:
    host.cut_after = [70_000, 0]
    wanted = remote(f"{host.base}/f.gz", md5=None)
    with pytest.raises(Unreachable):
        fetch(wanted, tmp_path, None, None, QUICK)
    host.content, host.etag = CONTENT[::-1], '"two"'
    assert fetch(wanted, tmp_path, None, None, QUICK).read_bytes() == CONTENT[::-1]


def test_without_digest_and_validator_nothing_is_resumed(host: Host, tmp_path: Path) -> None:
    host.etag = None
    host.cut_after = [70_000]
    assert fetch(remote(f"{host.base}/f.gz", md5=None), tmp_path, None, None, QUICK).read_bytes() == CONTENT
    assert host.sent == 70_000 + len(CONTENT)


@pytest.mark.parametrize("part", [CONTENT, b"rubbish " * 100, CONTENT + b"beyond"])
def test_old_parts_that_are_whole_wrong_or_too_long(host: Host, tmp_path: Path, part: bytes) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "f.gz.part").write_bytes(part)
    (tmp_path / "set" / "f.gz.part.json").write_text("{broken")
    assert fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK).read_bytes() == CONTENT
    assert leftovers(tmp_path) == ["f.gz"]


@pytest.mark.parametrize(
    "known", ['{"address": "ADDRESS", "validator": 3}', '{"address": 1, "validator": {}}', "[1]", "\0"]
)
def test_a_note_on_an_old_part_may_hold_anything(host: Host, tmp_path: Path, known: str) -> None:
    address = f"{host.base}/f.gz"
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "f.gz.part").write_bytes(CONTENT[:1000])
    (tmp_path / "set" / "f.gz.part.json").write_text(known.replace("ADDRESS", address))
    assert fetch(remote(address), tmp_path, None, None, QUICK).read_bytes() == CONTENT


def test_a_version_in_words_beyond_ascii_is_none(host: Host, tmp_path: Path) -> None:
    host.etag = '"\xe9"'
    host.cut_after = [70_000]
    assert fetch(remote(f"{host.base}/f.gz", md5=None), tmp_path, None, None, QUICK).read_bytes() == CONTENT


def test_next_address_continues_what_the_first_began(host: Host, tmp_path: Path) -> None:
    second = Host()
    thread = threading.Thread(target=second.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    host.cut_after = [120_000, 0]
    second.etag = '"another"'
    wanted = remote(f"{host.base}/f.gz", f"{second.base}/f.gz")
    assert fetch(wanted, tmp_path, None, None, QUICK).read_bytes() == CONTENT
    assert second.sent == len(CONTENT) - 120_000
    second.shutdown()
    second.server_close()
    thread.join()


def test_falls_back_to_the_next_address(host: Host, nobody: str, tmp_path: Path) -> None:
    assert fetch(remote(nobody, f"{host.base}/f.gz"), tmp_path, None, None, QUICK).read_bytes() == CONTENT


def test_wrong_bytes_are_not_put_in_place(host: Host, tmp_path: Path) -> None:
    host.content = CONTENT[:-1] + b"?"
    with pytest.raises(
        ChecksumMismatch, match=rf"f\.gz could not be fetched from\n  - {host.base}/f\.gz: .*md5"
    ):
        fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK)
    assert leftovers(tmp_path) == []


def test_unreachable_names_every_address_and_what_to_do(host: Host, nobody: str, tmp_path: Path) -> None:
    host.status = 404
    wanted = remote(nobody, f"{host.base}/f.gz", "http://", note="Ask the owner.")
    with pytest.raises(Unreachable) as caught:
        fetch(wanted, tmp_path, None, None, QUICK)
    text = str(caught.value)
    for expected in (nobody, f"{host.base}/f.gz: the server answered 404", "--data.mirror", "Ask the owner."):
        assert expected in text


def test_a_web_page_is_not_the_file(host: Host, tmp_path: Path) -> None:
    host.content_type = "text/html; charset=utf-8"
    with pytest.raises(Unreachable, match="confirmation or quota page"):
        fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK)


def test_a_silent_server_times_out(host: Host, tmp_path: Path) -> None:
    host.stall = True
    with pytest.raises(Unreachable, match="broke off"):
        fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, httpx.Timeout(0.2))


@pytest.mark.parametrize(
    ("announced", "text"), [(True, "announces 300,000 bytes"), (False, "sent more than the 1,000")]
)
def test_more_bytes_than_the_file_has(host: Host, tmp_path: Path, announced: bool, text: str) -> None:
    host.announce_length = announced
    with pytest.raises(TooManyBytes, match=text):
        fetch(remote(f"{host.base}/f.gz", bytes=1_000), tmp_path, None, None, QUICK)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("announced", [True, False])
def test_size_limit_of_files_of_unknown_size(host: Host, tmp_path: Path, announced: bool) -> None:
    host.announce_length = announced
    with pytest.raises(TooManyBytes, match=r"299,999"):
        fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK, Limits(bytes=299_999))
    assert leftovers(tmp_path) == []


@contextlib.contextmanager
def dripping(beginning: bytes) -> Iterator[str]:
    """Serves an answer that begins so and goes on for ever, a sign every 50 ms: no read ever times out."""
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            connection.sendall(beginning)
            while not ended.wait(0.05):
                connection.sendall(b"x")

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        ended.set()


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Header: "],
    ids=["body", "headers"],
)
def test_a_host_that_sends_a_sign_at_a_time_is_given_up(beginning: bytes, tmp_path: Path) -> None:
    with dripping(beginning) as address:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"took longer than 1 s \(data\.download_seconds\)"):
            fetch(remote(f"{address}/f.gz"), tmp_path, None, None, QUICK, Limits(seconds=1.0))
        assert time.monotonic() - began < 10


def mnist(*words: str) -> DataSettings:
    return load_settings(None, ["--data.kind", "mnist", *words]).data


@pytest.mark.parametrize("announced", [True, False])
def test_the_settings_say_how_many_bytes_and_seconds_a_file_may_take(
    host: Host, tmp_path: Path, announced: bool
) -> None:
    host.announce_length, display = announced, ProgressDisplay(io.StringIO())
    few = mnist("--data.mirror", host.base, "--data.download_bytes", "1000")
    with pytest.raises(TooManyBytes, match=r"1,000"):
        download(few, tmp_path, display)
    assert list((tmp_path / "downloads" / "mnist").iterdir()) == []
    more = mnist("--data.mirror", host.base, "--data.download_bytes", "300000")
    with pytest.raises(ChecksumMismatch):  # all of it came
        download(more, tmp_path, display)
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n") as address:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"took longer than 1 s \(data\.download_seconds\)"):
            download(mnist("--data.mirror", address, "--data.download_seconds", "1"), tmp_path, display)
        assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "mirror",
    [
        "http://[", "http://xn--/", f"http://{'h' * 300}/", "http://", "http://a..b/", "http://127.0.0.1:99999/",
        "HTTP://[", "~nosuchuser/x", "p" * 5000, "a\0b", "ftp://host/x", "http://\u2488com/",
    ],
    ids=range(12),
)  # fmt: skip
def test_an_impossible_mirror_is_said(mirror: str, tmp_path: Path) -> None:
    with pytest.raises((UnusableMirror, Unreachable)) as caught:
        fetch(remote("http://unused/f.gz"), tmp_path, mirror, None, QUICK)
    assert len(str(caught.value)) < 1500


def test_a_disk_without_room_is_said_before_writing(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=299_000))
    with pytest.raises(NotEnoughSpace, match="needs 300,000 bytes more and its disk has 299,000 left"):
        fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK)


def test_a_data_folder_that_cannot_be_written(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unwritable, match="cannot be made"):
        fetch(remote(f"{host.base}/f.gz"), tmp_path / "file", None, None, QUICK)
    (tmp_path / "set" / "f.gz.part.json").mkdir(parents=True)
    with pytest.raises(Unwritable, match="cannot be written"):
        fetch(remote(f"{host.base}/f.gz"), tmp_path, None, None, QUICK)


def test_mirror_folder_is_used_in_place(tmp_path: Path) -> None:
    (tmp_path / "mirror" / "set").mkdir(parents=True)
    path = tmp_path / "mirror" / "set" / "f.gz"
    path.write_bytes(CONTENT)
    wanted = remote("http://unused.invalid/f.gz", note="See the docs.")
    assert fetch(wanted, tmp_path / "data", str(tmp_path / "mirror")) == path
    assert not (tmp_path / "data").exists()
    path.write_bytes(b"spoilt")
    with pytest.raises(ChecksumMismatch, match="replace it with a sound copy"):
        fetch(wanted, tmp_path / "data", str(tmp_path / "mirror"))
    assert fetch(remote(mirror_may_differ=True), tmp_path / "data", str(tmp_path / "mirror")) == path
    path.unlink()
    with pytest.raises(MissingInMirror, match=r"has no set/f\.gz; expected it at .*See the docs"):
        fetch(wanted, tmp_path / "data", str(tmp_path / "mirror"))


def test_mirror_address_gets_the_name_appended(host: Host, tmp_path: Path) -> None:
    path = fetch(remote("http://unused.invalid/f.gz"), tmp_path, f"{host.base}/copies/", None, QUICK)
    assert path.read_bytes() == CONTENT
    assert [r["path"] for r in host.requests] == ["/copies/set/f.gz"]


def test_another_edition_from_a_mirror_does_not_pass_for_the_public_one(host: Host, tmp_path: Path) -> None:
    public = Host()
    thread = threading.Thread(target=public.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    host.content = b"a small edition"
    wanted = remote(f"{public.base}/f.gz", mirror_may_differ=True)
    assert fetch(wanted, tmp_path, host.base, None, QUICK).read_bytes() == b"a small edition"
    assert fetch(wanted, tmp_path, host.base, None, QUICK).read_bytes() == b"a small edition"
    assert len(host.requests) == 1
    assert fetch(wanted, tmp_path, None, None, QUICK).read_bytes() == CONTENT
    public.shutdown()
    public.server_close()
    thread.join()


@pytest.mark.parametrize("mirror", ["ftp://host/data", "nowhere/at/all", "s3://bucket"])
def test_unusable_mirrors(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(UnusableMirror, match=re.escape(mirror)):
        fetch(remote(), tmp_path, mirror)


def test_real_files_over_loopback(real_data: Path, tmp_path: Path) -> None:
    from functools import partial

    from latent_audit.tasks.datasets import mnist

    handler = partial(_Quiet, directory=str(real_data))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        for file in mnist.MnistSettings().files():
            path = fetch(file, tmp_path, f"http://127.0.0.1:{server.server_port}", None, QUICK)
            assert path.read_bytes() == (real_data / file.name).read_bytes()
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_one_tree_of_errors() -> None:
    kinds = (
        ChecksumMismatch,
        MissingInMirror,
        NotEnoughSpace,
        TooManyBytes,
        Unreachable,
        UnusableMirror,
        Unwritable,
    )
    assert all(issubclass(kind, FetchError) for kind in kinds)
