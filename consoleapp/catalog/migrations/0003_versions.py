"""Versions, owners, groups and ports; what a template said becomes its first version."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value


def first_versions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    version_model = apps.get_model("catalog", "TemplateVersion")
    for template in apps.get_model("catalog", "LaunchTemplate").objects.select_related("made_by"):
        maker = template.made_by
        contents = {"icon": template.icon, "run": _plain(template.parameters)}
        if template.description:
            contents["description"] = template.description
        template.head = version_model.objects.create(
            template=template,
            number=1,
            contents=contents,
            made_by=maker.username if maker else "system",
        )
        template.save(update_fields=["head"])
        if maker:
            template.owners.add(maker)


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_build_recipes"),
        ("accounts", "0001_initial"),
        ("operations", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("contents", models.JSONField()),
                ("note", models.CharField(blank=True, max_length=300)),
                ("made_by", models.CharField(max_length=150)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="catalog.launchtemplate",
                    ),
                ),
            ],
            options={"ordering": ("-number",)},
        ),
        migrations.AddConstraint(
            model_name="templateversion",
            constraint=models.UniqueConstraint(
                fields=("template", "number"), name="one_version_a_number"
            ),
        ),
        migrations.AddField(
            model_name="launchtemplate",
            name="head",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="catalog.templateversion",
            ),
        ),
        migrations.AddField(
            model_name="launchtemplate",
            name="owners",
            field=models.ManyToManyField(blank=True, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="launchtemplate",
            name="groups",
            field=models.ManyToManyField(blank=True, related_name="+", to="auth.group"),
        ),
        migrations.AddField(
            model_name="launchtemplate", name="public", field=models.BooleanField(default=True)
        ),
        migrations.RunPython(first_versions, migrations.RunPython.noop),
    ]
