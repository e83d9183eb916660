"""What could not be done, as an answer. The request's transaction is rolled back by then."""

from collections.abc import Callable

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse

from timebank import errors


class Refusals:
    """Turn our refusals, and those of the noticeboard's own tables, into responses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django calls this with what left the view."""
        if isinstance(error, errors.TimebankError):
            return JsonResponse(errors.as_dict(error), status=error.http_status)
        if isinstance(error, IntegrityError):
            return JsonResponse({"code": "thanks_refused"}, status=422)
        return None
