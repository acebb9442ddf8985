"""Two processes that want the same file at the same time: it comes once, whole."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.tasks.downloads.test_fetching import CONTENT, SHA256, Host

FETCH = """
import sys
from pathlib import Path
from latent_audit.tasks.datasets.remote_file import RemoteFile
from latent_audit.tasks.downloads.fetching import fetch
print("ready", flush=True)
sys.stdin.readline()
print(fetch(RemoteFile("set/images.bin", (sys.argv[1],), sha256=sys.argv[2]), Path(sys.argv[3])), flush=True)
"""
ROOT = Path(__file__).resolve().parents[3]


def start(address: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, address, SHA256, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_fetch_a_file_once_and_both_have_it(tmp_path: Path) -> None:
    host = Host()
    host.hold = threading.Event()
    serving = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    both = [start(f"{host.base}/images.bin", tmp_path) for _ in range(2)]
    try:
        for process in both:  # imports are over in both before either begins
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        deadline = time.monotonic() + 60
        while not host.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)  # long enough for the other to ask too, if nothing kept it from doing so
        host.hold.set()
        said = [process.communicate(timeout=60)[0] for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait()
        host.shutdown()
        host.server_close()
        serving.join()
    assert [process.returncode for process in both] == [0, 0]
    assert said == [f"{tmp_path / 'set' / 'images.bin'}\n"] * 2
    assert (tmp_path / "set" / "images.bin").read_bytes() == CONTENT
    assert len(host.requests) == 1
    assert host.sent == len(CONTENT)
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["images.bin"]
