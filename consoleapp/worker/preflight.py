"""What is checked once more before a worker begins an operation: policies, and its approval."""

from consoleapp.operations import permission
from consoleapp.operations.approval.models import Approval
from consoleapp.operations.approval.requirements import granted, unasked
from consoleapp.operations.models import Operation
from engine.schema.parameters import Parameters


def against(operation: Operation, parameters: Parameters) -> str:
    """What a policy has against beginning it (by now); "" for nothing."""
    if refused := permission.by_policy(operation, parameters):
        return refused
    if Approval.objects.filter(operation=operation).exists() and not granted(operation, parameters):
        return "It is not what was approved of."
    return unasked(operation, parameters)
