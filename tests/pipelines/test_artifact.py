"""The artifact: what is saved is what is loaded, and whatever was touched in between is refused."""

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.artifact import SCHEMA, ArtifactError, Model, load, save

MODEL = Model(
    name="spirits",
    kind="nearest-neighbours",
    signature={"item": "spirit", "items": ["Àrdbeg", "Oban"], "range": [0, 4]},
    params={"metric": "euclidean", "k": 5},
    arrays={
        "profiles": np.array([[4, 1], [2, 2]], dtype=np.int8),
        "centre": np.array([3.0, 1.5]),
    },
)


@pytest.fixture
def folder(tmp_path):
    """A saved MODEL, in a folder with a space in its path."""
    save(MODEL, tmp_path / "a model")
    return tmp_path / "a model"


def forge(folder: Path, change) -> None:
    """Change model.json and give it the hash that fits, as somebody who can read our code would."""
    path = folder / "model.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["version"]
    change(document)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    document["version"] = hashlib.sha256(canonical.encode()).hexdigest()
    path.write_text(json.dumps(document), encoding="utf-8")


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- What goes in comes out -----------------------------------------------------------------------------------


def test_a_saved_model_is_loaded_as_it_was(folder):
    loaded = load(folder)
    assert (loaded.name, loaded.kind, loaded.schema) == (MODEL.name, MODEL.kind, SCHEMA)
    assert (loaded.signature, loaded.params) == (MODEL.signature, MODEL.params)
    assert loaded.arrays.keys() == MODEL.arrays.keys()
    for name, array in MODEL.arrays.items():
        assert loaded.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded.arrays[name], array)


def test_the_version_is_what_save_returns_what_the_file_says_and_what_is_loaded(tmp_path):
    version = save(MODEL, tmp_path / "m")
    written = json.loads((tmp_path / "m" / "model.json").read_text(encoding="utf-8"))["version"]
    assert version == written == load(tmp_path / "m").version == MODEL.version
    assert len(version) == 64


@pytest.mark.parametrize(
    "array",
    [
        np.array(2.5),
        np.zeros((0, 12)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(10)[::2],
        np.array(["Oban", "Àrdbeg"]),
        np.array([np.nan, -0.0, np.inf]),
        np.array([True, False]),
    ],
    ids=["a single number", "no rows", "column order", "a slice", "text", "odd numbers", "flags"],
)
def test_any_plain_array_comes_back(tmp_path, array):
    save(replace(MODEL, arrays={"one": array}), tmp_path / "m")
    loaded = load(tmp_path / "m").arrays["one"]
    assert (loaded.shape, loaded.dtype) == (array.shape, array.dtype)
    np.testing.assert_array_equal(loaded, array)


def test_settings_that_json_writes_differently_still_load(tmp_path):
    model = replace(MODEL, params={"weights": {10: 1.5, 9: 2.5}, "range": (0, 4)})
    version = save(model, tmp_path / "m")
    assert load(tmp_path / "m").params == {"weights": {"10": 1.5, "9": 2.5}, "range": [0, 4]}
    assert load(tmp_path / "m").version == version


# --- The hash -------------------------------------------------------------------------------------------------


def test_saving_twice_gives_the_same_bytes(tmp_path):
    save(MODEL, tmp_path / "one")
    save(MODEL, tmp_path / "two")
    assert files_in(tmp_path / "one") == files_in(tmp_path / "two")


def test_the_hash_does_not_depend_on_the_order_of_entries():
    turned = replace(
        MODEL,
        signature=dict(reversed(MODEL.signature.items())),
        params=dict(reversed(MODEL.params.items())),
        arrays=dict(reversed(MODEL.arrays.items())),
    )
    assert turned.version == MODEL.version


def test_the_hash_does_not_depend_on_memory_layout_or_times(folder):
    columnwise = {name: np.asfortranarray(array) for name, array in MODEL.arrays.items()}
    assert replace(MODEL, arrays=columnwise).version == MODEL.version
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    assert load(folder).version == MODEL.version


def test_the_hash_does_not_depend_on_the_hash_seed():
    code = (
        "import numpy as np\n"
        "from pipelines.artifact import Model\n"
        "names = {'Oban', 'Talisker', 'Clynelish', 'Ardbeg'}\n"
        "params = {name: len(name) for name in names}\n"
        "arrays = {name: np.arange(len(name)) for name in names}\n"
        "print(Model('m', 'k', {'items': sorted(names)}, params, arrays).version)"
    )
    versions = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(versions) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(MODEL, name="beers"),
        replace(MODEL, kind="clusters"),
        replace(MODEL, signature={**MODEL.signature, "range": [0, 5]}),
        replace(MODEL, params={**MODEL.params, "k": 6}),
        replace(MODEL, params={**MODEL.params, "k": 5.5}),
        replace(MODEL, arrays={**MODEL.arrays, "centre": np.array([3.0, np.nextafter(1.5, 2)])}),
        replace(MODEL, arrays={**MODEL.arrays, "centre": MODEL.arrays["centre"].astype(np.float32)}),
        replace(MODEL, arrays={**MODEL.arrays, "centre": MODEL.arrays["centre"].reshape(1, 2)}),
        replace(MODEL, arrays={**MODEL.arrays, "middle": MODEL.arrays["centre"]}),
    ],
    ids=["name", "kind", "signature", "param", "type", "last digit", "precision", "shape", "array"],
)
def test_the_hash_changes_with_whatever_makes_another_model(other):
    assert other.version != MODEL.version


# --- What was touched is refused ------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_one_flipped_bit_in_any_file_is_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("flipped") / "m"
    save(MODEL, folder)
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        loaded = load(folder)
    except ArtifactError:
        return
    # JSON has spaces and line ends that mean nothing; what the model holds must be what was saved.
    assert path.name == "model.json"
    assert loaded.version == MODEL.version


@pytest.mark.parametrize("name", ["profiles.npy", "centre.npy", "model.json"])
@pytest.mark.parametrize("harm", ["cut", "empty", "gone", "longer"])
def test_a_damaged_file_is_refused_by_its_name(folder, name, harm):
    path = folder / name
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes({"cut": content[:-8], "empty": b"", "longer": content + b"more"}[harm])
    with pytest.raises(ArtifactError, match=f"{name}.*(Train the model again|Run the pipeline)"):
        load(folder)


def test_a_setting_changed_by_hand_is_refused(folder):
    path = folder / "model.json"
    path.write_text(path.read_text(encoding="utf-8").replace("euclidean", "manhattan"), encoding="utf-8")
    with pytest.raises(ArtifactError, match="changed after it was written"):
        load(folder)


def test_two_arrays_swapped_are_refused(folder):
    first, second = folder / "profiles.npy", folder / "centre.npy"
    first_content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(first_content)
    with pytest.raises(ArtifactError, match="does not match its hash"):
        load(folder)


def test_a_newer_schema_is_refused_with_the_mend(folder):
    forge(folder, lambda document: document.update(schema=SCHEMA + 1))
    with pytest.raises(ArtifactError, match="Upgrade stillhouse"):
        load(folder)


def set_entry(**entries):
    return lambda document: document["arrays"]["centre"].update(entries)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(extra=1),
        lambda document: document.pop("params"),
        lambda document: document.update(schema=True),
        lambda document: document.update(schema=0),
        lambda document: document.update(schema="1"),
        lambda document: document.update(name=7),
        lambda document: document.update(signature=[]),
        lambda document: document.update(arrays=[]),
        lambda document: document.update(arrays={"centre": "centre.npy"}),
        lambda document: document["arrays"]["centre"].pop("sha256"),
        set_entry(path="/etc/hostname"),
        set_entry(shape=[3]),
        set_entry(dtype="<f4"),
    ],
    ids=[
        "extra key", "missing key", "schema true", "schema 0", "schema text", "name a number",
        "signature a list", "arrays a list", "array entry text", "array without hash", "array with path",
        "other shape", "other type",
    ],
)  # fmt: skip
def test_a_malformed_document_is_refused_even_with_the_hash_that_fits(folder, change):
    forge(folder, change)
    with pytest.raises(ArtifactError, match="Train the model again"):
        load(folder)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/b", "..", "", "nul\0", ".hidden", "C:evil"])
def test_an_array_name_that_leads_elsewhere_is_neither_read_nor_written(folder, name):
    (folder.parent / "outside.npy").write_bytes((folder / "centre.npy").read_bytes())
    forge(folder, lambda document: document["arrays"].update({name: document["arrays"]["centre"]}))
    with pytest.raises(ArtifactError, match="leads out of the folder"):
        load(folder)
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(ArtifactError, match="no name for an array"):
        save(replace(MODEL, arrays={name: np.zeros(1)}), folder.parent / "other")
    assert sorted(folder.parent.rglob("*")) == before


class Evil:
    """Unpickling it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def as_npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def as_npz(array) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, centre=array)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["object array", "bare pickle", "zip", "enormous", "text"])
def test_nothing_but_a_plain_array_is_read_and_nothing_is_ever_unpickled(folder, kind):
    trap = folder.parent / "sprung"
    enormous = as_npy(np.zeros(2)).replace(b"(2,)", b"(%d,)" % 10**15).replace(b" " * 15, b"", 1)
    content = {
        "object array": lambda: as_npy(np.array([Evil(trap)], dtype=object)),
        "bare pickle": lambda: pickle.dumps(Evil(trap)),
        "zip": lambda: as_npz(np.array([Evil(trap)], dtype=object)),
        "enormous": lambda: enormous,
        "text": lambda: b"3.0, 1.5",
    }[kind]()
    (folder / "centre.npy").write_bytes(content)
    forge(folder, set_entry(sha256=hashlib.sha256(content).hexdigest()))
    with pytest.raises(ArtifactError, match=r"centre\.npy: it is no plain array"):
        load(folder)
    assert not trap.exists()


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "7", "{", '{"schema": NaN}', "[" * 100_000, '{"schema": 1}', "\ufeff{}"],
    ids=["empty", "null", "list", "number", "half", "NaN", "deep", "no keys", "byte order mark"],
)
def test_what_is_no_model_is_refused(folder, text):
    (folder / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"model\.json: .*Train the model again"):
        load(folder)


def test_a_folder_without_a_model_says_how_to_get_one(tmp_path):
    with pytest.raises(ArtifactError, match=r"there is no model here.*stillhouse run"):
        load(tmp_path / "nowhere")


# --- Saving is all or nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        replace(MODEL, arrays={"profiles": np.zeros(2), "odd": np.array([{}], dtype=object)}),
        replace(MODEL, params={"k": np.int64(5)}),
        replace(MODEL, params={"floor": float("nan")}),
        replace(MODEL, signature={"items": {"Oban"}}),
    ],
    ids=["objects", "numpy number", "not finite", "set"],
)
def test_a_model_that_cannot_be_stored_leaves_the_old_one(folder, model):
    before = files_in(folder)
    with pytest.raises(ArtifactError):
        save(model, folder)
    assert files_in(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("failing", ["write_bytes", "write_text", "chmod"])
def test_a_full_disk_leaves_the_old_model_and_no_litter(folder, monkeypatch, failing):
    def fail(*_args, **_named):
        raise OSError(28, "No space left on device")

    before = files_in(folder)
    with monkeypatch.context() as patched:
        patched.setattr(Path, failing, fail)
        with pytest.raises(OSError, match="No space left"):
            save(replace(MODEL, params={}), folder)
    assert files_in(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failing_swap_puts_the_old_model_back(folder, monkeypatch):
    rename = Path.rename

    def fail_into_place(self, target):
        if Path(target) == folder and not self.name.endswith("-old"):
            raise OSError(13, "Permission denied")
        return rename(self, target)

    before = files_in(folder)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail_into_place)
        with pytest.raises(OSError, match="Permission denied"):
            save(replace(MODEL, params={}), folder)
    assert files_in(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_saving_replaces_the_folder_whole(folder):
    (folder / "leftover.npy").write_bytes(b"")
    save(replace(MODEL, arrays={"other": np.zeros(1)}), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "other.npy"]
    assert list(folder.parent.iterdir()) == [folder]


def test_saving_over_a_link_leaves_what_it_led_to(folder):
    link = folder.parent / "current"
    link.symlink_to(folder)
    before = files_in(folder)
    save(replace(MODEL, params={}), link)
    assert not link.is_symlink()
    assert load(link).params == {}
    assert files_in(folder) == before


def test_others_may_read_the_folder(folder):
    assert folder.stat().st_mode & 0o777 == 0o755
