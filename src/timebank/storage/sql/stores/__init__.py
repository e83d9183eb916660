"""The ports' reads in SQL: few named queries, each with ``bank_id`` in it."""
