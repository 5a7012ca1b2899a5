"""Downloads from a server of this machine that behaves badly."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.data import download, files
from bench.dataset import Dataset, File
from bench.errors import BenchError

CONTENT = bytes(range(256)) * 2000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    asked: list

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Range")))
        getattr(self, self.path.strip("/").split("?")[0])()

    def log_message(self, *_):
        pass

    def answer(self, code=200, length=None, **headers):
        self.send_response(code)
        if length is not None:
            headers["Content-Length"] = length
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def good(self):
        self.answer(length=len(CONTENT))
        self.wfile.write(CONTENT)

    def other(self):
        self.answer(length=5)
        self.wfile.write(b"other")

    def missing(self):
        self.answer(404, 0)

    def busy(self):
        self.answer(503, 0)

    def loop(self):
        self.answer(302, 0, Location="/loop")

    def to_file(self):
        self.answer(302, 0, Location="file:///etc/hostname")

    def endless(self):
        self.answer()
        try:
            while True:
                self.wfile.write(CONTENT)
        except OSError:
            pass

    def drip(self):
        self.answer(length=len(CONTENT))
        try:
            while not self.server.over.wait(0.01):
                self.wfile.write(b"x")
        except OSError:
            pass

    def silent(self):
        self.server.over.wait()

    def announced(self):
        self.answer(length=10**13)

    def cut(self):
        self.answer(length=len(CONTENT))
        self.wfile.write(CONTENT[:1000])

    def halves(self):
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        part = CONTENT[start : start + len(CONTENT) // 2 + 1]
        self.answer(206 if start else 200, len(CONTENT) - start, ETag='"one"')
        self.wfile.write(part)

    def no_http(self):
        self.wfile.write(b"\x00\x01 no answer\r\n")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # between two tries
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"asked": []}))
    server.over, server.daemon_threads = threading.Event(), False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(server, tmp_path, *pages, largest=10**6, sha=SHA):
    urls = [f"http://127.0.0.1:{server.server_port}/{page}" for page in pages]
    dataset = Dataset()
    dataset.files = (File("deep/a.bin", sha, url=urls[0], mirrors=tuple(urls[1:]), largest=largest),)
    return list(files.fetch(dataset, tmp_path / "data"))


def left(tmp_path):
    return [path.name for path in tmp_path.rglob("*") if path.is_file()]


def test_a_whole_file_is_kept(server, tmp_path):
    (path,) = fetch(server, tmp_path, "good")
    assert path.read_bytes() == CONTENT
    assert left(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("page", "message", "tries"),
    [
        ("other", f"it gives SHA-256 {hashlib.sha256(b'other').hexdigest()}, expected {SHA}", 3),
        ("missing", "404", 1),
        ("busy", "503", 3),
        ("loop", "redirect", None),
        ("to_file", "302|redirect", None),
        ("endless", "larger than the 1,000,000 bytes", 1),
        ("announced", "10,000,000,000,000 bytes, more than the 1,000,000", 1),
        ("drip", "slower than 10 kB a second", 3),
        ("silent", "timed out", 3),
        ("cut", "broke off after 1,000 of 512,000 bytes", 3),
        ("no_http", "no answer", 3),
    ],
)
def test_a_bad_answer_is_one_line_that_says_how_to_bring_the_file_and_leaves_nothing(
    server, tmp_path, monkeypatch, page, message, tries
):
    monkeypatch.setattr(download, "GRACE_S", 0.2)
    monkeypatch.setattr(download, "TIMEOUT_S", 0.5)
    with pytest.raises(BenchError, match=f"cannot download .*{page}: .*({message}).*run bench data add") as error:
        fetch(server, tmp_path, page)
    assert "\n" not in str(error.value)
    assert left(tmp_path) == []
    assert tries in (None, len(server.RequestHandlerClass.asked))


def test_what_broke_off_is_gone_on_with(server, tmp_path):
    (path,) = fetch(server, tmp_path, "halves")
    assert path.read_bytes() == CONTENT
    assert [asked[1] for asked in server.RequestHandlerClass.asked] == [None, f"bytes={len(CONTENT) // 2 + 1}-"]


def test_a_mirror_is_asked_where_the_first_address_fails(server, tmp_path):
    (path,) = fetch(server, tmp_path, "missing", "other", "good")
    assert path.read_bytes() == CONTENT
    with pytest.raises(BenchError, match=r"404.*and 1 more addresses failed"):
        fetch(server, tmp_path / "again", "missing", "other")


def test_a_host_that_cannot_be_reached_is_one_line(server, tmp_path):
    dataset = Dataset()
    dataset.files = (File("a.bin", SHA, url="http://127.0.0.1:9/a.bin"),)
    with pytest.raises(BenchError, match=r"cannot download .*refused.*get it by hand and run bench data add") as error:
        list(files.fetch(dataset, tmp_path))
    assert "\n" not in str(error.value)
    assert left(tmp_path) == []
