"""django-hordak on PostgreSQL: two legs a transfer, checked by its own triggers at the commit."""

import json
import sys

import django
from django.conf import settings

NAME, AMOUNT = "hordak", 1


def main() -> None:
    where = json.loads(sys.stdin.readline())
    database = {"ENGINE": "django.db.backends.postgresql", **where["django"]}
    apps = ["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"]
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=apps,
        DEFAULT_CURRENCY="EUR",
        CURRENCIES=["EUR"],
        SECRET_KEY="none",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.core.management import call_command
    from django.db import transaction
    from hordak.models import Account
    from moneyed import Money

    call_command("migrate", verbosity=0)
    accounts = [
        Account.objects.create(name=f"a{n}", type="AS", code=str(n), currencies=["EUR"])
        for n in range(where["accounts"])
    ]
    print("ready", flush=True)
    turn = 0
    for line in sys.stdin:
        calls, batch = json.loads(line)
        for _ in range(calls):
            with transaction.atomic():
                for _ in range(batch):
                    source = accounts[turn % len(accounts)]
                    target = accounts[(turn + 1) % len(accounts)]
                    source.transfer_to(target, Money(AMOUNT, "EUR"))
                    turn += 1
        print("done", flush=True)


if __name__ == "__main__":
    main()
