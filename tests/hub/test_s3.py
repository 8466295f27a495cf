"""s3:// through s3fs, against moto's server."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hub_folders import contents, entry, leftovers
from hub_server import pack, reply

from hublayer.errors import (
    AccessDeniedError,
    ContentMismatchError,
    HostUnreachableError,
    ModelNotFoundError,
    NotASavedModelError,
)
from hublayer.hub import resolve
from hublayer.hub.resolver import resolve_fully

boto3 = pytest.importorskip("boto3")
moto_server = pytest.importorskip("moto.server")
s3fs = pytest.importorskip("s3fs")


@pytest.fixture(scope="module")
def server():
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch, model_folder, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()  # it is not kept by endpoint
    client = boto3.client("s3", endpoint_url=server, region_name="us-east-1")
    client.create_bucket(Bucket="models")
    for name, data in contents(model_folder).items():
        client.put_object(Bucket="models", Key=f"team/model 1/{name}", Body=data)
    client.put_object(Bucket="models", Key="team/model 1/", Body=b"")  # what consoles make for a folder
    client.put_object(Bucket="models", Key="team/model.tar.gz", Body=pack(model_folder))
    client.put_object(Bucket="models", Key="notes/readme.txt", Body=b"hello")
    yield client
    client.close()


def test_a_folder(bucket, model_folder, cache):
    folder = resolve("s3://models/team/model 1")
    assert contents(folder) == contents(model_folder)
    assert leftovers(cache) == entry(folder, cache)
    assert resolve("s3a://models/team/model 1/") == folder
    assert len(leftovers(cache)) == 2


def test_an_archive_with_the_same_files_shares_the_folder(bucket, cache):
    assert resolve("s3://models/team/model.tar.gz") == resolve("s3://models/team/model 1")
    assert len(list((cache / "models").iterdir())) == 1


def test_what_is_not_there(bucket, cache):
    for handle in ("s3://models/team/model 2", "s3://no-such-bucket/model"):
        with pytest.raises(ModelNotFoundError, match="check the spelling"):
            resolve(handle)
    with pytest.raises(NotASavedModelError, match=r"found: *readme\.txt"):
        resolve("s3://models/notes")
    assert leftovers(cache) == []


def test_who_has_no_credentials_reads_what_is_public(bucket, model_folder, monkeypatch):
    bucket.put_bucket_acl(Bucket="models", ACL="public-read")
    for item in bucket.list_objects_v2(Bucket="models")["Contents"]:
        bucket.put_object_acl(Bucket="models", Key=item["Key"], ACL="public-read")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert contents(resolve("s3://models/team/model 1")) == contents(model_folder)


def test_what_may_not_be_read(bucket, hub_server, monkeypatch):
    denied = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    hub_server.add("/models", reply(403, denied, content_type="application/xml"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", hub_server.address)
    with pytest.raises(AccessDeniedError, match="log in as the store's own tools do") as caught:
        resolve("s3://models/team/model 1")
    assert "testing-secret" not in str(caught.value)


def test_an_endpoint_that_does_not_answer(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(HostUnreachableError) as caught:
        resolve("s3://models/team/model 1")
    assert caught.value.__suppress_context__ and "testing-secret" not in str(caught.value)


def test_a_changed_object_is_refused_where_it_is_pinned(bucket):
    pinned = f"s3://models/team/model 1@{resolve_fully('s3://models/team/model 1').digest}"
    assert resolve(pinned) == resolve("s3://models/team/model 1")
    bucket.put_object(Bucket="models", Key="team/model 1/assets/vocab.txt", Body=b"other\n")
    with pytest.raises(ContentMismatchError):
        resolve_fully(pinned, refresh=True)


def test_a_killed_download_is_gone_on_with(bucket, model_folder, cache):
    big = model_folder / "variables" / "variables.data-00000-of-00001"
    big.write_bytes(random.Random(1).randbytes(96 << 20))
    bucket.upload_file(str(big), "models", f"team/model 1/variables/{big.name}")
    code = "from hublayer.hub import resolve; resolve('s3://models/team/model 1')"
    process = subprocess.Popen([sys.executable, "-c", code])
    part = f"partial/*/files-*/variables/{big.name}"
    while process.poll() is None and sum(path.stat().st_size for path in cache.glob(part)) < 8 << 20:
        time.sleep(0.005)
    process.kill()
    process.wait()
    before = next(cache.glob(part)).stat()
    assert 0 < before.st_size < 96 << 20
    folder = resolve("s3://models/team/model 1")
    assert contents(folder) == contents(model_folder)
    # It is the very file that was begun.
    assert (
        cache / "models" / Path(folder).parent.name / "model" / "variables" / big.name
    ).stat().st_ino == before.st_ino
    assert not (cache / "partial").exists()
