"""The project's own blob emulator, in a process of its own."""

import pathlib
import sys

from .process import Partner, accepts, free_port

#: Azurite's published development key.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzureEmulator(Partner):
    account = "devstoreaccount1"
    key = KEY

    def start(self):
        self.port = free_port()
        program = pathlib.Path(__file__).resolve().parents[1] / "azure_emulator.py"
        self.launch(
            sys.executable, program, "--port", self.port, "--account", self.account, "--key", self.key,
            ready=lambda: accepts(self.port))
