"""Pictures, texts and datasets of Hugging Face: described, trained, saved, and predicted again as the record has it."""

import datasets
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench import load_model
from bench.described import given, hugging_face, sources, writing
from bench.described.rows import required
from bench.errors import BenchError
from bench.plugins import described, resolve
from bench.results import store
from support.command_line import bench

ROWS = 60
WORDS = ["good", "bad", "fine", "poor", "great", "awful", "film", "plot"]


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch, tmp_path):
    monkeypatch.setattr(described, "_known", {})
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))  # where decoded pictures are kept


def pixels():
    rng = np.random.default_rng(0)
    return [np.clip(rng.integers(0, 40, (20, 24, 3)) + 3 * row, 0, 255).astype("uint8") for row in range(ROWS)]


def texts():
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, rng.integers(5, 12))) for _ in range(ROWS)]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "faces/in").mkdir(parents=True)
    for row, picture in enumerate(pixels()):
        Image.fromarray(picture).save(tmp_path / f"faces/in/{row}.png")
    listed = pd.DataFrame(
        {"file_name": [f"in/{row}.png" for row in range(ROWS)], "light": [3.5 * r for r in range(ROWS)]}
    )
    listed.to_csv(tmp_path / "faces/metadata.csv", index=False)
    reviews = pd.DataFrame({"review": texts()})
    reviews["stars"] = reviews["review"].str.count("good|fine|great") + np.linspace(0, 0.1, ROWS)
    reviews.to_csv(tmp_path / "reviews.csv", index=False)
    reviews.assign(other=reviews["review"][::-1].to_list()).to_csv(tmp_path / "pairs.csv", index=False)
    pictures = datasets.Dataset.from_dict({"image": [Image.fromarray(p) for p in pixels()], "light": listed["light"]})
    pictures.save_to_disk(tmp_path / "hub_faces")
    datasets.Dataset.from_pandas(reviews).train_test_split(0.2, seed=0).save_to_disk(tmp_path / "hub_reviews")
    table = {"x": [row**2 % 17 for row in range(ROWS)], "k": ["a", "b"] * (ROWS // 2)}
    table["y"] = [float(len(text)) for text in texts()]
    datasets.Dataset.from_dict(table).save_to_disk(tmp_path / "hub_table")
    return tmp_path


CASES = [
    ("faces", "light", "pictures"),
    ("reviews.csv", "stars", "texts"),
    ("pairs.csv", "stars", "texts"),
    ("hub_faces", "light", "pictures"),
    ("hub_reviews", "stars", "texts"),
    ("hub_table", "y", "table"),
]


@pytest.mark.parametrize(("data", "target", "kind"), CASES)
def test_data_lead_to_a_board_and_a_model_that_predicts_as_the_record(data, target, kind, folder):
    done = bench("new", "dataset", data, "--target", target, cwd=folder)
    assert done.returncode == 0, done.stderr
    name = data.removesuffix(".csv")
    text = (folder / f"{name}.toml").read_text()
    assert f'kind = "{kind}"' in text
    assert all("  # " in line for line in text.splitlines() if " = " in line)
    words = ["--seeds", "1", "--set", "protocol.epochs=2", "--save-models", "best", "--data", "data"]
    done = bench("run", "--method", "baseline,linear", "--dataset", f"{name}.toml", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert {r.status for r in store.read_all(folder / "results")} == {"ok"}
    assert bench("verify", "--data", "data", cwd=folder).returncode == 0
    said = bench("data", "describe", f"{name}.toml", cwd=folder)
    assert f"{ROWS} rows with a target" in said.stdout

    described._known.clear()
    model = load_model(folder / f"results/{name}/baseline")
    record = next(r for r in store.read_all(folder / "results") if r.method == "baseline")
    on = resolve.dataset(given.names(str(folder / f"{name}.toml")))
    table, labels = on.dataset.rows()
    splits = on.dataset.load(folder / "data")
    test = on.dataset.parts(table, labels)[2]
    stored = store.predictions(folder / "results", record)
    again = model.columns(splits.test.x[:])["mean"].numpy()
    np.testing.assert_allclose(again, stored, rtol=1e-4, atol=1e-4)
    found = model.predict(folder / ("faces/metadata.csv" if data == "faces" else data))
    np.testing.assert_allclose(found[target].to_numpy()[test], stored[:, 0], rtol=1e-3, atol=1e-3)


def test_pictures_of_a_folder_are_predicted_in_the_order_of_their_names(folder):
    bench("new", "dataset", "faces", "--target", "light", cwd=folder)
    words = ["--seeds", "1", "--set", "protocol.epochs=2", "--save-models", "best", "--data", "data"]
    bench("run", "--method", "baseline", "--dataset", "faces.toml", *words, cwd=folder)
    found = load_model(folder / "results/faces/baseline").predict(folder / "faces/in")
    assert len(found) == ROWS
    assert found.index.tolist() == sorted(f"{row}.png" for row in range(ROWS))
    said = bench("predict", "results/faces/baseline", "faces/in", "--output", "new/found.csv", cwd=folder)
    assert said.returncode == 0, said.stderr
    assert pd.read_csv(folder / "new/found.csv").columns.tolist() == ["file_name", "light"]


def test_rows_that_came_from_a_folder_are_named_by_it():
    with pytest.raises(BenchError, match=r"^faces has no column 'file'"):
        required(pd.DataFrame({"other": [1]}), ["file"], source="faces")


def test_a_list_of_json_lines_is_that_of_a_csv(folder):
    listed = sources.look(folder / "faces")
    (folder / "faces/metadata.csv").unlink()
    listed.table.to_json(folder / "faces/metadata.jsonl", orient="records", lines=True)
    again = sources.look(folder / "faces")
    assert (again.kind, again.list, again.columns) == ("pictures", "metadata.jsonl", listed.columns)
    pd.testing.assert_frame_equal(again.table, listed.table, check_dtype=False)


def test_a_listed_picture_outside_the_folder_is_refused(folder):
    text = (folder / "faces/metadata.csv").read_text().replace("in/3.png", "../faces/in/3.png")
    (folder / "faces/metadata.csv").write_text(text)
    bench("new", "dataset", "faces", "--target", "light", cwd=folder)
    done = bench("run", "--method", "baseline", "--dataset", "faces.toml", "--data", "data", cwd=folder)
    assert done.returncode == 2
    assert "climbs out" in done.stderr
    assert done.stderr.strip().count("\n") == 0


def test_a_changed_picture_is_other_data(folder):
    bench("new", "dataset", "faces", "--target", "light", cwd=folder)
    on = resolve.dataset(given.names(str(folder / "faces.toml")))
    before = on.dataset.load(folder / "data").fingerprint()
    Image.fromarray(255 - pixels()[0]).save(folder / "faces/in/0.png")
    assert resolve.dataset("faces").dataset.load(folder / "data").fingerprint() != before


@pytest.mark.parametrize("frozen", [True, False])
def test_an_encoder_on_the_disk_is_frozen_or_trained(frozen, folder, monkeypatch):
    transformers = pytest.importorskip("transformers")
    monkeypatch.chdir(folder)
    (folder / "enc").mkdir()
    (folder / "enc/vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]))
    transformers.BertTokenizerFast(str(folder / "enc/vocab.txt")).save_pretrained("enc")
    config = transformers.BertConfig(
        vocab_size=13, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    transformers.BertModel(config).save_pretrained("enc")
    bench("new", "dataset", "reviews.csv", "--target", "stars", cwd=folder)
    text = (folder / "reviews.toml").read_text()
    text = text.replace('kind = "bilstm"', 'kind = "encoder"').replace('encoder = ""', 'encoder = "enc"')
    text = text.replace("frozen = true", f"frozen = {str(frozen).lower()}")
    (folder / "reviews.toml").write_text(text)
    on = resolve.dataset(given.names("reviews.toml"))
    splits = on.dataset.load(folder / "data")
    assert splits.train.x.shape[1] == (16 if frozen else on.dataset.length)
    assert len(on.dataset.resolved["encoder_sha256"]) == 64
    encoder, features = on.dataset.encoder(splits)
    assert encoder(splits.train.x[:2]).shape == (2, features)


def test_a_file_as_an_encoder_is_refused_without_asking_the_hub(folder):
    pytest.importorskip("transformers")
    bench("new", "dataset", "reviews.csv", "--target", "stars", cwd=folder)
    text = (folder / "reviews.toml").read_text()
    text = text.replace('kind = "bilstm"', 'kind = "encoder"').replace('encoder = ""', 'encoder = "reviews.csv"')
    (folder / "reviews.toml").write_text(text)
    result = bench("run", "--method", "baseline", "--dataset", "reviews.toml", "--seeds", "1", cwd=folder)
    said = "bench: the encoder reviews.csv is a file; name the folder of a model, or its name on the hub\n"
    assert (result.returncode, result.stderr) == (2, said)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('backbone = "nothing_like_it"', "is no model of timm"),
        ('backbone = "tiny"\npretrained = "x.safetensors"', "tiny has no weights"),
        ('backbone = "test_resnet"\npretrained = "x.safetensors"', "x.safetensors"),
    ],
)
def test_a_wrong_backbone_is_one_line(change, message, folder):
    bench("new", "dataset", "faces", "--target", "light", cwd=folder)
    text = (folder / "faces.toml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("backbone", "pretrained"))]
    (folder / "faces.toml").write_text("\n".join(lines).replace("[network]", f"[network]\n{change}"))
    done = bench("run", "--method", "baseline", "--dataset", "faces.toml", "--data", "data", cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.strip().count("\n") == 0


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "1", "P", "transparent", "animated"])
def test_a_picture_of_any_mode_is_read_without_a_word(mode, folder, recwarn):
    first, path = Image.fromarray(pixels()[0]), folder / "faces/in/3.png"
    if mode == "animated":
        first.save(path, save_all=True, append_images=[Image.fromarray(pixels()[1])])
    elif mode == "transparent":
        first.convert("P").save(path, transparency=bytes(range(200)))
    else:
        first.convert(mode).save(path)
    on = resolve.dataset(given.names(str(folder / "faces"), "light"))
    assert on.dataset.load(folder / "root").train.x[:].shape[1:] == (3, 64, 64)
    assert not [str(one.message) for one in recwarn if one.category is UserWarning]


@pytest.mark.parametrize("what", ["16 bits", "cut off", "no picture", "not there"])
def test_a_picture_that_cannot_be_read_is_one_line(what, folder):
    path = folder / "faces/in/3.png"
    if what == "16 bits":
        Image.fromarray(np.full((20, 24), 40_000, dtype=np.uint16)).save(path)
    elif what == "not there":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:200] if what == "cut off" else b"words")
    on = resolve.dataset(given.names(str(folder / "faces"), "light"))
    with pytest.raises(BenchError, match=r"3\.png") as error:
        on.dataset.load(folder / "root")
    assert "\n" not in str(error.value)


def test_a_row_without_a_picture_is_one_line(tmp_path):
    import datasets

    found = datasets.Dataset.from_dict({"image": [None] * 2}, datasets.Features({"image": datasets.Image()}))
    with pytest.raises(BenchError, match="image, row 1: there is no picture; leave such rows out"):
        hugging_face.pictures(found, "image", tmp_path)


def test_missing_texts_are_empty_ones(folder):
    frame = pd.read_csv(folder / "reviews.csv")
    frame.loc[::5, "review"] = None
    frame.to_parquet(folder / "some.parquet")
    on = resolve.dataset(given.names(str(folder / "some.parquet"), "stars"))
    assert on.dataset.load(folder).train.x.shape[1] > 1


@pytest.mark.parametrize("text", ["", "the same words in every row"])
def test_texts_that_say_nothing_are_refused(text, folder):
    frame = pd.read_csv(folder / "reviews.csv").assign(review=text)
    frame.to_parquet(folder / "none.parquet")
    one = writing.describe(folder / "none.parquet", "stars", folder, "none", writing.Wishes(text="review"))
    described.register(described.Described("none", one.text, str(folder)))
    with pytest.raises(BenchError, match="the texts in review are all the same, or of one word"):
        resolve.dataset("none").dataset.load(folder)


def test_a_target_is_not_read_as_text(folder):
    with pytest.raises(BenchError, match="--text stars is the target"):
        writing.describe(folder / "reviews.csv", "stars", folder, "own", writing.Wishes(text="stars"))


def test_a_language_without_spaces_has_a_word_a_character():
    assert sources.words("\u4f60\u597d world") == ["\u4f60", "\u597d", "world"]


def test_what_lies_in_a_folder_is_said_where_it_cannot_be_used(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match="has 0 files of rows"):
        sources.look(tmp_path / "empty")
    pd.DataFrame({"file_name": ["a.png"], "y": [1]}).to_csv(tmp_path / "empty/labels.csv")
    with pytest.raises(BenchError, match="no column names files"):
        sources.look(tmp_path / "empty")
    (tmp_path / "empty/dataset_info.json").write_text("{")
    with pytest.raises(BenchError, match="no dataset of Hugging Face"):
        sources.look(tmp_path / "empty")


@pytest.mark.parametrize(
    "made",
    [
        datasets.Dataset.from_dict({"x": [], "y": []}),
        datasets.DatasetDict({"train": datasets.Dataset.from_dict({"x": [], "y": []})}),
        datasets.DatasetDict({}),
    ],
)
def test_a_dataset_of_hugging_face_without_rows_is_one_clear_line(made, tmp_path):
    made.save_to_disk(str(tmp_path / "own"))
    # versions of the library differ in whether they write a file of no rows
    written = any((tmp_path / "own").rglob("*.arrow"))
    said = "has no rows" if written else "is no dataset of Hugging Face that can be read: it has no file of rows"
    with pytest.raises(BenchError, match=f"own {said}"):
        hugging_face.read(tmp_path / "own")
