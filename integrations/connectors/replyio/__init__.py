"""Reply.io, API V3 (https://docs.reply.io/api-reference/introduction)."""

from __future__ import annotations
