"""Other file systems of fsspec, and what object stores may hold that no folder should."""

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hub_folders import contents, leftovers
from hub_server import pack

from hublayer.errors import HandleError, MissingPackageError, ModelNotFoundError, UnsafeArchiveError
from hublayer.hub import resolve


@pytest.fixture
def memory(model_folder):
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    for name, data in contents(model_folder).items():
        store.pipe(f"/models/mine/{name}", data)
    yield store
    store.store.clear()


def test_a_folder_in_memory(memory, model_folder, monkeypatch):
    monkeypatch.setenv("HUBLAYER_OFFLINE", "1")  # it needs no network
    assert contents(resolve("memory://models/mine")) == contents(model_folder)


def test_a_chain_of_file_systems(memory, model_folder):
    memory.pipe("/models/packed.zip", pack(model_folder, ".zip"))
    assert contents(resolve("zip://::memory://models/packed.zip")) == contents(model_folder)


def test_nothing_there(memory):
    with pytest.raises(ModelNotFoundError):
        resolve("memory://models/other")


def test_a_scheme_that_fsspec_does_not_know():
    with pytest.raises(HandleError, match=r"scheme gopher://"):
        resolve("gopher://host/model")


def test_a_scheme_whose_package_is_missing():
    with pytest.raises(MissingPackageError, match="install it with pip"):
        resolve("smb://host/share/model")


class Hostile(MemoryFileSystem):
    """A store whose objects are called what no file may be; object stores allow any text."""

    protocol = "hostile"
    name = "../../evil"

    def find(self, path, maxdepth=None, withdirs=False, detail=False, **_):
        return {f"{path}/{self.name}": {"name": self.name, "size": 1, "type": "file", "ETag": "1"}}


@pytest.mark.parametrize("name", ["../../evil", "a/../../evil", "a\\..\\evil", "a\nb", "C:evil", "a\0b"])
def test_names_that_lead_outside(name, cache, tmp_path, monkeypatch):
    monkeypatch.setattr(Hostile, "name", name)
    fsspec.register_implementation("hostile", Hostile, clobber=True)
    with pytest.raises(UnsafeArchiveError):
        resolve("hostile://bucket/model")
    assert leftovers(cache) == []
    assert not list(tmp_path.rglob("*evil*"))
