"""A pair of pure functions per row shape: from a domain value to a row, and back."""
