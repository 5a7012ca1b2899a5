"""Files of datasets: status, fetch, add and verify."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from bench.data import adding, files
from bench.dataset import Dataset, File, missing_files
from bench.errors import BenchError

CONTENT = b"1 2 3\n"


def sha(content):
    return hashlib.sha256(content).hexdigest()


def toy(*files, offline=""):
    dataset = Dataset()
    dataset.files, dataset.offline = files, offline
    return dataset


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.txt").write_bytes(CONTENT)
    return folder


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def states(dataset, data):
    return [row.state for row in files.status(dataset, data)]


def test_a_file_known_by_its_repositorys_list_alone_is_checked_by_gits_hash(source, data):
    # `git hash-object` of these bytes
    file = File("a.txt", "", git_blob="b85905ec0b994f1e5797d58ffefed89ff54d6b51", url=(source / "a.txt").as_uri())
    assert list(files.fetch(toy(file), data)) == [data / "a.txt"]
    assert states(toy(file), data) == ["present"]
    (source / "a.txt").write_bytes(b"1 2 4\n")
    (data / "a.txt").write_bytes(b"1 2 4\n")
    with pytest.raises(BenchError, match=r"a\.txt has Git hash [0-9a-f]{40}, expected b85905ec"):
        files.verify(toy(file), data)
    with pytest.raises(BenchError, match=r"gives a\.txt with Git hash"):
        list(files.fetch(toy(file), data))


def test_a_fetched_file_is_there_and_right(source, data):
    dataset = toy(File("deep/a.txt", sha(CONTENT), url=(source / "a.txt").as_uri()))
    assert states(dataset, data) == ["missing"]
    assert list(files.fetch(dataset, data)) == [data / "deep/a.txt"]
    assert states(dataset, data) == ["present"]
    assert list(files.fetch(dataset, data)) == []
    files.verify(dataset, data)
    assert [path.name for path in (data / "deep").iterdir()] == ["a.txt"]


def test_a_download_with_another_checksum_is_refused_and_not_kept(source, data):
    dataset = toy(File("a.txt", "0" * 64, url=(source / "a.txt").as_uri()))
    with pytest.raises(BenchError, match=f"{sha(CONTENT)}, expected {'0' * 64}"):
        list(files.fetch(dataset, data))
    assert list(data.iterdir()) == []


def test_a_url_that_cannot_be_read_is_named(source, data):
    url = (source / "none.txt").as_uri()
    with pytest.raises(BenchError, match=r"cannot download .*none\.txt"):
        list(files.fetch(toy(File("a.txt", sha(CONTENT), url=url)), data))
    assert list(data.iterdir()) == []


def test_only_the_named_member_of_an_archive_is_taken(source, data, tmp_path):
    with zipfile.ZipFile(source / "a.zip", "w") as archive:
        archive.writestr("inside/a.txt", CONTENT)
        archive.writestr("../../evil.txt", b"evil")
    url = (source / "a.zip").as_uri()
    list(files.fetch(toy(File("a.txt", sha(CONTENT), url=url, member="inside/a.txt")), data))
    assert (data / "a.txt").read_bytes() == CONTENT
    assert not list(tmp_path.rglob("evil.txt"))
    with pytest.raises(BenchError, match=r"is not in the form that gives b\.txt"):
        list(files.fetch(toy(File("b.txt", sha(CONTENT), url=url, member="none")), data))


def test_a_source_of_another_form_is_converted_before_the_check(source, data):
    file = File("a.csv", sha(b"1,2,3\n"), (source / "a.txt").as_uri(), convert=lambda raw: raw.replace(b" ", b","))
    list(files.fetch(toy(file), data))
    assert (data / "a.csv").read_bytes() == b"1,2,3\n"


def test_a_source_that_does_not_convert_is_refused(source, data):
    file = File("a.csv", sha(b"1"), (source / "a.txt").as_uri(), convert=lambda raw: b"%d" % int(raw))
    with pytest.raises(BenchError, match=r"is not in the form that gives a\.csv"):
        list(files.fetch(toy(file), data))


def test_a_file_that_only_its_authors_hand_out_is_not_fetched(data):
    with pytest.raises(BenchError, match="bench data add"):
        list(files.fetch(toy(File("a.txt", sha(CONTENT))), data))


def test_a_wrong_file_is_named_with_both_checksums_until_fetched_again(source, data):
    dataset = toy(File("a.txt", sha(CONTENT), url=(source / "a.txt").as_uri()))
    data.mkdir()
    (data / "a.txt").write_bytes(b"other\n")
    assert states(dataset, data) == ["wrong checksum"]
    with pytest.raises(BenchError, match=rf"a\.txt has SHA-256 {sha(b'other' + bytes([10]))}, expected {sha(CONTENT)}"):
        files.verify(dataset, data)
    list(files.fetch(dataset, data))
    files.verify(dataset, data)


def test_a_file_that_changes_is_hashed_again(data):
    dataset = toy(File("a.txt", sha(CONTENT)))
    data.mkdir()
    (data / "a.txt").write_bytes(CONTENT)
    assert states(dataset, data) == ["present"]
    (data / "a.txt").write_bytes(b"3 2 1\n")
    os.utime(data / "a.txt", ns=(1, 1))
    assert states(dataset, data) == ["wrong checksum"]


def test_missing_data_says_what_to_run_and_the_offline_source(data):
    url = "https://example.org/a.txt"
    with pytest.raises(BenchError, match=r"bench data fetch 'x.split=b.'`, or take the offline source 'x.rows=synth"):
        files.verify(toy(File("a.txt", "0" * 64, url), offline="x[rows=synthetic]"), data, "x[split=b]")
    with pytest.raises(BenchError, match=r"a\.txt and 1 more is missing; run `bench data add x PATH`"):
        files.verify(toy(File("a.txt", "0" * 64), File("b.txt", "1" * 64)), data, "x")


def test_an_alternative_stands_in_for_a_missing_file_and_is_checked_too(source, data):
    resaved = File("a.bin", sha(b"same"))
    dataset = toy(File("a.txt", sha(CONTENT), url=(source / "a.txt").as_uri(), alternatives=(resaved,)))
    assert missing_files(dataset, data) == list(dataset.files)
    data.mkdir()
    (data / "a.bin").write_bytes(b"same")
    assert missing_files(dataset, data) == []
    files.verify(dataset, data)
    assert [row.path for row in files.status(dataset, data)] == ["a.bin"]
    (data / "a.bin").write_bytes(b"no longer the same")
    with pytest.raises(BenchError, match=rf"a\.bin has SHA-256 .* expected {sha(b'same')}; run `bench data fetch"):
        files.verify(dataset, data)
    list(files.fetch(dataset, data))
    files.verify(dataset, data)


def test_files_are_added_from_a_path_or_found_by_name_in_a_folder(source, data):
    (source / "sub").mkdir()
    (source / "sub" / "b.txt").write_bytes(b"b")
    dataset = toy(File("x/a.txt", sha(CONTENT)), File("x/b.txt", sha(b"b")))
    assert adding.add(dataset, data, source / "a.txt") == [data / "x/a.txt"]
    assert adding.add(dataset, data, source) == [data / "x/a.txt", data / "x/b.txt"]
    files.verify(dataset, data)


def test_a_file_with_another_checksum_is_not_added(source, data):
    dataset = toy(File("a.txt", "0" * 64), File("b.txt", "1" * 64))
    for path in (source, source / "a.txt"):
        with pytest.raises(BenchError, match=f"{sha(CONTENT)}, expected {'0' * 64}"):
            adding.add(dataset, data, path)
    assert states(dataset, data) == ["missing", "missing"]


def test_adding_names_what_a_folder_lacks(source, data):
    dataset = toy(File("a.txt", sha(CONTENT)), File("b.txt", "1" * 64))
    with pytest.raises(BenchError, match=r"no b\.txt below"):
        adding.add(dataset, data, source)
    with pytest.raises(BenchError, match="does not exist"):
        adding.add(dataset, data, source / "none")


def test_the_data_root_is_the_option_then_the_environment_then_the_users_folder(monkeypatch):
    monkeypatch.setenv("BENCH_DATA", "/environment")
    assert files.root(Path("/option")) == Path("/option")
    assert files.root(None) == Path("/environment")
    monkeypatch.delenv("BENCH_DATA")
    assert files.root(None).name == "regression-bench"


def test_data_add_takes_a_file_that_another_parameter_reads(tmp_path):
    content = tmp_path / "given" / "vectors.txt"
    content.parent.mkdir()
    content.write_bytes(b"the 1\n")
    dataset = Dataset()
    dataset.files = (File("a.tsv", "0" * 64),)
    dataset.optional = (File("words/vectors.txt", sha(content.read_bytes())),)
    assert adding.add(dataset, tmp_path / "root", content) == [tmp_path / "root/words/vectors.txt"]


def test_data_add_refuses_a_wrong_file_even_where_all_files_are_there(tmp_path):
    (tmp_path / "root").mkdir()
    for name in ("root/a.txt", "wrong.txt"):
        (tmp_path / name).write_text(name)
    dataset = Dataset()
    dataset.files = (File("a.txt", sha(b"root/a.txt")),)
    with pytest.raises(BenchError, match=r"wrong\.txt gives a\.txt with SHA-256"):
        adding.add(dataset, tmp_path / "root", tmp_path / "wrong.txt")
    (tmp_path / "empty").mkdir()
    assert adding.add(dataset, tmp_path / "root", tmp_path / "empty") == []
