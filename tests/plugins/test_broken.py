"""One broken plug-in is named with its reason, and everything else goes on."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import bench
from bench import plugins
from bench.dataset import Dataset
from bench.errors import BenchError, BrokenPlugin
from bench.method import Method
from bench.plugins import discovery, guard, resolve
from bench.plugins.resolve import NamedDataset
from bench.protocol import Protocol
from support import foreign

CONSTRUCTOR = "    def __init__(self, {}):\n        super().__init__()\n"
METHODS = {
    "gone": (foreign.method("import not_there_at_all"), "ModuleNotFoundError: No module named 'not_there_at_all'"),
    "syntax": ("def (:\n", "is not Python"),
    "exits": (foreign.method("import sys\nsys.exit(3)"), "importing it ends the process"),
    "exits_hard": (foreign.method("import os\nos._exit(0)"), "importing it ends the process, with exit code 0"),
    "interrupts": (foreign.method("raise KeyboardInterrupt"), "raises KeyboardInterrupt"),
    "recurs": (foreign.method("def again(): again()\nagain()"), "RecursionError"),
    "dtype": (foreign.method("import torch\ntorch.set_default_dtype(torch.float64)"), "torch's default dtype"),
    "nothing": ('"""Nothing."""\n', "must define one subclass of Method; it defines 0"),
    "two": (foreign.method() + "\n\nclass Other(Method): ...\n", "it defines 2"),
    "needs": (foreign.method(body=CONSTRUCTOR.format("weight: float")), "parameter 'weight' has no default"),
    "odd": (foreign.method(body=CONSTRUCTOR.format("key=object()")), "default of its parameter 'key'"),
    "unnamed": (foreign.method(body=CONSTRUCTOR.format("key: 'Nope' = 1")), "annotations of its constructor"),
    "raises": (
        foreign.method(body="    def __init__(self):\n        raise RuntimeError('boom')\n"),
        "RuntimeError: boom",
    ),
}
SOUND = {
    "plain": foreign.method("print('hello')"),
    "starred": foreign.method(body=CONSTRUCTOR.format("*args, weight=1, **more")),
    "free": foreign.method(body=CONSTRUCTOR.format("path: str = 'a'")),
}
NAMES = {"oe": "is that of bench.methods.oe", "OE": "is that of", "all": "stands for several", "a/b": "letters, digits",
    "con": "Windows", "nobody": "cannot be found", "wrong": "names no module"}  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    sources = {**{name: source for name, (source, _) in METHODS.items()}, **SOUND, "line": foreign.dataset()}
    sources["lost"] = foreign.dataset("raise OSError('no')")
    methods = {name: name for name in (*METHODS, *SOUND)}
    methods |= dict.fromkeys(NAMES, "plain") | {"nobody": "not_there_at_all", "wrong": "!!"}
    foreign.install(folder, sources, {"methods": methods, "datasets": {"line": "line", "lost": "lost"}})
    return folder


@pytest.fixture(scope="module")
def call(installed, tmp_path_factory):
    """The command line in a process that finds them; memory as a user has it."""
    here = tmp_path_factory.mktemp("here")
    env = foreign.environment(installed) | {"BENCH_CACHE": str(here / "cache")}

    def run(*words):
        command = [sys.executable, "-m", "bench", *words]
        return subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def listed(call):
    return json.loads(call("list", "--json").stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*METHODS, *NAMES])
def test_each_is_listed_with_its_reason_and_nowhere_else(listed, name):
    reasons = {row["name"]: row["reason"] for row in listed["broken"] if row["kind"] == "method"}
    assert {**{key: why for key, (_, why) in METHODS.items()}, **NAMES}[name] in reasons[name]
    assert "\n" not in reasons[name]
    assert reasons.keys() == METHODS.keys() | NAMES.keys()
    assert name == "oe" or name not in {row["name"] for row in listed["methods"]}


@pytest.mark.slow
def test_all_others_are_listed_too(listed):
    ours = {name for name in plugins.methods() if plugins.modules("method")[name].startswith("bench.")}
    assert {row["name"] for row in listed["methods"]} == ours | SOUND.keys()
    assert [row["name"] for row in listed["broken"] if row["kind"] == "dataset"] == ["lost"]
    assert "line" in {row["name"] for row in listed["datasets"]}


@pytest.mark.slow
def test_a_run_of_all_leaves_them_out_in_a_line_each(call):
    said = call("run", "--method", "singles", "--dataset", "line", "--seeds", "1", "--jobs", "4")
    assert said.returncode in (0, 1), said.stderr
    out = [line for line in said.stderr.splitlines() if line.startswith("left out: ")]
    assert len(out) == len(METHODS) + len(NAMES)
    for name in SOUND:
        assert f"line {name} seed 0: test mae" in said.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gone", "exits_hard", "dtype"])
def test_asked_for_by_name_it_is_one_line(call, name):
    for words in (("plan", "--method", f"baseline,{name}", "--dataset", "line"), ("show", name)):
        said = call(*words)
        assert (said.returncode, said.stdout, said.stderr.count("\n")) == (2, "", 1)
        assert METHODS[name][1] in said.stderr


@pytest.mark.slow
def test_its_author_sees_the_whole_traceback(call):
    said = call("check", "method", "gone")
    assert said.returncode == 2
    assert "Traceback" in said.stderr
    assert "gone.py" in said.stderr
    assert said.stderr.splitlines()[-1].startswith("bench: the method 'gone' is broken")


@pytest.mark.slow
def test_a_file_among_ours_that_ends_the_process_does_not_end_the_runs_of_others(tmp_path):
    root = Path(bench.__file__).parents[1]
    for name in ("bench", "methods", "datasets"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "methods/ends.py").write_text(METHODS["exits_hard"][0])
    words = ["run", "--method", "baseline", "--dataset", "digits", "--seeds", "1", "--set", "protocol.epochs=1"]
    env = os.environ | {"PYTHONPATH": str(tmp_path), "BENCH_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "bench", *words, "--results", str(tmp_path / "results")]
    said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "digits baseline seed 0: test mae" in said.stderr


@pytest.mark.parametrize("value", ["x/../../y:z", "x..y", "a:b", "a b", "CON?", "Upper", "ü", "x" * 250])
def test_a_free_parameter_never_leaves_its_folder(monkeypatch, value):
    class Free(Method):
        def __init__(self, path: str = "a"):
            super().__init__()

    monkeypatch.setattr(plugins, "load", lambda kind, name: Free)
    on = NamedDataset("line", "line", {}, Dataset(), Protocol())
    with pytest.raises(BenchError) as raised:
        resolve.method(f"free[path={value}]", on)
    assert "\n" not in str(raised.value)
    assert resolve.method("free[path=b.c-1]", on).name == "free[path=b.c-1]"


# what a module changes -> refused for it, or none of it left
STATE = {
    "torch.set_default_dtype(torch.float64)": "dtype",
    "torch.set_default_device('meta')": "device",
    "torch.set_num_threads(torch.get_num_threads() + 1)": "threads",
    "torch.use_deterministic_algorithms(True)": "deterministic",
    "torch.set_float32_matmul_precision('medium')": "precision",
    "torch.backends.cudnn.benchmark = True": "cuDNN",
    "torch.set_grad_enabled(False)": "gradients",
    "torch.autograd.set_detect_anomaly(True)": "anomaly",
    "torch.set_flush_denormal(True)": "rounds to zero",
    "np.seterr(all='raise')": "NumPy",
    "torch.manual_seed(1); np.random.seed(1); random.seed(1)": "",
    "os.chdir('/')": "",
    "os.environ['BENCH_DATA'] = 'elsewhere'; os.environ.pop('PATH')": "",
    "sys.argv = ['other']; sys.path.insert(0, '/nowhere')": "",
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)": "",
    "warnings.simplefilter('ignore')": "",
    "logging.disable(50); logging.root.setLevel(5)": "",
    "sys.stderr = sys.stdout = None; sys.setrecursionlimit(54321)": "",
    "print('a word that no script expects')": "",
}


def state():
    torch_state = torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state().tolist()
    modes = torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled(), torch.backends.cudnn.benchmark
    numpy = repr(np.random.get_state()), np.geterr()  # noqa: NPY002
    process = Path.cwd(), dict(os.environ), list(sys.path), list(sys.argv), signal.getsignal(signal.SIGTERM)
    rest = list(warnings.filters), sys.stdout, sys.stderr, sys.getrecursionlimit(), random.getstate()
    return *torch_state, str(torch.empty(0).device), *modes, torch.is_anomaly_enabled(), *numpy, *process, *rest


@pytest.mark.parametrize(("line", "reason"), STATE.items(), ids=list(STATE))
def test_what_an_import_changes_is_put_back_or_refused(tmp_path, monkeypatch, capsys, line, reason):
    name = f"changes_{abs(hash(line))}"
    (tmp_path / f"{name}.py").write_text(
        f"import logging, os, random, signal, sys, warnings\nimport numpy as np\nimport torch\n{line}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    before = state()
    if reason:
        with pytest.raises(guard.Refused, match=reason):
            guard.import_guarded(name)
        assert name not in sys.modules
    else:
        guard.import_guarded(name)
    assert state() == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("then", ["raise", "raise ValueError('a wheel came off')", "sys.exit(3)"])
def test_a_signal_while_a_plugin_is_imported_ends_the_run(number, then, tmp_path, monkeypatch):
    sends = f"try:\n    os.kill(os.getpid(), {number:d})\n    time.sleep(5)\nexcept KeyboardInterrupt:\n    {then}\n"
    (tmp_path / "pressed.py").write_text(f"import os, sys, time\n{sends}")
    monkeypatch.syspath_prepend(tmp_path)
    before = signal.signal(number, signal.default_int_handler)  # a background job is started deaf to it
    try:
        with pytest.raises(KeyboardInterrupt):
            guard.import_guarded("pressed")
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_once_refused_a_plugin_stays_refused_until_it_is_mended(tmp_path, monkeypatch):
    (tmp_path / "helper_of_it.py").write_text("import torch\ntorch.set_default_dtype(torch.float64)\n")
    (tmp_path / "refused_one.py").write_text(foreign.method("import helper_of_it"))
    monkeypatch.syspath_prepend(tmp_path)
    found = discovery.Modules({"refused_one": "refused_one"}, {}, frozenset())
    monkeypatch.setattr("bench.plugins.loading.modules", lambda kind: found)
    for _ in range(2):
        with pytest.raises(BrokenPlugin, match="dtype"):
            plugins.load("method", "refused_one")
    (tmp_path / "refused_one.py").write_text(foreign.method())
    assert plugins.load("method", "refused_one").__name__ == "Theirs"
