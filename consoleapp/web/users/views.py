"""Administrators' pages about console users, and the matrix of all grants."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consoleapp.accounts import second_factor
from consoleapp.accounts.access import require_admin
from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.web.query import query_without_page
from consoleapp.web.users import changes
from consoleapp.web.users.forms import UserChangeForm, UserForm

ROWS = 50


@require_safe
@require_admin
def everybody(request: Request) -> HttpResponse:
    """List all console users."""
    users = User.objects.filter(serviceaccount=None)
    users = users.annotate(grant_count=Count("grant", distinct=True)).order_by("username")
    if words := request.GET.get("q", ""):
        users = users.filter(
            Q(username__icontains=words)
            | Q(first_name__icontains=words)
            | Q(last_name__icontains=words)
            | Q(email__icontains=words)
        )
    page = Paginator(users.prefetch_related("groups"), ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "q": words, "query": query_without_page(request)}
    return render(request, "users/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_admin
@never_cache
def create(request: Request) -> HttpResponse:
    """Create a console user. The first password is shown once."""
    form = UserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save(commit=False)
        password = changes.create(user, actor=Actor.of(request))
        return render(request, "users/password.html", {"person": user, "password": password})
    return render(request, "users/create.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require_admin
def detail(request: Request, user_id: int) -> HttpResponse:
    """Show one console user: names, rights, and grants."""
    person = get_object_or_404(User, pk=user_id, serviceaccount=None)
    form = UserChangeForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        try:
            changes.change(person, list(form.fields), actor=Actor.of(request))
        except changes.LastAdministrator as refusal:
            form.add_error("is_superuser", str(refusal))
        else:
            messages.success(request, _("%(name)s was changed.") % {"name": person.username})
            return redirect("users:detail", person.pk)
    context = {
        "person": person,
        "form": form,
        "grants": _grants_of(person),
        "factors": [_(factor) for factor in second_factor.factors_of(person)],
        "tokens": person.apitoken_set.order_by("-created_at"),
    }
    return render(request, "users/detail.html", context, status=422 if form.errors else 200)


def _grants_of(person: User) -> list[Grant]:
    theirs = Q(user=person) | Q(group__in=person.groups.all())
    return list(Grant.objects.filter(theirs).select_related("account__host", "group", "user"))


@require_POST
@require_admin
@never_cache
def act(request: Request, user_id: int) -> HttpResponse:
    """Disable, enable, reset the password of, or remove a console user."""
    person = get_object_or_404(User, pk=user_id, serviceaccount=None)
    actor = Actor.of(request)
    try:
        match request.POST.get("action"):
            case "disable":
                person.is_active = False
                changes.change(person, ["is_active"], actor=actor)
                messages.success(
                    request, _("%(name)s was disabled and signed out.") % {"name": person.username}
                )
            case "enable":
                person.is_active = True
                changes.change(person, ["is_active"], actor=actor)
                messages.success(
                    request, _("%(name)s can sign in again.") % {"name": person.username}
                )
            case "reset":
                password = changes.reset_password(person, actor=actor)
                context = {"person": person, "password": password, "again": True}
                return render(request, "users/password.html", context)
            case "forget-factors":
                second_factor.forget(person, actor=actor)
                messages.success(
                    request,
                    _("The second factors of %(name)s were removed.") % {"name": person.username},
                )
            case "remove":
                changes.remove(person, actor=actor)
                messages.success(request, _("%(name)s was removed.") % {"name": person.username})
                return redirect("users:list")
            case _:
                return HttpResponseBadRequest("no such action")
    except changes.LastAdministrator as refusal:
        messages.error(request, str(refusal))
    return redirect("users:detail", person.pk)


@require_safe
@require_admin
def grants(request: Request) -> HttpResponse:
    """Show the matrix of all grants: accounts as rows, their holders as columns."""
    held = Grant.objects.select_related("user", "group")
    accounts = (
        LinuxAccount.objects.filter(active=True)
        .select_related("host")
        .prefetch_related(Prefetch("grants", queryset=held))
        .order_by("name")
    )
    holders: dict[str, str] = {}
    for account in accounts:
        for grant in account.grants.all():
            holders[_holder(grant)] = str(grant.user or grant.group)
    columns = sorted(holders, key=lambda key: (key[0] != "g", holders[key]))
    matrix = []
    for account in accounts:
        roles = {_holder(grant): grant.role for grant in account.grants.all()}
        matrix.append((account, [roles.get(key, "") for key in columns]))
    heads = [(holders[key], key.startswith("g")) for key in columns]
    return render(request, "users/grants.html", {"heads": heads, "matrix": matrix})


def _holder(grant: Grant) -> str:
    return f"u{grant.user_id}" if grant.user_id else f"g{grant.group_id}"
