"""Where webhooks pass on their way out, so that control can lose, hold, double and replay them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from typing import Literal, cast, get_args

from integrations.sandbox.core import Deliver, Delivery, Json

Fate = Literal["send", "lose", "hold", "twice"]
REMEMBERED = 1_000


class PostRoom:
    """Passes deliveries on to the sender. `fate` is what becomes of those that come from now on; all is under the
    sandbox's lock. Deliveries are numbered from 1."""

    def __init__(self, send: Deliver) -> None:
        self._send = send
        self._latest: deque[tuple[int, Delivery]] = deque(maxlen=REMEMBERED)
        self._held: list[Delivery] = []
        self._count = 0
        self.fate: Fate = "send"

    def deliver(self, delivery: Delivery) -> None:
        """Take a delivery in."""
        self._count += 1
        self._latest.append((self._count, delivery))
        if self.fate == "hold":
            self._held.append(delivery)
        for _ in range({"send": 1, "twice": 2}.get(self.fate, 0)):
            self._send(delivery)

    def use(self, fate: Json) -> None:
        """Set the fate. Raises ValueError with a sentence when there is no such."""
        if fate not in get_args(Fate):
            raise ValueError(f"The fate of deliveries is one of {', '.join(get_args(Fate))}.")
        self.fate = cast(Fate, fate)

    def release(self, order: Json) -> None:
        """Send those that are held, `in order` or `reversed`. Raises ValueError on another order."""
        if order not in ("in order", "reversed"):
            raise ValueError("Held deliveries are released in order or reversed.")
        held, self._held = self._held, []
        for delivery in held if order == "in order" else reversed(held):
            self._send(delivery)

    def replay(self, numbers: Iterable[Json]) -> None:
        """Send remembered deliveries again. Raises ValueError when one is not remembered."""
        known = dict(self._latest)
        for number in (wanted := list(numbers)):
            if number not in known:
                raise ValueError(f"Delivery {number} is not known, or too long ago.")
        for number in wanted:
            self._send(known[number])

    def clear(self) -> None:
        """Forget everything, and send from now on."""
        self._latest.clear()
        self._held.clear()
        self.fate = "send"

    def as_json(self) -> Json:
        """The fate, how many are held, and the latest deliveries."""
        latest = [{"number": number, "url": each.url, "body": json.loads(each.body)} for number, each in self._latest]
        return {"fate": self.fate, "held": len(self._held), "latest": latest}
