"""What tests and people steer the sandbox with, below `/_sandbox`, and the page at `/`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from integrations.sandbox.core import Json, Request, Response, Sandbox
from integrations.sandbox.faults import FaultRules, Rule
from integrations.sandbox.page import welcome_page
from integrations.sandbox.world import make_world

Handler = Callable[[Sandbox, Request], Response]


def control(sandbox: Sandbox, request: Request) -> Response:
    """Answer a control call; 400 with a sentence when it makes no sense, 404 and 405 as usual."""
    handlers = ROUTES.get(request.path)
    if handlers is None:
        return Response.of_json({"error": f"There is no control at {request.path}."}, 404)
    handler = handlers.get(request.method)
    if handler is None:
        return Response.of_json({"error": f"{request.path} takes {', '.join(handlers)}."}, 405)
    try:
        return handler(sandbox, request)
    except ValueError as error:
        return Response.of_json({"error": str(error)}, 400)


def _reset(sandbox: Sandbox, request: Request) -> Response:
    sandbox.reset()
    return Response.of_json({"people": len(sandbox.world.contacts)})


def _seed(sandbox: Sandbox, request: Request) -> Response:
    wanted = {"people": 500, "seed": 7, "reply_overlap": 0, **_object(request)}
    if set(wanted) != {"people", "seed", "reply_overlap"} or not all(type(value) is int for value in wanted.values()):
        raise ValueError("Seeding takes people, seed and reply_overlap, all whole numbers.")
    sandbox.seed(make_world(**wanted))
    return Response.of_json({"people": len(sandbox.world.contacts)})


def _show_clock(sandbox: Sandbox, request: Request) -> Response:
    return Response.of_json({"now": sandbox.clock.now().isoformat()})


def _advance_clock(sandbox: Sandbox, request: Request) -> Response:
    seconds = _object(request).get("advance")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
        raise ValueError("The clock takes {advance: seconds}, and only goes forward.")
    sandbox.clock.advance(seconds)
    return _show_clock(sandbox, request)


def _rules(sandbox: Sandbox) -> FaultRules:
    if not isinstance(sandbox.faults, FaultRules):
        raise ValueError("This sandbox was built with faults of its own.")
    return sandbox.faults


def _show_faults(sandbox: Sandbox, request: Request) -> Response:
    return Response.of_json([rule.as_json() for rule in _rules(sandbox).rules])


def _add_faults(sandbox: Sandbox, request: Request) -> Response:
    data = _body(request)
    _rules(sandbox).add([Rule.from_json(one) for one in (data if isinstance(data, list) else [data])])
    return _show_faults(sandbox, request)


def _clear_faults(sandbox: Sandbox, request: Request) -> Response:
    sandbox.faults.clear()
    return Response(204)


def _show_log(sandbox: Sandbox, request: Request) -> Response:
    wrote = request.first("wrote")
    records = sandbox.log.select(
        product=request.first("product"),
        wrote=None if wrote is None else wrote.lower() in ("1", "true", "yes"),
        since=int(request.first("since") or 0),
    )
    return Response.of_json([record.as_json() for record in records])


def _clear_log(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log.clear()
    return Response(204)


def _show_summary(sandbox: Sandbox, request: Request) -> Response:
    return Response.of_json({name: sandbox.log.counts(name).as_json() for name in sandbox.products})


def _show_state(sandbox: Sandbox, request: Request) -> Response:
    return Response.of_json({name: product.dump() for name, product in sandbox.products.items()})


def _show_options(sandbox: Sandbox, request: Request) -> Response:
    return Response.of_json(sandbox.options.as_dict())


def _set_options(sandbox: Sandbox, request: Request) -> Response:
    sandbox.use_options(sandbox.options.with_values(dict(_dotted(_object(request)))))
    return _show_options(sandbox, request)


def _change(sandbox: Sandbox, request: Request) -> Response:
    data = _body(request)
    if isinstance(data, list):
        return Response.of_json([_change_one(sandbox, one) for one in data])
    return Response.of_json(_change_one(sandbox, data))


def _change_one(sandbox: Sandbox, command: Json) -> Json:
    product = sandbox.products.get(command.get("product", "")) if isinstance(command, Mapping) else None
    if product is None:
        raise ValueError(f"A change names its product: {', '.join(sandbox.products)}.")
    return product.change({name: value for name, value in command.items() if name != "product"})


def _show_deliveries(sandbox: Sandbox, request: Request) -> Response:
    return Response.of_json(sandbox.post_room.as_json())


def _steer_deliveries(sandbox: Sandbox, request: Request) -> Response:
    command = _object(request)
    if len(command) != 1 or not command.keys() <= {"fate", "release", "replay"}:
        raise ValueError("Deliveries take one of {fate}, {release} and {replay: [number]}.")
    if "fate" in command:
        sandbox.post_room.use(command["fate"])
    elif "release" in command:
        sandbox.post_room.release(command["release"])
    elif isinstance(command["replay"], list):
        sandbox.post_room.replay(command["replay"])
    else:
        raise ValueError("Replaying takes a list of numbers.")
    return _show_deliveries(sandbox, request)


def _welcome(sandbox: Sandbox, request: Request) -> Response:
    page = welcome_page(sandbox, request.headers.get("host", "127.0.0.1"))
    return Response(200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def _body(request: Request) -> Json:
    try:
        return json.loads(request.body or b"{}")
    except json.JSONDecodeError as error:
        raise ValueError("The body is not JSON.") from error


def _object(request: Request) -> dict[str, Json]:
    data = _body(request)
    if not isinstance(data, dict):
        raise ValueError("The body is a JSON object.")
    return data


def _dotted(values: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


ROUTES: Mapping[str, Mapping[str, Handler]] = {
    "/": {"GET": _welcome},
    "/reset": {"POST": _reset},
    "/seed": {"POST": _seed},
    "/clock": {"GET": _show_clock, "POST": _advance_clock},
    "/faults": {"GET": _show_faults, "POST": _add_faults, "DELETE": _clear_faults},
    "/log": {"GET": _show_log, "DELETE": _clear_log},
    "/summary": {"GET": _show_summary},
    "/state": {"GET": _show_state},
    "/options": {"GET": _show_options, "PATCH": _set_options},
    "/change": {"POST": _change},
    "/deliveries": {"GET": _show_deliveries, "POST": _steer_deliveries},
}
