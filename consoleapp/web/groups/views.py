"""Groups of console users: a grant to a group applies to all of its members."""

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consoleapp.accounts import names, second_factor
from consoleapp.accounts.access import require_admin
from consoleapp.accounts.models import Grant, ServiceAccount, User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """A group's name."""

    class Meta:
        model = Group
        fields = ("name",)

    def clean_name(self) -> str:
        """Refuse a name that resembles another group's, or a user's."""
        name = names.normalize(self.cleaned_data["name"])
        if name != self.initial.get("name"):
            names.check_group(name, self.instance if self.instance.pk else None)
        return name


@require_http_methods(["GET", "HEAD", "POST"])
@require_admin
def everything(request: Request) -> HttpResponse:
    """List all groups, with a form for a new one."""
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            group = form.save()
            record("group.created", actor=Actor.of(request), target=group.name)
        return redirect("groups:detail", group.pk)
    groups = Group.objects.annotate(
        member_count=Count("user", distinct=True), grant_count=Count("grant", distinct=True)
    ).order_by("name")
    context = {"groups": groups, "form": form}
    return render(request, "groups/list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require_admin
def detail(request: Request, group_id: int) -> HttpResponse:
    """Show one group: its name, members, and grants."""
    group = get_object_or_404(Group, pk=group_id)
    was = group.name
    form = GroupForm(request.POST or None, instance=group)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            changed = {"name": [was, group.name]}
            record("group.changed", actor=Actor.of(request), target=was, parameters=changed)
        return redirect("groups:detail", group.pk)
    members = group.user_set.order_by("username")
    context = {
        "group": group,
        "was": was,
        "form": form,
        "members": members,
        "demands_factor": second_factor.demanded_by(group),
        "without_factor": second_factor.members_without(group),
        "others": User.objects.filter(serviceaccount=None)
        .exclude(pk__in=members)
        .order_by("username"),
        "grants": Grant.objects.filter(group=group).select_related("account__host"),
    }
    return render(request, "groups/detail.html", context, status=422 if form.errors else 200)


@require_POST
@require_admin
@transaction.atomic
def members(request: Request, group_id: int) -> HttpResponse:
    """Add one user to the group (`add`), or remove one (`take_out`)."""
    group = get_object_or_404(Group, pk=group_id)
    name = request.POST.get("add") or request.POST.get("take_out") or ""
    person = User.objects.filter(username=name).first()
    if person is None:
        messages.error(request, _("There is no user named “%(name)s”.") % {"name": name})
        return redirect("groups:detail", group.pk)
    if ServiceAccount.objects.filter(user=person).exists():
        text = _("%(name)s is a service account and cannot join a group.")
        messages.error(request, text % {"name": name})
        return redirect("groups:detail", group.pk)
    adding = bool(request.POST.get("add"))
    (group.user_set.add if adding else group.user_set.remove)(person)
    change = {"added" if adding else "taken out": person.username}
    record("group.changed", actor=Actor.of(request), target=group.name, parameters=change)
    return redirect("groups:detail", group.pk)


@require_POST
@require_admin
def rules(request: Request, group_id: int) -> HttpResponse:
    """Set what the group requires from its members."""
    group = get_object_or_404(Group, pk=group_id)
    wanted = request.POST.get("second_factor") == "on"
    if second_factor.demand(group, wanted, actor=Actor.of(request)):
        if wanted:
            text = _("Members of %(group)s must have a second factor.")
        else:
            text = _("Members of %(group)s no longer need a second factor.")
        messages.success(request, text % {"group": group.name})
    return redirect("groups:detail", group.pk)


@require_POST
@require_admin
@transaction.atomic
def remove(request: Request, group_id: int) -> HttpResponse:
    """Delete the group and its grants. Its members stay."""
    group = get_object_or_404(Group, pk=group_id)
    lost = [
        f"{grant.account.key}: {grant.role}"
        for grant in Grant.objects.filter(group=group).select_related("account__host")
    ]
    parameters = {"grants": lost} if lost else None
    record("group.removed", actor=Actor.of(request), target=group.name, parameters=parameters)
    group.delete()
    messages.success(request, _("The group %(name)s was removed.") % {"name": group.name})
    return redirect("groups:list")
