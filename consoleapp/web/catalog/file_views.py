"""Export templates to YAML files, and import them."""

import re

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consoleapp.accounts.roles import operated_accounts
from consoleapp.catalog import files, imports
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.web.catalog.editor_views import refuse_change
from consoleapp.web.catalog.forms import ImportForm
from consoleapp.web.catalog.views import find


@require_safe
@login_required
def export(request: Request, template_id: int) -> HttpResponse:
    """Return the newest version (or ?version=) as a YAML file."""
    template = find(request, template_id)
    version = template.head
    if wanted := request.GET.get("version", ""):
        version = (
            template.versions.filter(number=int(wanted)).first()
            if (wanted.isdecimal() and len(wanted) < 10)
            else None
        )
    if version is None:
        raise Http404("no such version")
    text = files.write(template.name, version.parsed)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", template.name).strip("-.") or "template"
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_file(request: Request) -> HttpResponse:
    """Create a template from a file, or the next version of the one with its name."""
    if not operated_accounts(request.user):
        refuse_change(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    faults: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            text = _text(form)
            template, version = imports.take(text, actor=Actor.of(request))
        except files.Unreadable as error:
            faults = error.faults
        except imports.NotYours as error:
            faults = [str(error)]
        else:
            notice = (
                _("Version %(number)s was saved.") % {"number": version.number}
                if version
                else _("Nothing was changed.")
            )
            messages.success(request, f"{template.name}: {notice}")
            return redirect("catalog:detail", template.pk)
    context = {"form": form, "faults": faults}
    return render(request, "catalog/import.html", context, status=422 if faults else 200)


def _text(form: ImportForm) -> str:
    file = form.cleaned_data.get("file")
    if file is None:
        text: str = form.cleaned_data["text"]
        if not text.strip():
            raise files.Unreadable([_("Choose a file, or paste its text.")])
        return text
    data = file.read(files.LARGEST + 1)
    try:
        decoded: str = data.decode()
    except UnicodeDecodeError:
        raise files.Unreadable([_("The file is not UTF-8 text.")]) from None
    return decoded
