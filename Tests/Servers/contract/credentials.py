"""Where credentials come from, and that they are renewed in the middle of a run."""

import base64
import datetime
import json
import shlex
import sys
import urllib.parse

from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from partners.azure import CLIENT, CLIENT_SECRET, FEDERATED_TOKEN, IDENTITY_HEADER, TENANT
from partners.relay import Answer, Relay

from .runner import Cases
from .scene import PERMISSION, error_block
from .store_s3 import error, hocon

sessions, google, azure = Cases(), Cases(), Cases()


# -- S3: AWS's own chain, with sessions that moto's STS really issued --


def chain(store, **more):
    """A clearml.conf that has the server use AWS's own chain."""
    values = {"host": store.host, "use_credentials_chain": True, "region": store.region, "secure": False, **more}
    return "sdk.aws.s3.credentials: [{" + ", ".join(f"{n}: {hocon(v)}" for n, v in values.items()) + "}]\n"


def chained(store, configuration="", environment=None, **more):
    return store.scene(configuration or chain(store, **more), environment)


def pull_one(store, scene, key="chain/x.bin", **more):
    store.put(key, b"by the chain")
    scene.pull([{"name": "a", "url": store.url(key)}], **more)
    assert scene.files() == {f"artifacts/a/{key.split('/')[-1]}": b"by the chain"}


def described(session, expires_in=3600):
    """A session as `credential_process`, a container's endpoint and the metadata service write it."""
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=expires_in)
    return {
        "Version": 1, "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": session["AccessKeyId"],
        "SecretAccessKey": session["SecretAccessKey"], "SessionToken": session["SessionToken"],
        "Token": session["SessionToken"], "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}


def hide(scene, session):
    scene.secrets += [session["SecretAccessKey"], session["SessionToken"]]
    return session


@sessions.case()
def keys_of_the_environment_are_used(store):
    pair = {"AWS_ACCESS_KEY_ID": store.partner.access_key, "AWS_SECRET_ACCESS_KEY": store.partner.secret_key}
    with chained(store, environment=pair) as scene:
        pull_one(store, scene)


@sessions.case()
def a_session_of_the_environment_sends_its_token(store):
    session = store.partner.session("environment")
    names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
             "AWS_SESSION_TOKEN": "SessionToken"}
    with chained(store, environment={name: session[each] for name, each in names.items()}) as scene:
        hide(scene, session)
        with store.relay.faults():
            pull_one(store, scene)
            tokens = {r.headers.get("x-amz-security-token") for r in store.relay.requests}
            assert tokens == {session["SessionToken"]}, tokens


@sessions.case()
def a_profile_of_the_shared_files_is_used(store):
    with chained(store, profile="research") as scene:
        scene.write("home/.aws/credentials", (
            "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n"
            f"[research]\naws_access_key_id = {store.partner.access_key}\n"
            f"aws_secret_access_key = {store.partner.secret_key}\n").encode())
        pull_one(store, scene)


@sessions.case()
def a_role_is_assumed_by_way_of_its_source_profile(store):
    sts = {"AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{store.relay.port}", "AWS_PROFILE": "role"}
    with chained(store, environment=sts) as scene, store.relay.faults():
        scene.write("home/.aws/config", (
            f"[profile role]\nrole_arn = {store.partner.role}\nsource_profile = base\nregion = us-east-1\n").encode())
        scene.write("home/.aws/credentials", (
            f"[base]\naws_access_key_id = {store.partner.access_key}\n"
            f"aws_secret_access_key = {store.partner.secret_key}\n").encode())
        pull_one(store, scene)
        reads = store.reads("chain/x.bin")
        assert reads and all("x-amz-security-token" in r.headers for r in reads), "the role's session was not used"


@sessions.case()
def a_credential_process_is_asked(store):
    session = store.partner.session("process")
    with chained(store, environment={"AWS_PROFILE": "made"}) as scene:
        hide(scene, session)
        path = scene.write("session.json", json.dumps(described(session)).encode())
        scene.write("home/.aws/config", f"[profile made]\ncredential_process = /bin/cat {path}\n".encode())
        pull_one(store, scene)


@sessions.case()
def a_web_identity_is_exchanged(store):
    """The token's file is read, and what it holds is what STS gets; the session is a real one."""
    session = store.partner.session("web-identity")

    def answer(request):
        form = dict(urllib.parse.parse_qsl(request.body.decode() or request.query_text))
        if (form.get("Action"), form.get("WebIdentityToken"), form.get("RoleArn")) != (
                "AssumeRoleWithWebIdentity", "the-cluster's-token", store.partner.role):
            return error(400, "InvalidIdentityToken", "No")
        end = described(session)["Expiration"]
        return Answer(200, (
            '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            "<AssumeRoleWithWebIdentityResult><Credentials>"
            f"<AccessKeyId>{session['AccessKeyId']}</AccessKeyId>"
            f"<SecretAccessKey>{session['SecretAccessKey']}</SecretAccessKey>"
            f"<SessionToken>{session['SessionToken']}</SessionToken><Expiration>{end}</Expiration>"
            "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"))

    with Relay(answer=answer, reads_bodies=True) as sts, chained(store) as scene:
        hide(scene, session)
        token = scene.write("token", b"the-cluster's-token")
        scene.environment.update(
            AWS_WEB_IDENTITY_TOKEN_FILE=str(token), AWS_ROLE_ARN=store.partner.role,
            AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{sts.port}")
        pull_one(store, scene)
        assert len(sts.requests) == 1, sts.requests
        assert "authorization" not in sts.requests[0].headers


@sessions.case()
def a_containers_endpoint_is_asked_with_its_token(store):
    session = store.partner.session("container")

    def answer(request):
        if request.headers.get("authorization") != "container-token":
            return Answer(401, "")
        return Answer(200, json.dumps(described(session)), content_type="application/json")

    with Relay(answer=answer) as endpoint, chained(store) as scene:
        hide(scene, session)
        scene.environment.update(
            AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://127.0.0.1:{endpoint.port}/credentials",
            AWS_CONTAINER_AUTHORIZATION_TOKEN="container-token")
        pull_one(store, scene)


@sessions.case()
def the_metadata_service_is_asked_in_its_second_version(store):
    session = store.partner.session("machine")

    def answer(request):
        root = "/latest/meta-data/iam/security-credentials/"
        if request.path == "/latest/api/token":
            seconds = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
            return Answer(200, "imds-token") if request.method == "PUT" and seconds.isdigit() else Answer(400, "")
        if request.headers.get("x-aws-ec2-metadata-token") != "imds-token":
            return Answer(401, "")
        if request.path == root:
            return Answer(200, "reader", content_type="text/plain")
        if request.path == root + "reader":
            return Answer(200, json.dumps(described(session)), content_type="application/json")
        return Answer(404, "")

    with Relay(answer=answer) as machine, chained(store) as scene:
        hide(scene, session)
        del scene.environment["AWS_EC2_METADATA_DISABLED"]
        scene.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"http://127.0.0.1:{machine.port}"
        pull_one(store, scene)
        assert machine.requests[0].method == "PUT", machine.requests


@sessions.case()
def a_session_that_ends_in_the_middle_of_a_run_is_renewed(store):
    keys = [f"ends/{number:02}.bin" for number in range(24)]
    for key in keys:
        store.put(key, key.encode() * 100)
    first, second = store.partner.session("first"), store.partner.session("second")
    served, refused = [], []

    def end(request):
        if request.headers.get("x-amz-security-token") != first["SessionToken"]:
            return None
        if store.request_key(request) in keys and len(served) < 5:
            served.append(request)
            return None
        refused.append(request)
        return error(400, "ExpiredToken", "The provided token has expired.")

    with chained(store, environment={"AWS_PROFILE": "made"}) as scene:
        for number, session in enumerate((first, second)):
            hide(scene, session)
            scene.write(f"{number}.json", json.dumps(described(session)).encode())
        # The first call gives the first session, every later one the second.
        script = scene.write("give", (
            "import pathlib, sys\nroot = pathlib.Path(sys.argv[1])\nasked = root / 'asked'\n"
            "print((root / ('1.json' if asked.exists() else '0.json')).read_text())\nasked.touch()\n").encode())
        command = f"{shlex.quote(sys.executable)} {script} {scene.root}"
        scene.write("home/.aws/config", f"[profile made]\ncredential_process = {command}\n".encode())
        with store.relay.faults(answer=end):
            scene.pull([{"name": f"n{n}", "url": store.url(key)} for n, key in enumerate(keys)])
        assert served and refused, "the session never ended"
        assert len(scene.files()) == len(keys)


@sessions.case()
def a_token_of_clearml_conf_that_has_ended_names_its_entry(store):
    session = store.partner.session("ended")
    text = store.configuration(
        key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"])
    store.put("chain/ended.bin", b"x")
    expired = error(400, "ExpiredToken", "The provided token has expired.")
    with store.scene(text) as scene:
        hide(scene, session)
        scene.pull([{"name": "a", "url": store.url("chain/ended.bin")}])
        scene.environment["CLEARML_CACHE_DIR"] = str(scene.root / "cache2")
        with store.relay.faults(answer=lambda request: expired):
            done = scene.sync("pull", "m.json", "--workspace", "second", expecting=PERMISSION)
            assert store.entry in error_block(done) and "expired" in error_block(done).lower(), done.stderr


@sessions.case()
def a_checksum_of_the_store_is_compared(store):
    """An object with a stored SHA-256: bytes changed on the way are found without any lock."""
    content = bytes(range(256)) * 400
    store.client.put_object(Bucket=store.bucket, Key="sums/x.bin", Body=content, ChecksumAlgorithm="SHA256")
    flip = lambda request, status, headers, body: bytes([body[0] ^ 1]) + body[1:] if body else body
    is_read = lambda request: store.request_key(request) == "sums/x.bin" and request.method == "GET"
    with store.scene() as scene:
        with store.relay.faults(alter=flip, alters=is_read):
            scene.pull([{"name": "a", "url": store.url("sums/x.bin")}], expecting=6)
        scene.pull([{"name": "a", "url": store.url("sums/x.bin")}])
        assert scene.files() == {"artifacts/a/x.bin": content}


# -- Google --


@google.case()
def one_token_serves_a_whole_run(store):
    for number in range(20):
        store.put(f"token/{number}", b"x")
    with store.scene() as scene, store.relay.faults():
        scene.pull([{"name": "d", "url": store.raw_url("token/")}], kind="datasets")
        asked = store.relay.matching("POST", "/token")
        assert len(asked) == 1, asked
        assert len(scene.files()) == 20


@google.case()
def a_token_that_ends_in_the_middle_of_a_run_is_renewed(store):
    keys = [f"ends/{number:02}.bin" for number in range(24)]
    for key in keys:
        store.put(key, key.encode() * 100)
    served = []

    def end(request):
        if store.request_key(request) in keys:
            served.append(request)
            if len(served) == 6:
                store.partner.expire_tokens()

    with store.scene() as scene, store.relay.faults(answer=end):
        scene.pull([{"name": f"n{n}", "url": store.url(key)} for n, key in enumerate(keys)])
        assert len(scene.files()) == len(keys)
        assert any(r.status == 401 for r in store.relay.requests), "no token ended"
        assert 2 <= len(store.relay.matching("POST", "/token")) <= 3, store.relay.matching("POST", "/token")


@google.case()
def a_token_that_ends_before_its_time_while_uploading_is_renewed(store):
    content = bytes(range(256)) * 4096 * 24
    parts = []

    def end(request):
        if request.method == "PUT":
            parts.append(request)
            if len(parts) == 2:
                store.partner.expire_tokens()

    with store.scene() as scene, store.relay.faults(answer=end):
        scene.sync("push", scene.write("x.bin", content), store.url("ends/up.bin"))
        assert store.get("ends/up.bin") == content


def google_scene(store, text, environment=None):
    return store.scene(f'sdk.google.storage {{ project: "tests", credentials_json: {json.dumps(text)} }}\n', environment)


@google.case()
def a_service_accounts_file_is_read_from_its_path(store):
    store.put("kinds/x.bin", b"by the chain")
    with store.scene() as scene:
        path = scene.write("account.json", store.account.encode())
        scene.configure(f'sdk.google.storage {{ project: "tests", credentials_json: "{path}" }}\n')
        pull_one(store, scene, "kinds/x.bin")
    with store.scene("sdk {}\n") as scene:
        path = scene.write("account.json", store.account.encode())
        scene.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
        pull_one(store, scene, "kinds/x.bin")


@google.case()
def an_authorized_user_is_refreshed(store):
    with google_scene(store, store.partner.authorized_user()) as scene:
        scene.secrets += [store.partner.refresh_token, store.partner.client_secret]
        pull_one(store, scene, "kinds/user.bin")
    wrong = store.partner.authorized_user(refresh_token="revoked-token-of-the-tests")
    with google_scene(store, wrong) as scene:
        scene.secrets.append("revoked-token-of-the-tests")
        done = scene.pull([{"name": "a", "url": store.url("kinds/user.bin")}], expecting=PERMISSION)
        assert "sdk.google.storage.credentials_json" in error_block(done), done.stderr


@google.case()
def an_external_account_exchanges_its_token(store):
    with store.scene() as scene:
        scene.secrets.append(store.partner.subject_token)
        path = scene.write("subject", store.partner.subject_token.encode())
        for source in ({"file": str(path)}, {"url": f"{store.partner.url}/subject"}):
            text = store.partner.external_account(source)
            scene.configure(f"sdk.google.storage {{ credentials_json: {json.dumps(text)} }}\n")
            store.put("kinds/x.bin", b"by the chain")
            scene.environment["CLEARML_CACHE_DIR"] = str(scene.root / f"cache-{len(source)}-{list(source)[0]}")
            scene.pull([{"name": "a", "url": store.url("kinds/x.bin")}], "--workspace", list(source)[0])
            assert scene.files(list(source)[0]) == {"artifacts/a/x.bin": b"by the chain"}


@google.case()
def the_metadata_server_is_asked_where_it_is_named(store):
    with store.scene("sdk {}\n", {"GCE_METADATA_HOST": f"127.0.0.1:{store.relay.port}"}) as scene, store.relay.faults():
        pull_one(store, scene, "kinds/machine.bin")
        assert store.relay.matching("GET", "/computeMetadata/"), store.relay.requests


@google.case()
def a_public_bucket_needs_nobody(store):
    bucket = store.partner.public[0]
    store.client.bucket(bucket).blob("open/x.bin").upload_from_string(b"open")
    with store.scene("sdk {}\n") as scene, store.relay.faults():
        scene.pull([{"name": "a", "url": store.url("open/x.bin", bucket)}])
        assert scene.files() == {"artifacts/a/x.bin": b"open"}
        assert not [r for r in store.relay.requests if "authorization" in r.headers]


@google.case()
def an_assertion_that_nobody_signed_gets_no_token(store):
    """The gate is what the other cases trust: it has to refuse."""
    with store.scene(store.configuration(account=store.wrong_account)) as scene:
        before = len(store.partner.refusals)
        scene.pull([{"name": "a", "url": store.url("kinds/x.bin")}], expecting=PERMISSION)
        assert "signature" in store.partner.refusals[-1] and len(store.partner.refusals) > before


# -- Azure --


def sas(store, permissions="rl", hours=1):
    return generate_account_sas(
        store.partner.account, store.partner.key, resource_types=ResourceTypes(container=True, object=True),
        permission=AccountSasPermissions.from_string(permissions),
        expiry=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours))


def signature(token):
    return next(part for part in token.split("&") if part.startswith("sig="))[4:]


def azure_entry(store, key=None):
    values = {"account_name": store.partner.account, "account_key": key,
              "endpoint": f"http://127.0.0.1:{store.relay.port}/{store.partner.account}"}
    text = ", ".join(f"{name}: {hocon(value)}" for name, value in values.items() if value)
    return f"sdk.azure.storage.containers: [{{{text}}}]\n"


@azure.case()
def a_token_in_place_of_the_key_is_used(store):
    token = sas(store)
    with store.scene(azure_entry(store, token)) as scene:
        scene.secrets.append(signature(token))
        pull_one(store, scene, "kinds/sas.bin")


@azure.case()
def a_token_in_the_url_is_used_and_never_written_down(store):
    token = sas(store)
    store.put("kinds/url.bin", b"x")
    with store.scene("sdk {}\n") as scene:
        scene.secrets.append(signature(token))
        scene.pull([{"name": "a", "url": store.url("kinds/url.bin") + "?" + token}])
        assert scene.files() == {"artifacts/a/url.bin": b"x"}


@azure.case()
def a_token_that_has_ended_names_its_entry(store):
    token = sas(store, hours=-1)
    store.put("kinds/x.bin", b"x")
    with store.scene(azure_entry(store, token)) as scene:
        scene.secrets.append(signature(token))
        done = scene.pull([{"name": "a", "url": store.url("kinds/x.bin")}], expecting=PERMISSION)
        assert store.entry in error_block(done), done.stderr


@azure.case()
def a_token_that_may_not_list_still_reads(store):
    token = sas(store, permissions="r")
    store.put("kinds/only/x.bin", b"by the chain")
    with store.scene(azure_entry(store, token)) as scene:
        scene.secrets.append(signature(token))
        pull_one(store, scene, "kinds/only/x.bin")
        done = scene.pull([{"name": "a", "url": store.raw_url("kinds/only/")}], expecting=PERMISSION)
        assert store.entry in error_block(done), done.stderr


@azure.case()
def a_connection_string_is_read(store):
    text = (f"DefaultEndpointsProtocol=http;AccountName={store.partner.account};AccountKey={store.partner.key};"
            f"BlobEndpoint=http://127.0.0.1:{store.relay.port}/{store.partner.account};")
    with store.scene("sdk {}\n", {"AZURE_STORAGE_CONNECTION_STRING": text}) as scene:
        pull_one(store, scene, "kinds/string.bin")


@azure.case()
def an_applications_secret_gets_a_token(store):
    environment = {
        "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        "AZURE_AUTHORITY_HOST": f"http://127.0.0.1:{store.relay.port}"}
    with store.scene(azure_entry(store), environment) as scene:
        scene.secrets.append(CLIENT_SECRET)
        pull_one(store, scene, "kinds/application.bin")
    with store.scene(azure_entry(store), {**environment, "AZURE_CLIENT_SECRET": "a wrong secret"}) as scene:
        scene.secrets.append("a wrong secret")
        scene.pull([{"name": "a", "url": store.url("kinds/application.bin")}], expecting=PERMISSION)


@azure.case()
def a_workloads_token_is_exchanged(store):
    with store.scene(azure_entry(store)) as scene:
        path = scene.write("federated", FEDERATED_TOKEN.encode())
        scene.secrets.append(FEDERATED_TOKEN)
        scene.environment.update({
            "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_FEDERATED_TOKEN_FILE": str(path),
            "AZURE_AUTHORITY_HOST": f"http://127.0.0.1:{store.relay.port}"})
        pull_one(store, scene, "kinds/workload.bin")


@azure.case()
def a_managed_identity_is_asked_for(store):
    root = f"http://127.0.0.1:{store.relay.port}"
    machine = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": root}
    service = {"IDENTITY_ENDPOINT": f"{root}/msi/token", "IDENTITY_HEADER": IDENTITY_HEADER}
    for name, environment in (("machine", machine), ("service", service)):
        with store.scene(azure_entry(store), environment) as scene:
            pull_one(store, scene, f"kinds/{name}.bin")


@azure.case()
def a_bearer_token_that_ends_in_the_middle_of_a_run_is_renewed(store):
    keys = [f"ends/{number:02}.bin" for number in range(24)]
    for key in keys:
        store.put(key, key.encode() * 100)
    served, tokens = [], []

    def end(request):
        token = request.headers.get("authorization")
        if store.request_key(request) not in keys or not token:
            return None
        if not tokens:
            tokens.append(token)
        if token == tokens[0]:
            served.append(request)
            if len(served) > 5:
                return Answer(401, (
                    '<?xml version="1.0" encoding="utf-8"?><Error><Code>InvalidAuthenticationInfo</Code>'
                    "<Message>Lifetime validation failed. The token is expired.</Message></Error>"),
                    headers={"x-ms-error-code": "InvalidAuthenticationInfo"})

    environment = {
        "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        "AZURE_AUTHORITY_HOST": f"http://127.0.0.1:{store.relay.port}"}
    with store.scene(azure_entry(store), environment) as scene, store.relay.faults(answer=end):
        scene.pull([{"name": f"n{n}", "url": store.url(key)} for n, key in enumerate(keys)])
        assert len(served) > 5, "the token never ended"
        assert len(scene.files()) == len(keys)


@azure.case()
def a_public_container_needs_nobody(store):
    store.service.create_container("open", public_access="blob")
    store.service.get_blob_client("open", "x.bin").upload_blob(b"open")
    with store.scene("sdk {}\n") as scene:
        scene.pull([{"name": "a", "url": store.url("x.bin", "open")}])
        assert scene.files() == {"artifacts/a/x.bin": b"open"}


@azure.case()
def a_stored_md5_is_compared(store):
    from azure.storage.blob import ContentSettings
    blob = store.blob("sums/x.bin")
    # Of a list of blocks the service keeps what it is told; what comes in one piece it checks.
    blob.stage_block("AAAA", b"right" * 1000)
    blob.commit_block_list(["AAAA"], content_settings=ContentSettings(
        content_md5=bytearray(base64.b64decode("AAAAAAAAAAAAAAAAAAAAAA=="))))
    with store.scene() as scene:
        scene.pull([{"name": "a", "url": store.url("sums/x.bin")}], expecting=6)
        assert not scene.files()
