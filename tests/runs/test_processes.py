"""Processes beside this one."""

import multiprocessing

import pytest

from bench.runs import processes


def test_a_worker_whose_run_is_gone_ends_without_a_traceback():
    ours, theirs = multiprocessing.Pipe(duplex=False)
    ours.close()
    processes._work(lambda pipe: pipe.send("nobody hears this"), theirs)


def test_a_workers_own_failure_is_not_hidden():
    ours, theirs = multiprocessing.Pipe(duplex=False)

    def fail(pipe):
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        processes._work(fail, theirs)
    ours.close()
    theirs.close()
