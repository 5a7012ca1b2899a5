"""The fork server's first import: from here on it ends with the run that started it.

Without it, a run that is killed in the seconds in which the server imports torch leaves it to finish that.
"""

import os
import signal

from bench.runs.keeper import end_with

PARENT = "BENCH_FORKSERVER_PARENT"  # of whom it is to end; unset where the thread that started it may end before

if parent := os.environ.pop(PARENT, None):
    end_with(int(parent), signal.SIGKILL)
