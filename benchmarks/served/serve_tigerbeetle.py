"""TigerBeetle by its Python client, on a cluster that runs already."""

import json
import sys

import tigerbeetle as tb

AT_ONCE = 8_000


def main() -> None:
    where = json.loads(sys.stdin.readline())
    with tb.ClientSync(cluster_id=0, replica_addresses=where["address"]) as client:
        ids = [tb.id() for _ in range(where["accounts"])]
        client.create_accounts([tb.Account(id=id_, ledger=1, code=1) for id_ in ids])
        print("ready", flush=True)
        turn = 0
        for line in sys.stdin:
            calls, batch = json.loads(line)
            for _ in range(calls):
                transfers = []
                for _ in range(min(batch, AT_ONCE)):
                    transfers.append(
                        tb.Transfer(
                            id=tb.id(),
                            debit_account_id=ids[turn % len(ids)],
                            credit_account_id=ids[(turn + 1) % len(ids)],
                            amount=1,
                            ledger=1,
                            code=1,
                        )
                    )
                    turn += 1
                client.create_transfers(transfers)
            print("done", flush=True)


if __name__ == "__main__":
    main()
