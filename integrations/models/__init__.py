from __future__ import annotations

from integrations.models.heartbeats import Heartbeat

__all__ = ["Heartbeat"]
