"""An auditor's own sums: python auditor.py sqlite:///riverside.sqlite riverside"""

import sys
from collections import Counter

from sqlalchemy import create_engine

import timebank
from timebank import accounts, audits, transfers

url, bank = sys.argv[1:]
sums: Counter[str] = Counter()
with timebank.reading(create_engine(url), bank=bank) as uow:
    after = None
    while page := transfers.list(uow, after=after, limit=1_000):
        for transfer in (transfer for transaction in page for transfer in transaction.transfers):
            sums.update({transfer.source: -transfer.minutes, transfer.target: transfer.minutes})
        after = page[-1].id
    balances, report = accounts.balances(uow), audits.run(uow)
wrong = [account for account, hours in balances.items() if hours.minutes != sums[account]]
print(
    f"{report.verdict.value}; {len(wrong)} of {len(balances)} balances differ from my sums", *wrong
)
sys.exit(bool(wrong) or report.verdict.value != "clean")
