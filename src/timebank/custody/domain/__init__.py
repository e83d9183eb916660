"""The rules of the scheme: pure, on the ledger's own values."""
