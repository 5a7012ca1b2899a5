"""The hub's libraries where the hub answers, where nobody does, and where one would wait."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from huggingface_hub import constants

from bench.data import hub
from bench.described import encoders
from bench.errors import BenchError


class Nothing(BaseHTTPRequestHandler):
    """Has no page."""

    def do_HEAD(self):
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def answering():
    server = HTTPServer(("127.0.0.1", 0), Nothing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def _offline_at(port, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with hub.at_hand():
        found = constants.HF_HUB_OFFLINE, sys.modules["datasets.config"].HF_HUB_OFFLINE
    assert (constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE) == (False, False)
    assert len(set(found)) == 1
    return found[0]


def test_a_hub_that_answers_is_asked(answering, monkeypatch):
    assert not _offline_at(answering, monkeypatch)


def test_a_hub_that_refuses_or_is_silent_is_left_alone(silent, monkeypatch):
    monkeypatch.setattr(hub, "SECONDS", 0.2)
    assert _offline_at(silent, monkeypatch)
    assert _offline_at(1, monkeypatch)


def test_who_wants_to_be_offline_stays_so(answering, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{answering}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with hub.at_hand():
        assert constants.HF_HUB_OFFLINE
    assert constants.HF_HUB_OFFLINE


def test_an_encoder_of_a_hub_that_is_away_is_one_line_at_once(tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail(f"it waits {seconds} s to ask again"))
    with pytest.raises(BenchError, match=r"^the encoder nobody/none cannot be loaded, nor is it a folder in"):
        encoders.inputs("nobody/none", tmp_path, [["a"]], 8, frozen=True)
