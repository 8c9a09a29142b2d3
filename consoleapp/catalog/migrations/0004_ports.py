"""What versions hold now goes; host ports; the database refuses to change a version."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAKE = {
    "sqlite": [
        """CREATE TRIGGER catalog_templateversion_no_update
        BEFORE UPDATE ON catalog_templateversion
        BEGIN SELECT RAISE(ABORT, 'versions of templates do not change'); END"""
    ],
    "postgresql": [
        """CREATE FUNCTION catalog_templateversion_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'versions of templates do not change'; END $$""",
        """CREATE TRIGGER catalog_templateversion_no_update BEFORE UPDATE ON catalog_templateversion
        FOR EACH ROW EXECUTE FUNCTION catalog_templateversion_refuse()""",
    ],
}
UNDO = {
    "sqlite": ["DROP TRIGGER catalog_templateversion_no_update"],
    "postgresql": [
        "DROP TRIGGER catalog_templateversion_no_update ON catalog_templateversion",
        "DROP FUNCTION catalog_templateversion_refuse()",
    ],
}


def make(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def undo(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_versions")]

    operations = [
        migrations.RemoveField(model_name="launchtemplate", name="description"),
        migrations.RemoveField(model_name="launchtemplate", name="icon"),
        migrations.RemoveField(model_name="launchtemplate", name="made_by"),
        migrations.RemoveField(model_name="launchtemplate", name="parameters"),
        migrations.RemoveField(model_name="launchtemplate", name="updated_at"),
        migrations.CreateModel(
            name="PortRange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first", models.PositiveIntegerField()),
                ("last", models.PositiveIntegerField()),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, to="accounts.linuxaccount"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="portrange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first__gte", 1024), ("first__lte", models.F("last")), ("last__lte", 65535)
                ),
                name="port_range_from_first_to_last",
            ),
        ),
        migrations.CreateModel(
            name="PortAllotment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("port", models.PositiveIntegerField()),
                ("protocol", models.CharField(max_length=4)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="accounts.linuxaccount"
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="accounts.host"
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="operations.operation"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="portallotment",
            constraint=models.UniqueConstraint(
                fields=("host", "protocol", "port"), name="one_launch_a_host_port"
            ),
        ),
        migrations.RunPython(make, undo),
    ]
