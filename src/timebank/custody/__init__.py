"""The prison volunteering scheme: a wing that stands on the ledger, which knows nothing of it."""

from timebank.custody.actions import (
    beneficiaries,
    destinations,
    people,
    pins,
    queries,
    retentions,
    scheme,
    sheets,
    sites,
)
from timebank.custody.actions.sheets import Line
from timebank.custody.domain.destination import Part, Place
from timebank.custody.domain.rules import Basis, DestinationClass, Rounding, Rules
from timebank.custody.wing import WING

__all__ = [
    "WING",
    "Basis",
    "DestinationClass",
    "Line",
    "Part",
    "Place",
    "Rounding",
    "Rules",
    "beneficiaries",
    "destinations",
    "people",
    "pins",
    "queries",
    "retentions",
    "scheme",
    "sheets",
    "sites",
]
