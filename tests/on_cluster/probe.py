"""What notebook code can get at in a step's pod, tried for real; run in a step of a commit, with nothing but Python.

Each line it prints is something that it could do and must not; it prints "nothing" where there is none.
"""

import os
import pathlib
import ssl
import sys
import urllib.error
import urllib.request

WORDS = ("PASSWORD", "SECRET", "TOKEN", "AWS_", "ACCESS_KEY", "CREDENTIAL")
FILES = ("/var/run/secrets", "/argo/secret", "/registry", "/etc/stillhouse")
BOUNDS = ("/opt/stillhouse/uv.lock", "/opt/stillhouse/pipelines/cluster/release.py", "/usr/bin/python3", "/etc/passwd")


def could(method: str, url: str, body: bytes | None = None) -> bool:
    """Whether a server did what was asked, without any account of ours."""
    context = ssl._create_unverified_context()  # who it is does not matter, whether it gives in does
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return answer.status < 300
    except urllib.error.HTTPError:
        return False
    except (TimeoutError, OSError) as error:
        print(f"{url} could not even be asked: {error}")
        return False


def found(bucket: str, git: str) -> list[str]:
    """Everything that is within reach."""
    got = [f"variable {name}" for name in os.environ if any(word in name.upper() for word in WORDS)]
    got += [f"folder {path}" for path in FILES if pathlib.Path(path).exists()]
    for path in BOUNDS:
        try:
            with pathlib.Path(path).open("a"):
                got.append(f"write {path}")
        except OSError:
            pass
    api = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    for kind in ("secrets", "pods"):
        got += [f"read {kind}"] if could("GET", f"{api}/api/v1/namespaces/default/{kind}") else []
    got += ["write the bucket"] if could("PUT", f"{bucket}/runs/whisky/train.tgz", b"x") else []
    got += ["read the bucket"] if could("GET", f"{bucket}?list-type=2") else []
    got += ["push to the repository"] if could("GET", f"{git}/info/refs?service=git-receive-pack") else []
    return got


if __name__ == "__main__":
    print("\n".join(found(*sys.argv[1:])) or "nothing")
