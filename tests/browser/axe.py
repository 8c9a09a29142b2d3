"""Run axe-core in a page to find accessibility problems."""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

GRAVE = {"serious", "critical"}


def findings(page: Page) -> list[str]:
    """Return serious and critical findings, in the light theme and (for colors) in the dark one."""
    # A color in transition between themes belongs to neither.
    page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
    # Through the debugger, which the content security policy does not restrict.
    page.evaluate((Path(os.environ["BERTH_ASSETS"]) / "axe-core/axe.min.js").read_text())
    found = _run(page, "light", {"resultTypes": ["violations"]})
    # Everything else is the same in both themes.
    colours = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
    return found + _run(page, "dark", colours)


def _run(page: Page, theme: str, options: dict[str, Any]) -> list[str]:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
    report = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{theme}: {violation['id']}: {node['target'][0]}: {node['html'][:160]}: "
        + " ".join(each["message"] for each in [*node["any"], *node["all"], *node["none"]])[:240]
        for violation in report["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"][:4]
    ]
