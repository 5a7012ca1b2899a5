"""What a shell offers."""

import os
import subprocess
import sys

import pytest

from bench.cli import complete


def offered(complete_one, text):
    return [name for name, _ in complete_one(text)]


def test_a_list_of_methods_is_completed_at_its_last_name():
    assert offered(complete.methods, "ra") == ["ranksim"]
    assert offered(complete.methods, "oe,ranks") == ["oe,ranksim"]
    assert offered(complete.methods, "oe[weight=1],mt+ranks") == ["oe[weight=1],mt+ranksim"]


def test_groups_stand_in_lists_but_not_in_stacks():
    assert offered(complete.methods, "oe,al") == ["oe,all-stacks", "oe,all"]
    assert offered(complete.methods, "mt+al") == []
    assert offered(complete.methods, "oe,linear,ref") == ["oe,linear,references"]
    assert offered(complete.methods, "line") == ["linear"]
    assert offered(complete.methods, "mt+line") == []  # a reference stands alone
    assert offered(complete.datasets, "circle,u") == ["circle,uci"]
    assert offered(complete.dataset, "u") == []


def test_methods_and_datasets_are_offered_where_either_may_stand():
    assert {"torus", "topo_ae"} <= set(offered(complete.anything, "to"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("bench run --method ranks", "ranksim"),
        ("bench plan --dataset mam", "mammoth"),
        ("bench show swiss", "swiss_roll"),
        ("bench data fetch imdb", "imdb_wiki"),
    ],
)
def test_a_shell_gets_names_of_the_plug_ins(words, expected):
    asked = {"_BENCH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    code = "import sys; sys.argv[0] = 'bench'; from bench.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [expected]
