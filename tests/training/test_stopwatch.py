"""What times a step."""

import sys
from time import sleep

import pytest
import torch

from bench.training.stopwatch import Stopwatch, clock_of
from support.tiny_training import Line, fitted

CPU = torch.device("cpu")


@pytest.fixture
def threads():
    """Sets torch's threads; as before afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def _timed(call):
    watch = Stopwatch(CPU)
    began = watch.now()
    call()
    watch.step(began)
    (seconds,) = watch.read()
    assert watch.read() == []
    return seconds


@pytest.mark.skipif(sys.platform == "win32", reason="counts in parts of 16 ms")
def test_a_step_of_one_thread_takes_what_the_processor_spends_on_it(threads):
    threads(1)
    assert clock_of(CPU) == "processor"
    assert _timed(lambda: sleep(0.2)) < 0.1
    assert _timed(lambda: sum(range(10**6))) > 0.001


def test_a_step_of_several_threads_takes_what_the_wall_clock_says(threads):
    threads(2)
    assert clock_of(CPU) == "wall"
    assert _timed(lambda: sleep(0.2)) >= 0.2
    assert clock_of(torch.device("cuda")) == "wall"


@pytest.mark.skipif(sys.platform == "win32", reason="counts in parts of 16 ms")
def test_training_says_by_which_clock_its_steps_were_timed(threads):
    for number, clock in ((1, "processor"), (2, "wall")):
        threads(number)
        assert fitted(Line()).result.step_clock == clock
