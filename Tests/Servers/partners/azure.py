"""The project's own blob emulator, in a process of its own."""

import pathlib
import sys

from .process import Partner, accepts, free_port

#: Azurite's published development key.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

#: Whom the emulator knows, besides the account's key.
TENANT = "00000000-1111-2222-3333-444444444444"
CLIENT = "55555555-6666-7777-8888-999999999999"
CLIENT_SECRET = "emulated~client.secret+with/odd=signs&more"
FEDERATED_TOKEN = "emulated.federated.token"
IDENTITY_HEADER = "emulated-identity-header"


class AzureEmulator(Partner):
    account = "devstoreaccount1"
    key = KEY

    def start(self):
        self.port = free_port()
        program = pathlib.Path(__file__).resolve().parents[1] / "azure_emulator.py"
        self.launch(
            sys.executable, program, "--port", self.port, "--account", self.account, "--key", self.key,
            ready=lambda: accepts(self.port))
