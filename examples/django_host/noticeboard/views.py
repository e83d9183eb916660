"""The routes. ``ATOMIC_REQUESTS`` makes each of them one transaction."""

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from timebank import Actor, Hours, Receipt, Role, accounts, exchanges, staff
from timebank.ports import UnitOfWork

from .joined import unit_of_work
from .models import Thanks

BANK = "riverside"


def me(uow: UnitOfWork, request: HttpRequest) -> Actor:
    """The member who is logged in, as an actor: your log-in goes here."""
    return staff.actor(uow, request.headers["Member"], role=Role.MEMBER)


def key(request: HttpRequest) -> str:
    """A key's scope is the action: two people's forms must not share one."""
    return f"{request.headers['Member']} {request.headers['Idempotency-Key']}"


def told(receipt: Receipt) -> JsonResponse:
    """What the client gets to see of a receipt."""
    return JsonResponse({"exchange": receipt.exchange_id, "replayed": receipt.replayed})


def asked(request: HttpRequest) -> Any:
    """What the client sent."""
    return json.loads(request.body)


@require_POST
def propose(request: HttpRequest) -> JsonResponse:
    """I have done something for somebody, or am going to."""
    giver, receiver = request.headers["Member"], asked(request)["receiver"]
    hours = Hours(minutes=asked(request)["minutes"])
    with unit_of_work(BANK) as uow:
        by = me(uow, request)
        return told(
            exchanges.propose(
                uow, giver=giver, receiver=receiver, hours=hours, by=by, key=key(request)
            )
        )


@require_POST
def agree(request: HttpRequest, exchange: str) -> JsonResponse:
    """The other side says yes."""
    with unit_of_work(BANK) as uow:
        return told(exchanges.agree(uow, exchange, by=me(uow, request), key=key(request)))


@require_POST
def report(request: HttpRequest, exchange: str) -> JsonResponse:
    """It took so long."""
    hours = Hours(minutes=asked(request)["minutes"])
    with unit_of_work(BANK) as uow:
        by = me(uow, request)
        return told(exchanges.report(uow, exchange, hours=hours, by=by, key=key(request)))


@require_POST
def confirm(request: HttpRequest, exchange: str) -> JsonResponse:
    """It took place: the hours move, and the thanks are kept, or neither."""
    with unit_of_work(BANK) as uow:
        receipt = exchanges.confirm(uow, exchange, by=me(uow, request), key=key(request))
    if not receipt.replayed:  # a repeated request finds the row of the first one
        Thanks.objects.create(exchange=exchange, words=asked(request)["thanks"])
    return told(receipt)


@require_GET
def balance(request: HttpRequest) -> JsonResponse:
    """How I stand."""
    with unit_of_work(BANK) as uow:
        view = accounts.of_member(uow, request.headers["Member"])
        return JsonResponse({"minutes": view.balance.minutes})


@require_GET
def thanks(_request: HttpRequest) -> JsonResponse:
    """What people wrote, by exchange."""
    return JsonResponse({row.exchange: row.words for row in Thanks.objects.all()})
