"""Bad input and servers that misbehave: one sentence that names the entry, and the exit code of its class."""

import pathlib
import re
import tempfile

from partners import certificates
from partners.process import free_port, program
from partners.relay import Answer, Relay, server_context

from .runner import Cases
from .scene import CONFIGURATION, INTEGRITY, NETWORK, NOT_FOUND, PERMISSION, Scene, error_block
from .store_s3 import error, hocon

#: Against the running MinIO.
s3 = Cases()
#: Against a server that is nothing but a fault.
cases = Cases()
SECRET = "a-secret/that+must-never-show"


def an_hour_ahead():
    # Waiting goes by the real clock, or every time-out would be off. Preloaded by hand, the library moves the environment
    # before Swift has found the arguments beside it; its own program does not.
    return [program("faketime"), "-m", "--exclude-monotonic", "-f", "+1h"]


# -- a real S3 server, asked wrongly --


@s3.case()
def a_wrong_region_is_learnt_or_named(store):
    """The gateway refuses another region's signature and says which it wants."""
    store.put("region/x.bin", b"region")
    with store.scene(store.configuration(region="eu-central-1")) as scene, store.relay.faults():
        done = scene.pull([{"name": "a", "url": store.url("region/x.bin")}], expecting=None)
        if done.returncode == 0:
            assert scene.files() == {"artifacts/a/x.bin": b"region"}
            assert len(store.relay.requests) <= 3, store.relay.requests
        else:
            assert done.returncode == PERMISSION, done.stderr
            block = error_block(done)
            assert store.entry in block and "region" in block, block


@s3.case()
def a_wrong_access_key_names_its_entry(store):
    store.put("key/x.bin", b"x")
    with store.scene(store.configuration(key="nobody")) as scene:
        done = scene.pull([{"name": "a", "url": store.url("key/x.bin")}], expecting=PERMISSION)
        assert store.entry in error_block(done), done.stderr


@s3.case()
def a_clock_that_is_wrong_is_said_to_be_wrong(store):
    """Our process is an hour ahead; the server is not."""
    store.put("clock/x.bin", b"x")
    with store.scene() as scene:
        manifest = scene.manifest([{"name": "a", "url": store.url("clock/x.bin")}])
        done = scene.sync("pull", manifest, expecting=(0, PERMISSION), through=an_hour_ahead())
        if done.returncode == PERMISSION:
            assert "clock" in error_block(done).lower(), done.stderr
        else:
            assert scene.files() == {"artifacts/a/x.bin": b"x"}


@s3.case()
def a_clock_that_is_wrong_is_found_by_doctor(store):
    with store.scene() as scene:
        done = scene.sync("doctor", expecting=None, through=an_hour_ahead())
        assert done.returncode != 0 and "clock" in (done.stdout + done.stderr).lower(), done.stdout + done.stderr


@s3.case()
def doctor_is_content_with_what_works_and_names_what_does_not(store):
    with store.scene() as scene:
        done = scene.sync("doctor", "--json", expecting=0)
        assert store.entry in done.stdout, done.stdout
    with store.scene(store.configuration(secret=store.wrong_secret)) as scene:
        done = scene.sync("doctor", expecting=None)
        assert done.returncode != 0 and store.entry in done.stdout + done.stderr, done.stdout + done.stderr


@s3.case()
def a_storm_of_refusals_ends_with_the_network_code(store):
    store.put("storm/x.bin", b"x")
    with store.scene() as scene, store.relay.faults(answer=lambda request: store.busy()):
        done = scene.pull([{"name": "a", "url": store.url("storm/x.bin")}], expecting=NETWORK, seconds=120)
        assert "503" in error_block(done) or "SlowDown" in error_block(done), done.stderr
        assert 2 <= len(store.relay.requests) <= 20, len(store.relay.requests)


@s3.case()
def a_storm_during_a_listing_passes(store):
    for number in range(5):
        store.put(f"stormy/{number}", b"x")
    refused = []

    def refuse(request):
        if "list-type" in request.query_text and len(refused) < 2:
            refused.append(request)
            return store.busy()

    with store.scene() as scene, store.relay.faults(answer=refuse):
        assert len(scene.list(store.raw_url("stormy/"))) == 5
        assert len(refused) == 2


@s3.case()
def a_denied_listing_does_not_hide_a_readable_object(store):
    store.put("readable/x.bin", b"x")
    deny = lambda request: store.forbidden() if "list-type" in request.query_text else None
    with store.scene() as scene, store.relay.faults(answer=deny):
        scene.pull([{"name": "a", "url": store.url("readable/x.bin")}])
        done = scene.pull([{"name": "b", "url": store.raw_url("readable/")}], expecting=PERMISSION, name="b.json")
        assert store.entry in error_block(done) and "list" in error_block(done).lower(), done.stderr


@s3.case()
def plain_http_is_not_spoken_to_a_server_with_tls_and_the_reverse(store):
    store.put("tls/x.bin", b"tls")
    with tempfile.TemporaryDirectory(prefix="clearml-sync-") as folder:
        authority, certificate, key = certificates.make(pathlib.Path(folder))
        with Relay(upstream=store.partner.port, tls=server_context(certificate, key)) as secured:
            host = f"127.0.0.1:{secured.port}"
            url = f"s3://{host}/{store.bucket}/tls/x.bin"
            entry = [{"name": "a", "url": url}]
            with store.scene(store.configuration(host=host, secure=False)) as scene:
                done = scene.pull(entry, expecting=(NETWORK, CONFIGURATION))
                assert "secure" in error_block(done), f"'secure' is not named: {done.stderr}"
            with store.scene(store.configuration(host=host, secure=True, verify=True)) as scene:
                done = scene.pull(entry, expecting=NETWORK)
                assert "certificate" in error_block(done).lower(), done.stderr
            for verify in (str(authority), False):
                with store.scene(store.configuration(host=host, secure=True, verify=verify)) as scene:
                    scene.pull(entry)
                    assert scene.files() == {"artifacts/a/x.bin": b"tls"}
    with store.scene(store.configuration(secure=True)) as scene:
        done = scene.pull([{"name": "a", "url": store.url("tls/x.bin")}], expecting=(NETWORK, CONFIGURATION))
        assert "secure" in error_block(done), f"'secure' is not named: {done.stderr}"


@s3.case()
def a_version_where_there_are_none_is_refused_not_ignored(store):
    store.put("versions/none.bin", b"x")
    with store.scene() as scene:
        scene.pull(
            [{"name": "a", "url": store.url("versions/none.bin"), "version": store.unknown_version}],
            expecting=(NOT_FOUND, INTEGRITY, 1))
        assert not scene.files()


@s3.case()
def an_archived_object_is_named_as_such(store):
    store.put("cold/x.bin", b"x")
    cold = error(403, "InvalidObjectState", "The operation is not valid for the object's storage class")
    answer = lambda request: cold if store.request_key(request) == "cold/x.bin" else None
    with store.scene() as scene, store.relay.faults(answer=answer):
        done = scene.pull([{"name": "a", "url": store.url("cold/x.bin")}], expecting=None)
        assert done.returncode != 0
        assert re.search("archiv|restor|storage class", error_block(done), re.IGNORECASE), done.stderr


@s3.case()
def the_longest_match_of_the_entries_counts(store):
    """The third entry is the right one: the others are for another host, and for a part of another bucket."""
    store.put("match/deep/x.bin", b"x")
    right = store.configuration().removeprefix("sdk.aws.s3.credentials: [").strip()[:-1]
    other = f'{{host: {hocon(store.host)}, bucket: "another", key: "k", secret: {hocon(SECRET)}, secure: false}}'
    near = f'{{host: "127.0.0.1:9", key: "k", secret: {hocon(SECRET)}, secure: false}}'
    with store.scene(f"sdk.aws.s3.credentials: [{near}, {other}, {right}]") as scene:
        scene.secrets.append(SECRET)
        scene.pull([{"name": "a", "url": store.url("match/deep/x.bin")}])
    wrong = right.replace(hocon(store.partner.secret_key), hocon(SECRET))
    assert wrong != right
    with store.scene(f"sdk.aws.s3.credentials: [{near}, {other}, {wrong}]") as scene:
        scene.secrets.append(SECRET)
        done = scene.pull([{"name": "a", "url": store.url("match/deep/x.bin")}], expecting=PERMISSION)
        assert "sdk.aws.s3.credentials[2]" in error_block(done), done.stderr


# -- servers that are nothing but a fault --


def s3_scene(relay_or_port, **more):
    port = getattr(relay_or_port, "port", relay_or_port)
    values = {"host": f"127.0.0.1:{port}", "key": "user", "secret": SECRET, "region": "us-east-1", "secure": False, **more}
    entry = ", ".join(f"{name}: {hocon(value)}" for name, value in values.items())
    return Scene(f"sdk.aws.s3.credentials: [{{{entry}}}]\n", secrets=[SECRET])


def google_scene(relay):
    return Scene("sdk.google.storage { project: tests }\n", environment={"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{relay.port}"})


def azure_scene(relay):
    from partners.azure import KEY
    return Scene(
        f'sdk.azure.storage.containers: [{{account_name: "acct", account_key: "{KEY}", '
        f'endpoint: "http://127.0.0.1:{relay.port}/acct"}}]\n', secrets=[KEY])


def page(keys, token=None):
    contents = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{'0' * 32}&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys)
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else (
        "<IsTruncated>false</IsTruncated>")
    return Answer(
        200, '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>b</Name><Prefix>p/</Prefix><KeyCount>{len(keys)}</KeyCount><MaxKeys>1000</MaxKeys>{more}{contents}"
        "</ListBucketResult>")


def refuses_listing(answer, expecting, words, limit=60):
    """`ls` and `pull` of a prefix against such a server: they end, in so many requests, with the words in the error."""
    for command in ("ls", "pull"):
        with Relay(answer=answer) as relay, s3_scene(relay) as scene:
            url = f"s3://127.0.0.1:{relay.port}/b/p/"
            if command == "ls":
                done = scene.sync("ls", url, expecting=expecting, seconds=120)
            else:
                done = scene.pull([{"name": "a", "url": url}], expecting=expecting, seconds=120)
                assert not scene.files()
            assert re.search(words, error_block(done), re.IGNORECASE), error_block(done)
            assert len(relay.requests) <= limit, len(relay.requests)


@cases.case()
def a_listing_whose_token_comes_twice_is_not_believed():
    refuses_listing(lambda r: page(["p/1"], "same"), (1, NETWORK), "listing|token|page")


@cases.case()
def a_listing_whose_tokens_go_round_is_not_believed():
    def answer(request):
        token = request.query.get("continuation-token", "0")
        return page([f"p/{token}"], str((int(token) + 1) % 3))
    refuses_listing(answer, (1, NETWORK), "listing|token|page")


@cases.case()
def a_listing_of_endless_empty_pages_ends():
    counter = iter(range(10**9))
    refuses_listing(lambda r: page([], f"token-{next(counter)}"), (1, NETWORK), "listing|token|page", limit=5000)


@cases.case()
def a_listing_that_repeats_its_keys_is_not_believed():
    counter = iter(range(10**9))
    refuses_listing(lambda r: page(["p/1", "p/2"], f"token-{next(counter)}"), (1, NETWORK), "listing|order|key|page",
                    limit=5000)


@cases.case()
def a_listing_that_is_cut_off_is_never_the_whole():
    whole = page(["p/1", "p/2"])
    for text in (whole.body[:300], whole.body[:-20], b"", b"<html><body>login</body></html>", b"\x00\xff\xfe", b"<" * 5000):
        refuses_listing(lambda r: Answer(200, text), (1, NETWORK), "listing|answer|XML|understood|malformed")


@cases.case()
def a_truncated_listing_without_a_token_is_never_the_whole():
    text = page(["p/1"], "x").body.replace(b"<NextContinuationToken>x</NextContinuationToken>", b"")
    refuses_listing(lambda r: Answer(200, text), (1, NETWORK), "listing|token|truncated|page")


@cases.case()
def entities_and_depth_of_an_answer_cost_nothing():
    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    for text in (bomb + b"<ListBucketResult><Name>&b;</Name></ListBucketResult>", b"<a>" * 200_000):
        refuses_listing(lambda r: Answer(200, text), (1, NETWORK), "listing|answer|XML|understood|malformed|DOCTYPE")


@cases.case()
def a_google_listing_that_lies_is_not_believed():
    bad = [b'{"items": [', b"[]", b'"text"', b'{"items": [{"name": 5}]}', b"",
           b'{"nextPageToken": "same", "items": [{"name": "p/1", "size": "1", "generation": "1"}]}']
    for text in bad:
        with Relay(answer=lambda r: Answer(200, text, content_type="application/json")) as relay:
            with google_scene(relay) as scene:
                done = scene.sync("ls", "gs://b/p/", expecting=(1, NETWORK), seconds=120)
                assert re.search("listing|answer|JSON|token|page", error_block(done)), (text, error_block(done))
                assert len(relay.requests) <= 60, (text, len(relay.requests))


@cases.case()
def an_azure_listing_that_lies_is_not_believed():
    blob = "<Blob><Name>p/1</Name><Properties><Content-Length>1</Content-Length><Etag>0x1</Etag></Properties></Blob>"
    bad = [
        "<EnumerationResults><Blobs>", "", "<html/>",
        f"<EnumerationResults><Blobs>{blob}</Blobs><NextMarker>same</NextMarker></EnumerationResults>",
    ]
    for text in bad:
        with Relay(answer=lambda r: Answer(200, text)) as relay, azure_scene(relay) as scene:
            done = scene.sync("ls", f"azure://127.0.0.1:{relay.port}/acct/b/p/", expecting=(1, NETWORK), seconds=120)
            assert re.search("listing|answer|XML|marker|page", error_block(done)), (text, error_block(done))
            assert len(relay.requests) <= 60, (text, len(relay.requests))


@cases.case()
def a_body_that_ends_early_is_taken_up_again_or_given_up():
    def answer(request):
        made = Answer(200, b"x" * 1000, headers={"Content-Length": "100000", "ETag": '"e"'}, closes=True)
        return made if request.method == "GET" else None
    with Relay(answer=answer) as relay, s3_scene(relay) as scene:
        scene.pull([{"name": "a", "url": f"s3://127.0.0.1:{relay.port}/b/x"}], expecting=NETWORK, seconds=120)
        assert not scene.files()
        assert len(relay.requests) <= 60, len(relay.requests)


@cases.case()
def an_error_page_that_is_no_xml_is_reported_by_its_status():
    for status, expecting in ((403, PERMISSION), (404, NOT_FOUND), (500, NETWORK)):
        with Relay(answer=lambda r: Answer(status, "<html>proxy says no", content_type="text/html")) as relay:
            with s3_scene(relay) as scene:
                done = scene.pull(
                    [{"name": "a", "url": f"s3://127.0.0.1:{relay.port}/b/x"}], expecting=expecting, seconds=120)
                assert str(status) in error_block(done), done.stderr


@cases.case()
def an_error_that_repeats_our_signature_is_not_printed():
    def answer(request):
        text = f"<Error><Code>AccessDenied</Code><Message>{request.headers.get('authorization')}</Message></Error>"
        return Answer(403, text)
    with Relay(answer=answer) as relay, s3_scene(relay) as scene:
        done = scene.pull([{"name": "a", "url": f"s3://127.0.0.1:{relay.port}/b/x"}], expecting=PERMISSION)
        assert "Signature=" not in done.stdout + done.stderr, done.stderr


@cases.case()
def nobody_listening_is_the_network_code():
    port = free_port()
    with s3_scene(port) as scene:
        done = scene.pull([{"name": "a", "url": f"s3://127.0.0.1:{port}/b/x"}], expecting=NETWORK, seconds=120)
        assert f"127.0.0.1:{port}" in error_block(done) or str(port) in error_block(done), done.stderr


@cases.case()
def a_host_without_its_port_is_told_from_a_bucket():
    """`s3://127.0.0.1/b/x` while the entry says a port: neither that server's keys nor AWS may be used silently."""
    with Relay(answer=lambda r: Answer(200, b"x")) as relay, s3_scene(relay) as scene:
        done = scene.pull([{"name": "a", "url": "s3://127.0.0.1/b/x"}], expecting=None, seconds=120)
        assert done.returncode in (1, PERMISSION, NETWORK, 65, 78), done.stderr
        assert "port" in error_block(done), error_block(done)
        assert not relay.requests


@cases.case()
def a_port_that_no_entry_names_gets_no_keys():
    """A URL with a port of its own, and an entry for another: the request carries nobody's signature."""
    with Relay(answer=lambda r: Answer(403, "<Error><Code>AccessDenied</Code></Error>")) as relay:
        with s3_scene(9) as scene:
            scene.configure((scene.root / "clearml.conf").read_text() + "sdk.aws.s3.secure: false\n")
            done = scene.pull([{"name": "a", "url": f"s3://127.0.0.1:{relay.port}/b/x"}], expecting=PERMISSION)
            assert not [r for r in relay.requests if "authorization" in r.headers], relay.requests
            assert f"127.0.0.1:{relay.port}" in error_block(done), done.stderr


@cases.case()
def credentials_do_not_follow_a_redirect_to_another_host():
    with Relay(answer=lambda r: Answer(200, b"stolen")) as thief:
        elsewhere = {"Location": f"http://localhost:{thief.port}/b/x"}
        for status in (301, 302, 307):
            with Relay(answer=lambda r: Answer(status, "", headers=elsewhere)) as relay, s3_scene(relay) as scene:
                scene.pull([{"name": "a", "url": f"s3://127.0.0.1:{relay.port}/b/x"}], expecting=None, seconds=120)
        told = [r for r in thief.requests if "authorization" in r.headers or "x-amz-security-token" in r.headers]
        assert not told, told


@cases.case()
def an_entry_of_the_wrong_type_is_a_configuration_error():
    for text in ("sdk.aws.s3.credentials: 5", "sdk.google.storage.credentials: {", "sdk.azure.storage.containers: text"):
        with Scene(text + "\n") as scene:
            done = scene.sync("pull", scene.manifest([{"name": "a", "url": "s3://b/x"}]), expecting=78)
            assert "clearml.conf" in error_block(done), done.stderr


@cases.case()
def a_credentials_file_that_is_not_there_is_named():
    with Scene('sdk.google.storage.credentials_json: "/nowhere/account.json"\n',
               environment={"STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"}) as scene:
        done = scene.pull([{"name": "a", "url": "gs://b/x"}], expecting=(PERMISSION, NOT_FOUND, 78))
        block = error_block(done)
        assert "/nowhere/account.json" in block and "sdk.google.storage.credentials_json" in block, block


@cases.case()
def an_azure_key_that_is_no_base64_names_its_entry():
    text = 'sdk.azure.storage.containers: [{account_name: a, account_key: "not base64!", endpoint: "http://127.0.0.1:9/a"}]\n'
    with Scene(text, secrets=["not base64!"]) as scene:
        done = scene.pull([{"name": "a", "url": "azure://127.0.0.1:9/a/c/x"}], expecting=(PERMISSION, 78))
        assert "sdk.azure.storage.containers[0]" in error_block(done), done.stderr
