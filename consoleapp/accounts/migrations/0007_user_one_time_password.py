"""Whether a password is one that somebody else knows, until its user has chosen another."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_user_name_keys")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="one_time_password",
            field=models.BooleanField(default=False),
        ),
    ]
