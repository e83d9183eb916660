"""Our tables, by what they are about. Foreign keys resolve once all of them are imported."""
