"""The checks before a worker starts an operation: policies, and its approval."""

from consoleapp.operations import permission
from consoleapp.operations.approval.models import Approval
from consoleapp.operations.approval.requirements import granted, unmet_requirements
from consoleapp.operations.models import Operation
from engine.schema.messages import msg
from engine.schema.parameters import Parameters


def against(operation: Operation, parameters: Parameters) -> str:
    """Return why it must not start (any more); "" if it may."""
    if refused := permission.by_policy(operation, parameters):
        return refused
    if Approval.objects.filter(operation=operation).exists() and not granted(operation, parameters):
        return msg("It is not what was approved of.")
    return unmet_requirements(operation, parameters)
