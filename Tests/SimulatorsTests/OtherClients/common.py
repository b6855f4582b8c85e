"""What the client scripts share: reading the environment and printing the one line of result."""
import json
import os
import sys


def env(name, default=None):
    value = os.environ.get(name, default)
    if value is None:
        sys.exit(f"{os.path.basename(sys.argv[0])}: set {name}")
    return value


def base_url():
    return env("BASE_URL").rstrip("/")


def trust_ca():
    """Makes requests, httpx, aiohttp and urllib trust the simulator's CA. Call it before importing any SDK."""
    ca = os.environ.get("CA_FILE")
    if ca:
        os.environ["REQUESTS_CA_BUNDLE"] = ca
        os.environ["SSL_CERT_FILE"] = ca
    # A proxy of the machine must never see what is meant for a local simulator.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    return ca


def report(ok, id=None, error=None, invalid_tokens=(), **more):
    print(json.dumps({"ok": ok, "id": id, "error": error, "invalid_tokens": list(invalid_tokens), **more}, ensure_ascii=False))
    sys.exit(0 if ok else 1)


def run(send):
    """Runs send() and turns whatever it raises into a result line, so that a caller always has one to read."""
    try:
        send()
    except Exception as problem:
        report(False, error=f"{type(problem).__name__}: {problem}")
