"""A bank with two members to begin with."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

import timebank
from timebank import Actor, Role, banks, members

from ... import joined
from ...views import BANK


class Command(BaseCommand):
    """python manage.py prepare"""

    help = "Create the bank, a coordinator and two members."

    @transaction.atomic
    def handle(self, *_args: Any, **_options: Any) -> None:
        """Once: a second run finds the bank and does nothing."""
        with joined.engine.connect() as connection:
            if BANK in timebank.bank_slugs(connection):
                return
        with joined.unit_of_work(BANK) as uow:
            created = banks.create(uow, first_coordinator="cora")
            cora = Actor(person=created.person_id, role=Role.COORDINATOR)
            for name in ("Anna", "Ben"):
                members.join(uow, name=name, ref=name.lower(), by=cora)
