"""moto: S3 with versions, `partNumber` and checksums, STS, the instance metadata service. Checks nothing until told."""

import urllib.request

import boto3

from .process import Partner, accepts, free_port, program


class Moto(Partner):
    region = "us-east-1"
    role = "arn:aws:iam::123456789012:role/reader"

    def start(self):
        self.port = free_port()
        self.launch(program("moto_server"), "-H", "127.0.0.1", "-p", self.port, ready=lambda: accepts(self.port))
        iam = self.client("iam", "setup", "setup")
        iam.create_user(UserName="tests")
        iam.put_user_policy(UserName="tests", PolicyName="s3", PolicyDocument=ALLOW_S3)
        iam.create_role(RoleName="reader", AssumeRolePolicyDocument=ALLOW_S3)
        iam.put_role_policy(RoleName="reader", PolicyName="s3", PolicyDocument=ALLOW_S3)
        pair = iam.create_access_key(UserName="tests")["AccessKey"]
        self.access_key, self.secret_key = pair["AccessKeyId"], pair["SecretAccessKey"]
        self.check_requests(True)

    def check_requests(self, check):
        """Whether each request has to carry the signature of a user who may do it."""
        body = b"0" if check else b"inf"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/moto-api/reset-auth", data=body, headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=10).close()

    def session(self, name):
        """Credentials with a token, for the role: what STS, a container's endpoint or the metadata service would give."""
        sts = self.client("sts", self.access_key, self.secret_key)
        return sts.assume_role(RoleArn=self.role, RoleSessionName=name)["Credentials"]

    def client(self, service, access_key, secret_key):
        return boto3.client(
            service, endpoint_url=f"http://127.0.0.1:{self.port}", region_name=self.region,
            aws_access_key_id=access_key, aws_secret_access_key=secret_key)


ALLOW_S3 = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sts:*"], "Resource": "*"}]}')
