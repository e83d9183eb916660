"""The noticeboard's own table. Ours have a history of their own, which Django never sees."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first."""

    initial = True
    operations = (
        migrations.CreateModel(
            name="Thanks",
            fields=[
                ("exchange", models.TextField(primary_key=True, serialize=False)),
                ("words", models.TextField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True),
                        name="thanks_are_not_empty",
                    )
                ],
            },
        ),
    )
