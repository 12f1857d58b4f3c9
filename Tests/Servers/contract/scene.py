"""A home, a cache, a clearml.conf and a workspace of their own, and the real binary in it."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from partners.process import clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("CLEARML_SYNC_BINARY") or str(ROOT / ".build" / "debug" / "clearml-sync")

#: Exit codes, as docs/exit-codes.md has them.
DONE, OTHER, CHANGES, NOT_FOUND, PERMISSION, NETWORK, INTEGRITY = 0, 1, 2, 3, 4, 5, 6
USAGE, MANIFEST, CONFIGURATION = 64, 65, 78


class Scene:
    """`secrets` must never be seen: not on a terminal, and not in any file that a run leaves in the workspace or cache."""

    def __init__(self, configuration="", environment=None, secrets=()):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="clearml-sync-"))
        self.home = self.root / "home"
        self.home.mkdir()
        self.secrets = [secret for secret in secrets if secret]
        self.environment = clean_environment(
            HOME=str(self.home), CLEARML_CONFIG_FILE=str(self.root / "clearml.conf"),
            CLEARML_CACHE_DIR=str(self.root / "cache"), **(environment or {}))
        self.configure(configuration)
        self.workspace = self.root / "workspace"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def configure(self, text):
        (self.root / "clearml.conf").write_text(text)

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def sync(self, *arguments, expecting=DONE, seconds=180, environment=None, through=()):
        """Runs the binary; the exit code must be `expecting` (a code, several, or `None` for any), no secret may show.

        `through` is a command that runs it.
        """
        done = subprocess.run(
            [*through, BINARY, *map(str, arguments)], env={**self.environment, **(environment or {})}, cwd=self.root,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
        done.stdout, done.stderr = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        shown = f"{' '.join(map(str, arguments))}\nexit {done.returncode}\n{clip(done.stdout)}{clip(done.stderr)}"
        for secret in self.secrets:
            assert secret not in done.stdout + done.stderr, f"a secret shows: {shown}"
        if expecting is not None:
            codes = expecting if isinstance(expecting, tuple) else (expecting,)
            assert done.returncode in codes, f"exit {done.returncode}, not {expecting}: {shown}"
        return done

    def manifest(self, entries, name="m.json", kind="artifacts"):
        path = self.root / name
        path.write_text(json.dumps({"version": 1, kind: entries}))
        return path

    def pull(self, entries, *flags, expecting=DONE, kind="artifacts", name="m.json", seconds=180, environment=None):
        manifest = self.manifest(entries, name=name, kind=kind)
        done = self.sync("pull", manifest, *flags, expecting=expecting, seconds=seconds, environment=environment)
        self.check_files()
        return done

    def list(self, url, expecting=DONE, seconds=120):
        done = self.sync("ls", url, "--recursive", "--json", expecting=expecting, seconds=seconds)
        return [json.loads(line) for line in done.stdout.split("\n") if line]

    def files(self, folder="workspace"):
        """What lies below, by relative path: bytes; our own state left out."""
        root = self.root / folder
        found = {}
        for path in root.rglob("*"):
            relative = path.relative_to(root)
            if path.is_file() and ".clearml-sync" not in relative.parts:
                found[str(relative)] = path.read_bytes()
        return found

    def check_files(self):
        """Locks, receipts, state and the index hold no secret."""
        wanted = [secret.encode() for secret in self.secrets]
        places = [self.root / "m.lock", *self.root.glob("*.lock.d/*"), *self.workspace.glob(".clearml-sync/**/*")]
        places += [p for p in (self.root / "cache").rglob("*") if "blobs" not in p.parts and "trees" not in p.parts]
        for path in places:
            if path.is_file():
                content = path.read_bytes()
                assert not any(secret in content for secret in wanted), f"{path} holds a secret"


def clip(text, size=3000):
    return text if len(text) <= size else text[: size // 2] + "\n[…]\n" + text[-size // 2:]


def error_block(done):
    """The lines of the first error: the sentence, then its cause and what to do."""
    lines = done.stderr.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("error:"):
            block = [line]
            for more in lines[number + 1:]:
                if not more.startswith("  "):
                    break
                block.append(more)
            return "\n".join(block)
    raise AssertionError(f"there is no error: {clip(done.stderr)}")
