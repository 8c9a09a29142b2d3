"""Templates of a Berth without versions become first versions."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from consoleapp.accounts.models import User
from consoleapp.catalog.definition import parse


@pytest.mark.django_db(transaction=True)
def test_an_old_template_is_a_first_version_afterwards():
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("catalog")
    try:
        executor = MigrationExecutor(connection)
        executor.migrate([("catalog", "0001_initial")])
        old = executor.loader.project_state([("catalog", "0001_initial")]).apps
        # People are as they are now: only the catalogue is taken back.
        maker = User.objects.create(username="olga")
        old.get_model("catalog", "LaunchTemplate").objects.create(
            name="Cache",
            description="Fast.",
            icon="database",
            parameters={"image": "redis:7", "command_line": ["echo", "${HOME}"]},
            made_by_id=maker.pk,
        )
    finally:
        MigrationExecutor(connection).migrate(newest)
    from consoleapp.catalog.models import LaunchTemplate

    template = LaunchTemplate.objects.get()
    assert [owner.username for owner in template.owners.all()] == ["olga"]
    assert template.head.number == 1
    assert template.contents == parse(
        {
            "description": "Fast.",
            "icon": "database",
            "run": {"image": "redis:7", "command_line": ["echo", "$${HOME}"]},
        }
    )
