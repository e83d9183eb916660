"""Our tables are brought up to date whenever Django's are."""

from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_migrate


def migrate_ours(**_signal: Any) -> None:
    """Inside a transaction of Django's: where it fails, nothing of it is kept."""
    import timebank

    from . import joined

    with transaction.atomic(), joined.engine.connect() as connection:
        timebank.migrate(connection)


class NoticeboardConfig(AppConfig):
    """The noticeboard."""

    name = "noticeboard"

    def ready(self) -> None:
        """Follow ``manage.py migrate``."""
        post_migrate.connect(migrate_ours, sender=self)
