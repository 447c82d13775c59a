"""Background jobs. Nothing that a people sync calls makes one, so there is never any."""

from __future__ import annotations

from uuid import UUID

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.call import Call, not_found, paged
from integrations.sandbox.replyio.errors import invalid
from integrations.sandbox.replyio.routing import Route


def list_jobs(call: Call) -> Response:
    """An empty page."""
    top, skip = call.page("backgroundJob", most=200)
    return paged((), top, skip, lambda job: job)


def get_job(call: Call) -> Response:
    """404, or a validation refusal for an id that is no GUID."""
    job_id = call.request.path.rpartition("/")[2]
    try:
        UUID(job_id)
    except ValueError as error:
        raise invalid([("jobId", f"The value '{job_id}' is not valid.")], of_body=False) from error
    raise not_found("backgroundJob", f"Background job {job_id} not found.")


ROUTES = (
    Route("GET", "/v3/background-jobs", "other:read", list_jobs),
    Route("GET", "/v3/background-jobs/{guid}", "other:read", get_job),
)
