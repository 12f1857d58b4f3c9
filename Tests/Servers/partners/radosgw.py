"""Ceph's S3 gateway over a cluster of one: all of SigV4, versions, virtual hosts, pages of 1,000 keys."""

import os

from .process import Partner, accepts, free_port, program

CONFIGURATION = """
[global]
fsid = 6a2f5c1e-7d6b-4a64-9f0c-3d1f3f9f6c11
mon host = v1:127.0.0.1:{monitor}
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = true
mon warn on insecure global id reclaim allowed = false
# The gateway never starts with the default, secure, while there are no keys.
ms mon client mode = crc
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = 4294967296
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
pid file = {folder}/$name.pid
rgw dns name = s3.localhost
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw enable usage log = false
rgw enable ops log = false
rgw gc max objs = 1
rgw lc max objs = 1
rgw thread pool size = 32
[mon.a]
host = localhost
mon data = {folder}/mon
[osd.0]
host = localhost
osd data = {folder}/osd
"""


class Radosgw(Partner):
    access_key = "RGWACCESSKEYFORTESTS"
    secret_key = "rgw/secret+key=for-tests"
    #: The key of a second user, who owns no bucket.
    other_access_key = "RGWOTHERKEYFORTESTS0"
    other_secret_key = "rgw/other+secret=for-tests"
    region = "us-east-1"

    def start(self):
        self.port, monitor = free_port(), free_port()
        conf = self.folder / "ceph.conf"
        conf.write_text(CONFIGURATION.format(monitor=monitor, port=self.port, folder=self.folder))
        for name in ("mon", "osd"):
            (self.folder / name).mkdir()
        self.run(
            program("monmaptool"), "--create", "--fsid", "6a2f5c1e-7d6b-4a64-9f0c-3d1f3f9f6c11", "--addv", "a",
            f"[v1:127.0.0.1:{monitor}]", self.folder / "monmap")
        self.run(
            program("ceph-mon"), "-c", conf, "--mkfs", "-i", "a", "--monmap", self.folder / "monmap",
            "--setuser", "root", "--setgroup", "root")
        self.launch(program("ceph-mon"), "-c", conf, "-f", "-i", "a", ready=lambda: accepts(monitor))
        self._ceph = [program("ceph"), "-c", conf, "--connect-timeout", "20"]
        self.run(*self._ceph, "osd", "new", "5b1c0a52-9b5a-4b61-8c1f-0f6a4a4b9d10")
        self.run(
            program("ceph-osd"), "-c", conf, "-i", "0", "--mkfs", "--osd-uuid",
            "5b1c0a52-9b5a-4b61-8c1f-0f6a4a4b9d10")
        self.launch(
            program("ceph-osd"), "-c", conf, "-f", "-i", "0", ready=lambda: os.path.exists(self.folder / "osd.0.asok"))
        self.launch(
            program("radosgw"), "-c", conf, "-f", "-n", "client.rgw", ready=lambda: accepts(self.port), seconds=60)
        self._admin = [program("radosgw-admin"), "-c", conf]
        self._user("tests", self.access_key, self.secret_key)
        self._user("other", self.other_access_key, self.other_secret_key)

    def _user(self, name, access_key, secret_key):
        self.run(
            *self._admin, "user", "create", f"--uid={name}", f"--display-name={name}", f"--access-key={access_key}",
            f"--secret-key={secret_key}")
