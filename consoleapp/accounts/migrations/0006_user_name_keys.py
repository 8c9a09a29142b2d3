"""No two users whose names are the same but for capitals or compatible characters."""

from django.core.validators import RegexValidator
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from consoleapp.accounts import names
from consoleapp.accounts.models import NameKey


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give every user a key. Of several with one key, an administrator or the first keeps it.

    The others are renamed by their number; whoever joined under the name of somebody else signs in
    as `ADMIN-7` from now on, and an administrator sees that on the page of all people.
    """
    users = apps.get_model("accounts", "User").objects
    taken: set[str] = set()
    rename = []
    for user in users.order_by("-is_superuser", "pk"):
        key = names.key(user.username)
        if key in taken or not key:
            rename.append(user)
            continue
        taken.add(key)
        users.filter(pk=user.pk).update(name_key=key)
    for user in rename:
        was, number = user.username, user.pk
        base = names.normalize(was)[:100] or "user"
        while names.key(f"{base}-{number}") in taken:
            number += 1
        name = f"{base}-{number}"
        taken.add(names.key(name))
        users.filter(pk=user.pk).update(username=name, name_key=names.key(name))
        print(f"berth: the user {was!r} has a name like that of another; it is {name!r} now")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_user_language")]

    operations = [
        migrations.AlterModelManagers(name="user", managers=[]),
        migrations.AddField(
            model_name="user",
            name="name_key",
            field=models.CharField(editable=False, max_length=names.LONGEST_KEY, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="name_key",
            field=NameKey(editable=False, max_length=names.LONGEST_KEY, unique=True),
        ),
        migrations.AlterField(
            model_name="user",
            name="username",
            field=models.CharField(
                error_messages={"unique": "That name is taken."},
                max_length=names.LONGEST,
                unique=True,
                validators=[
                    RegexValidator(
                        names.allowed_characters.regex.pattern,
                        "Enter a valid username. It begins with a letter from A to Z or a digit, "
                        "and may contain only those and @ . + - _",
                    )
                ],
                verbose_name="username",
            ),
        ),
    ]
