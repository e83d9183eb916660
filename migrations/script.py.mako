"""${message}

Revision ${up_revision}, after ${down_revision | comma,n}.
"""

from typing import Any

import sqlalchemy as sa

from timebank.storage.sql import types
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade(op: Any) -> None:
    ${upgrades if upgrades else "pass"}


def downgrade(op: Any) -> None:
    ${downgrades if downgrades else "pass"}
