"""Bundles: what a bank that is kept elsewhere, with no network, sends to its read-only copy.

A bundle holds the facts that were sealed since the last one, and everything as it stands. The copy
is a bank of its own in another database; it takes bundles and refuses every other write.
"""

from timebank.actions._bundle_in import Taken, load
from timebank.actions._bundle_out import export, export_people

__all__ = ["Taken", "export", "export_people", "load"]
