"""The one file: folders of styles and scripts joined in a declared order, hashes for the policy.

The files of ``templates/css`` and ``templates/js`` become one <style> and one <script>. The scripts
share one function scope, so a function of one file is known to the others by its name; nothing is
known outside of it.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
STYLES = ("report.css",)
SCRIPTS = ("data.js",)  # what others call comes first


def style(rules: Sequence[str] = ()) -> str:
    """Return the page's style: the files of ``STYLES``, then these rules."""
    return "\n".join([*(read("css", name) for name in STYLES), *rules])


def script() -> str:
    """Return the page's script: the files of ``SCRIPTS`` in one function."""
    parts = "\n".join(read("js", name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();'


def read(folder: str, name: str) -> str:
    """Return a file of a folder of the templates."""
    return (TEMPLATES / folder / name).read_text(encoding="utf-8")


def policy(style_text: str, script_text: str) -> str:
    """Return the content security policy: this style, this script and what it starts; no more."""
    return "; ".join([
        "default-src 'none'", f"style-src '{source_hash(style_text)}'",
        f"script-src '{source_hash(script_text)}' 'strict-dynamic'", "img-src data: blob:",
        "base-uri 'none'", "form-action 'none'",
    ])  # fmt: skip


def source_hash(text: str) -> str:
    """Return a text's hash as a content security policy wants it."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
