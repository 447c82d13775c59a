"""The one page a person sees when opening the sandbox in a browser."""

from __future__ import annotations

from html import escape

from integrations.sandbox.core import Sandbox

_CONTROLS = (
    ("POST /_sandbox/seed", "{people, seed, reply_overlap}: empty both products and fill them"),
    ("POST /_sandbox/reset", "back to the seeded state"),
    ("GET, POST /_sandbox/clock", "{advance: seconds}"),
    ("GET, POST, DELETE /_sandbox/faults", "[{kind, product, method, path, times, after}]: what goes wrong next"),
    ("GET, DELETE /_sandbox/log", "?product=&wrote=&since=: every call with its cost"),
    ("GET /_sandbox/summary", "calls, writes, cost and violations per product"),
    ("GET /_sandbox/state", "all records of both products"),
    ("GET, PATCH /_sandbox/options", "plans, limits, and readings of unsettled behaviours"),
    ("POST /_sandbox/change", "{product, id, fields}, {product, create}, {product, delete}: an edit by a human"),
    (
        "POST /_sandbox/change",
        "{product, webhook: id, do: ban | delete}: what Pipedrive does to failing webhooks",
    ),
    (
        "GET, POST /_sandbox/deliveries",
        "{fate: send | lose | hold | twice}, {release: in order | reversed}, {replay: [number]}: webhooks on their way",
    ),
)

KEYS = (
    ("Pipedrive API token of an administrator", "sandbox-pipedrive-token"),
    ("Pipedrive API token of any user", "sandbox-pipedrive-token-<user id>"),
    ("Pipedrive OAuth client and secret", "sandbox-client, sandbox-secret"),
    ("Reply key of the team's owner", "sandbox-reply-key"),
    ("Reply key of any other member", "sandbox-reply-key-<user id>"),
    ("Reply team key, organization key, key that may only read",
     "sandbox-reply-team-key, sandbox-reply-org-key, sandbox-reply-read-key"),
)  # fmt: skip


def welcome_page(sandbox: Sandbox, host: str) -> str:
    """What this is, where the products are mounted, the keys, the controls, and how many people there are."""
    mounts = "".join(f"<li><code>http://{escape(host)}/{escape(name)}</code></li>" for name in sandbox.products)
    keys = "".join(f"<dt>{escape(what)}</dt><dd><code>{escape(key)}</code></dd>" for what, key in KEYS)
    controls = "".join(f"<dt><code>{escape(call)}</code></dt><dd>{escape(what)}</dd>" for call, what in _CONTROLS)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sandbox</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 48em; margin: 2em auto; padding: 0 1em">
<h1>Sandbox</h1>
<p>Imitations of Pipedrive and Reply.io, with {len(sandbox.world.contacts)} made-up people of the made-up company
{escape(sandbox.world.company)}. Nothing here reaches the real products.</p>
<h2>Products</h2><ul>{mounts}</ul>
<h2>Keys</h2><dl>{keys}</dl>
<h2>Controls</h2><dl>{controls}</dl>
</body></html>
"""
