"""Puts a sandbox together."""

from __future__ import annotations

import threading

from integrations.sandbox.call_log import CallLog
from integrations.sandbox.control import control
from integrations.sandbox.core import Clock, Deliver, Sandbox
from integrations.sandbox.faults import FaultRules
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.post_room import PostRoom
from integrations.sandbox.webhooks import WebhookSender
from integrations.sandbox.world import make_world


def build_sandbox(
    options: SandboxOptions | None = None,
    people: int = 0,
    seed: int = 7,
    clock: Clock | None = None,
    *,
    reply_overlap: int = 0,
    deliver: Deliver | None = None,
) -> Sandbox:
    """A sandbox with both products, seeded with `make_world(people, seed, reply_overlap)`.

    `deliver` takes the webhooks; without one they are sent by real HTTP from a daemon thread that starts when needed.
    """
    # Each product is imported only here, so that one of them can be worked on, and tested, without the other.
    from integrations.sandbox.pipedrive.product import PipedriveSandbox
    from integrations.sandbox.replyio.product import ReplySandbox

    options = options or SandboxOptions()
    clock = clock or Clock()
    lock = threading.RLock()
    post_room = PostRoom(deliver or WebhookSender(lock).deliver)
    pipedrive = PipedriveSandbox(clock, options, post_room.deliver)
    replyio = ReplySandbox(clock, options, post_room.deliver)
    world = make_world(people, seed, reply_overlap)
    products = {product.name: product for product in (pipedrive, replyio)}
    log = CallLog(options.log_limit)
    sandbox = Sandbox(clock, options, products, FaultRules(), control, log, world, lock, post_room)
    sandbox.seed(world)
    return sandbox
