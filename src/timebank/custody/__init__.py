"""The prison volunteering scheme: a wing that stands on the ledger, which knows nothing of it."""
