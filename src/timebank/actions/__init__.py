"""What a person can ask for: plain functions that take the unit of work first.

Each gathers under locks, lets the domain decide, records, and answers with a receipt.
"""
