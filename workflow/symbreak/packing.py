"""Numbers and texts packed for the page: gzip without a date, then base64; the same bytes always.

``templates/js/data.js`` unpacks what is packed here.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

CHUNK = 100  # settings whose pages are packed, and unpacked, together


def packed(value: Any) -> str:
    """Return a JSON value as base64 of its gzip."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def chunks(pages: Sequence[dict[str, Any] | None]) -> list[str]:
    """Return the packed pages of the settings, in the grid's order, ``CHUNK`` a chunk."""
    return [packed(pages[first : first + CHUNK]) for first in range(0, len(pages), CHUNK)]
