"""A noticeboard whose members exchange hours: Django's ORM, one PostgreSQL, one transaction."""
