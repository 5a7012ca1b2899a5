"""A member of a zip archive of unknown making."""

import io
import zipfile

import pytest

from bench.data.archives import unzipped
from bench.errors import BenchError


def archive(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file


def read(file, member=None):
    with unzipped(file, member, "a.zip", "a table") as inside:
        return inside.read()


def test_a_member_is_read_by_its_name_or_as_the_first():
    file = archive(one=b"1", two=b"2")
    assert (read(file), read(file, "two")) == (b"1", b"2")


@pytest.mark.parametrize(
    ("members", "member", "why"),
    [
        ({"zeros": bytes(10_000_000)}, None, "are a bomb"),
        ({"one": b"1"}, "two", "there is no .*two.* in the archive"),
        ({}, None, "the archive is empty"),
    ],
)
def test_what_cannot_be_read_is_one_line(members, member, why):
    with pytest.raises(BenchError, match=why):
        read(archive(**members), member)
