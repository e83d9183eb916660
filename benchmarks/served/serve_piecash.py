"""piecash on a SQLite file: a book of GnuCash, two splits a transfer, saved at the commit."""

import json
import sys
import warnings

import piecash


def main() -> None:
    warnings.simplefilter("ignore")
    where = json.loads(sys.stdin.readline())
    book = piecash.create_book(sqlite_file=where["file"], currency="EUR", overwrite=True)
    euro = book.default_currency
    accounts = [
        piecash.Account(name=f"a{n}", type="ASSET", parent=book.root_account, commodity=euro)
        for n in range(where["accounts"])
    ]
    book.save()
    print("ready", flush=True)
    turn = 0
    for line in sys.stdin:
        calls, batch = json.loads(line)
        for _ in range(calls):
            for _ in range(batch):
                source = accounts[turn % len(accounts)]
                target = accounts[(turn + 1) % len(accounts)]
                piecash.Transaction(
                    currency=euro,
                    description="",
                    splits=[
                        piecash.Split(account=source, value=-1),
                        piecash.Split(account=target, value=1),
                    ],
                )
                turn += 1
            book.save()
        print("done", flush=True)


if __name__ == "__main__":
    main()
