"""The page at `/` and its files, read once and served from memory."""

from __future__ import annotations

import hashlib
import html
from pathlib import Path

from pipelines.serving.recommender import Recommender
from pipelines.serving.responses import Response

# Beside this module, wherever it is installed; importlib.resources would cost start-up time and give the same.
FOLDER = Path(__file__).parent / "page"

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_HTML = "text/html; charset=utf-8"

SECURITY = {
    # Nothing from elsewhere, nothing inline: what a name might smuggle in is never run.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


class File:
    """A file to be sent whole, or not at all where the client has it already."""

    def __init__(self, content: bytes, content_type: str) -> None:
        """Take the file's content."""
        self.tag = hashlib.sha256(content).hexdigest()[:16]
        etag = {"etag": f'"{self.tag}"', **SECURITY}
        self._fresh = Response(content, content_type, headers=etag)
        # A file asked for by its content's hash never changes; anything else is asked about again.
        lasting = {**etag, "cache-control": "public, max-age=31536000, immutable"}
        self._lasting = Response(content, content_type, headers=lasting)
        self._unchanged = Response(b"", content_type, 304, headers=etag)

    def response(self, query: bytes, if_none_match: bytes) -> Response:
        """The answer to a request with this query and If-None-Match header (empty: none)."""
        if if_none_match and (if_none_match.strip() == b"*" or self.tag.encode() in if_none_match):
            return self._unchanged
        return self._lasting if query == b"v=" + self.tag.encode() else self._fresh


def assets() -> dict[str, File]:
    """The page's files by their path, `/page/app.js` and so on."""
    return {
        f"/page/{path.name}": File(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(FOLDER.iterdir())
        if path.suffix in _TYPES
    }


def index(model: Recommender, files: dict[str, File]) -> File:
    """The page for `model`: its nouns put in, its files linked by their hash."""
    content = (FOLDER / "index.html").read_text(encoding="utf-8")
    item = model.item.replace("_", " ")
    values = {
        "title": model.title,
        "item": item,
        "an item": f"{'an' if item[0] in 'aeiou' else 'a'} {item}",
        "items": model.plural.replace("_", " "),
        "parameter": model.item,
        "features": ", ".join(feature.lower() for feature in model.features),
        "count": str(len(model.items)),
    }
    for name, value in values.items():
        content = content.replace("{{" + name + "}}", html.escape(value))
    for path, file in files.items():
        content = content.replace(f'"{path}"', f'"{path}?v={file.tag}"')
    return File(content.encode(), _HTML)
