"""The noticeboard's own tables."""

from django.db import models


class Thanks(models.Model):
    """What the receiver wrote, in the same commit as the hours."""

    exchange = models.TextField(primary_key=True)
    words = models.TextField()

    class Meta:
        """A rule of the database's."""

        constraints = (
            models.CheckConstraint(condition=~models.Q(words=""), name="thanks_are_not_empty"),
        )
