"""The tables of the chain, and an index for each filter of the audit page.

SQLite makes the table of events anew for it, which loses triggers: the old ones go first, and the next
migration makes theirs.
"""

import importlib

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

append_only = importlib.import_module("consoleapp.audit.migrations.0002_append_only")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_cache_table"),
        ("audit", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(append_only.undo, append_only.make),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
                ("key", models.CharField(max_length=16)),
                ("signature", models.CharField(max_length=88)),
            ],
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="Pending",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="audit.event",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Pruning",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first_seq", models.BigIntegerField()),
                ("first_event", models.BigIntegerField()),
                ("last_event", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
                ("before", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("key", models.CharField(max_length=16)),
                ("signature", models.CharField(max_length=88)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="event",
            name="event_account_at",
        ),
        migrations.AlterField(
            model_name="event",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="accounts.linuxaccount",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="action",
            field=models.CharField(max_length=50),
        ),
        migrations.AlterField(
            model_name="event",
            name="actor",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="at",
            field=models.DateTimeField(auto_now_add=True),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["at", "id"], name="event_at"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["account", "id"], name="event_account"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor", "id"], name="event_actor"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["account_name", "id"], name="event_account_name"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor_name", "id"], name="event_actor_name"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["action", "id"], name="event_action"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["kind", "id"], name="event_kind"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["outcome", "id"], name="event_outcome"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["target", "id"], name="event_target"),
        ),
        migrations.AddField(
            model_name="link",
            name="event",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="link",
                to="audit.event",
            ),
        ),
    ]
