"""A client for captures that needs no download: a program of the kind that a release is.

It takes a turn as ``codex exec`` does, and has what makes captures hard: ids, times, calls beside
the turn that come in any number and order, and one of them that it waits for.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

from harness.contract import Contract, Release
from harness.reference.clients import CodexCli
from harness.reference.releases import write_releases

VERSION = "0.150.7"

SCRIPT = """#!{python}
import glob, http.client, json, os, pathlib, random, signal, ssl, sys, threading, time, uuid
from urllib.parse import urlsplit

VERSION = {version!r}
HOME = pathlib.Path(os.environ["CODEX_HOME"])
PROMPT = sys.argv[-1]
AUTH = json.loads((HOME / "auth.json").read_text())
AGENT = f"codex_exec/{{VERSION}} (Debian 12.0.0; x86_64) {{os.environ['TERM']}}"


def ask(method, path, headers, body=None, host="chatgpt.com"):
    proxy = urlsplit(os.environ["HTTPS_PROXY"])
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with_proxy = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=context)
    with_proxy.set_tunnel(host, 443)
    with_proxy.request(method, path, body, headers)
    answer = with_proxy.getresponse()
    return answer.status, answer.read().decode()


def bearer():
    return {{
        "Authorization": "Bearer " + AUTH["tokens"]["access_token"],
        "ChatGPT-Account-ID": AUTH["tokens"]["account_id"],
        "User-Agent": AGENT,
    }}


def beside(path):
    for _ in range(random.randint(1, 3)):
        time.sleep(random.random() / 50)
        ask("GET", "/backend-api" + path, {{**bearer(), "X-Trace": uuid.uuid4().hex}})


def refresh():
    body = json.dumps({{
        "client_id": "app_EMoamEEZ73f0CkXaXp7hrann",
        "grant_type": "refresh_token",
        "refresh_token": AUTH["tokens"]["refresh_token"],
    }})
    kind = {{"Content-Type": "application/json"}}
    status, text = ask("POST", "/oauth/token", kind, body, "auth.openai.com")
    if status == 200:
        AUTH["tokens"] |= {{k: v for k, v in json.loads(text).items() if k in AUTH["tokens"]}}
    return status == 200


def session():
    if "resume" in sys.argv:
        return sys.argv[sys.argv.index("resume") + 1]
    made = str(uuid.uuid4())
    folder = HOME / "sessions/2026/01/01"
    folder.mkdir(parents=True)
    (folder / f"rollout-2026-01-01T00-00-00-{{made}}.jsonl").write_text("")
    return made


def turn(name, items):
    metadata = {{"started_at_ms": int(time.time() * 1000), "cwd": os.getcwd(), "session_id": name}}
    pairs = list(metadata.items())
    random.shuffle(pairs)
    body = {{
        "model": "gpt-6-astra",
        "instructions": "You are a client of the tests. Nobody may keep this sentence.",
        "input": items,
        "tools": [{{"type": "function", "name": "exec_command", "description": "Runs it."}}],
        "client_metadata": dict(pairs),
        "stream": True,
        "store": False,
    }}
    headers = {{**bearer(), "session-id": name, "Content-Type": "application/json"}}
    return ask("POST", "/backend-api/codex/responses", headers, json.dumps(body))


def perhaps_die():
    for number in range({dies}):
        try:
            (pathlib.Path(__file__).parent / f"died-{{number}}").touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGSEGV)


def main():
    background = [
        threading.Thread(target=beside, args=(path,), daemon=True)
        for path in ("/ps/plugins/installed?limit=200", "/ps/plugins/list")
    ]
    random.shuffle(background)
    for one in background:
        one.start()
    if {fails!r}:
        print("it cannot", file=sys.stderr)
        return 3
    ask("GET", f"/backend-api/codex/models?client_version={{VERSION}}", bearer())
    part = {{"type": "input_text", "text": PROMPT}}
    items = [{{"type": "message", "role": "user", "content": [part]}}]
    perhaps_die()
    name = session()
    for number in range(40):
        status, text = turn(name, items)
        if status == 401 and not refresh():
            return 1
        if status == 429:
            return 1
        if "response.completed" in text and "function_call" in text and number < 2:
            done = [json.loads(l[6:]) for l in text.splitlines() if l.startswith("data: {{")]
            (call,) = [o["item"] for o in done if o["type"] == "response.output_item.done"]
            said = f"Chunk ID: {{os.urandom(3).hex()}}\\nWall time: {{random.random()}} seconds"
            said += "\\nOutput:\\ncodex-leg\\n"
            output = {{"type": "function_call_output", "call_id": call["call_id"]}}
            items += [call, {{**output, "output": said}}]
        elif "response.completed" in text:
            return 0
        time.sleep(0.01)
    return 1


code = main()
sys.stderr.flush()
# Threads that are at work when Python ends may crash it, which no release of the real client does.
os._exit(code)
"""


def write_client(
    folder: Path, *, version: str = VERSION, fails: bool = False, dies: int = 0
) -> CodexCli:
    """A client that can be run; a signal ends it so many times, each time before its turn."""
    folder.mkdir(parents=True, exist_ok=True)
    binary = folder / "codex"
    binary.write_text(SCRIPT.format(python=sys.executable, version=version, fails=fails, dies=dies))
    binary.chmod(0o755)
    return CodexCli(version, hashlib.sha256(binary.read_bytes()).hexdigest(), str(binary))


def install_client(
    cache: Path, *, version: str = VERSION, fails: bool = False, dies: int = 0
) -> CodexCli:
    """The same, where an installed release would be."""
    folder = cache / "codex-leg" / "codex" / version
    client = write_client(folder, version=version, fails=fails, dies=dies)
    facts = {
        "version": version,
        "binary": "codex",
        "sha256": client.sha256,
        "package": f"@openai/codex@{version}",
        "integrity": "sha512-none",
    }
    (folder / "release.json").write_text(json.dumps(facts))
    return client


def copy_contract(folder: Path, *versions: str) -> Contract:
    """A contract of its own, which knows these releases and no captures."""
    source = Contract().root
    for name in ("probes", "schemas", "scenarios", "rulebook"):
        shutil.copytree(source / name, folder / name)
    shutil.copytree(
        source / "cassettes", folder / "cassettes", ignore=shutil.ignore_patterns("reference")
    )
    contract = Contract(folder)
    rows = [
        Release(
            one,
            "2026-08-26",
            None,
            None,
            "a table of releases with their dates, file id 12345678",
            None,
            (),
        )
        for one in versions
    ]
    write_releases(contract, rows)
    return Contract(folder)
