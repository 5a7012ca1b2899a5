"""What is wrong with a name or an option is said before anything heavy is imported."""

import json
import subprocess
import sys

import pytest

WRONG = {
    "run --method rankism --dataset circle": "no method 'rankism'; did you mean 'ranksim'?",
    "run --method mt+nope --dataset circle": "no method 'nope'",
    "run --method baseline --dataset cirlce": "no dataset 'cirlce'; did you mean 'circle'?",
    "run --method oe[wieght=1] --dataset circle": "'oe' has no parameter 'wieght'; there are: weight=1, samples=80",
    "run --method baseline --dataset circle[drow=1]": "'circle' has no parameter 'drow'",
    "run --method baseline --dataset circle --set protocol.epoch=5": "no protocol field 'epoch'",
    "run --method baseline --dataset circle --set protocol.epochs=few": "protocol.epochs=few",
    "run --method baseline --dataset circle --seed x": "cannot read the seeds",
    "run --method baseline --dataset circle --retry all": "no status 'all'",
    "run --method nope --dataset circle --smoke": "no method 'nope'",
    "plan --method all,nope --dataset circle": "no method 'nope'",
    "plan --method singles --dataset uci,nope": "no dataset 'nope'",
    "search --method nope --dataset circle": "no method 'nope'",
    "show nope": "no method or dataset 'nope'",
    "show airfoil[row=1]": "'airfoil' has no parameter 'row'; there are: rows=real",
    "check method nope": "no method 'nope'",
    "check dataset nope": "no dataset 'nope'",
    "check board nope": "cannot check a 'board'",
    "profile --dataset nope": "no dataset 'nope'",
    "profile --dataset uci": "name one",
    "profile --dataset circle --method nope": "no method 'nope'",
    "data status --dataset nope": "no dataset 'nope'",
    "data fetch nope": "no dataset 'nope'",
    "data add nope .": "no dataset 'nope'",
    "data preview nope": "no dataset 'nope'",
    "export --format csv --out f --dataset nope": "no dataset 'nope'",
    "export --format xls --out f": "no format 'xls'",
}

# every call in one process, with what each has imported by its end
CODE = """
import contextlib, io, json, sys
from bench import cli
light = not {"torch", "pandas", "numpy", "pydantic", "rich"} & set(sys.modules)
found = []
for words in json.loads(sys.argv[1]):
    errors = io.StringIO()
    sys.argv = ["bench", *words.split()]
    with contextlib.redirect_stderr(errors):
        try:
            cli.main()
        except SystemExit as stopped:
            heavy = sorted({"torch", "pandas", "numpy"} & set(sys.modules))
            found.append((stopped.code, errors.getvalue(), heavy))
print(json.dumps({"light": light, "found": found}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(list(WRONG))],
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path_factory.mktemp("empty"),
    )
    return json.loads(done.stdout)


def test_the_command_line_alone_imports_nothing_heavy(answers):
    assert answers["light"]


@pytest.mark.parametrize("words", WRONG)
def test_wrong_input_is_answered_without_torch(answers, words):
    code, errors, heavy = answers["found"][list(WRONG).index(words)]
    assert code == 2
    assert WRONG[words] in errors
    assert errors.count("\n") == 1
    assert heavy == []
