"""Run in a process of its own: import plug-ins one after another, and write a line on each as soon as it is known."""

import json
import sys
import traceback
from pathlib import Path


def main(question: str) -> None:
    """Write why each plug-in cannot be used, or null; of a question `[file, sys.path, [[kind, name], ...]]`."""
    answers, sys.path[:], plugins = json.loads(question)
    from bench.plugins.health import reason_of

    for kind, name in plugins:
        reason = reason_of(kind, name, told=traceback.print_exception)
        with Path(answers).open("a", encoding="utf-8") as file:
            file.write(json.dumps(reason) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
