"""Whether the web process in this container answers: the image's health check, by the standard library alone."""

from __future__ import annotations

import os
import sys
import urllib.request

# Only host names that people use are answered.
host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip("*.") or "localhost"
port = os.environ.get("PORT", "8000")
request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
try:
    with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310 -- this host
        sys.exit(0 if answer.status == 200 else 1)
except OSError as error:
    sys.exit(f"The web process does not answer: {error}")
