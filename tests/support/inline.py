"""Cells trained in the process of a test."""

from bench.runs import worker
from bench.runs.executor import Ended


class Inline:
    """Trains cells in this process; `change` is applied to what comes out."""

    def __init__(self, change=lambda finished: finished):
        self.change, self.trained = change, []

    def run(self, todo):
        for cell in todo:
            self.trained.append(cell)
            yield Ended(cell, self.change(worker.run(cell, worker.RunContext("."), lambda _: None)))
