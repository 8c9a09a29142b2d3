"""Building an image in the browser, with real Podman behind it."""

import io
import tarfile
import time

from playwright.sync_api import Page, expect

from tests.fixtures.browser import ALICE, IMAGE, Console, podman


def begin(page: Page, name: str) -> None:
    page.goto(f"/accounts/{ALICE}/images/build/")
    page.get_by_label("Name").first.fill(name)


def test_a_pasted_containerfile_ends_on_the_page_of_its_image(page: Page) -> None:
    name = f"localhost/pasted:{time.monotonic_ns()}"
    begin(page, name)
    page.get_by_label("Containerfile", exact=False).first.fill(
        f"FROM {IMAGE}\nRUN echo from the build; sleep 1\nLABEL a=b\n"
    )
    page.get_by_role("button", name="Build", exact=True).click()
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded")
    expect(page.locator(".build-steps li")).to_have_count(3)
    expect(page.locator("#build-log .log-row", has_text="from the build").last).to_be_visible()
    page.get_by_role("link", name="Show its target").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.partition(":")[0])
    page.goto(f"/accounts/{ALICE}/builds/")
    expect(page.get_by_role("link", name=name)).to_be_visible()


def test_a_failed_step_is_marked_and_its_last_words_are_shown(page: Page) -> None:
    begin(page, "localhost/failing:1")
    page.locator("#id_containerfile").fill(f"FROM {IMAGE}\nRUN echo the reason why; exit 3\n")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("main .state").first).to_have_text("failed")
    expect(page.locator(".build-steps .is-failed")).to_contain_text("the reason why")
    expect(page.locator(".build-said")).to_have_text("the reason why")
    page.get_by_role("link", name="Build with changes").click()
    editor = page.locator("[data-containerfile].is-attached")
    expect(editor.locator(".editor-gutter .is-error")).to_have_text("2")
    expect(editor.locator(".paint-line.is-error")).to_contain_text("RUN echo the reason why")
    expect(page.get_by_text("Line 2 is the step that failed.")).to_be_visible()
    page.locator("#id_containerfile").fill("FROM a\nRUN b\nRUN c")
    expect(editor.locator(".editor-gutter div")).to_have_text(["1", "2", "3"])
    expect(editor.locator(".is-error")).to_have_count(0)


def test_an_archive_goes_up_and_is_gone_after_the_build(page: Page, console: Console) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path, text in (("Containerfile", f"FROM {IMAGE}\nCOPY a /a\n"), ("a", "payload")):
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    begin(page, "localhost/archived:1")
    page.get_by_text("Archive", exact=True).click()
    page.locator("#upload-context").set_input_files(
        {"name": "ctx.tgz", "mimeType": "application/gzip", "buffer": made.getvalue()}
    )
    expect(page.locator("input[name=context][value]")).to_have_count(1)
    page.get_by_role("button", name="Build", exact=True).click()
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded")
    expect(page.get_by_text("ctx.tgz")).to_be_visible()
    assert not list((console.data / "uploads").iterdir())
    assert podman(ALICE, "image", "exists", "localhost/archived:1").returncode == 0


def test_a_kept_recipe_is_built_again_with_one_click(page: Page) -> None:
    begin(page, "localhost/kept:1")
    page.locator("#id_containerfile").fill(f"FROM {IMAGE}\nRUN true\n")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("main .state").first).to_have_text("succeeded")
    page.get_by_label("Save as a recipe").fill("the site")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Rebuild the site").click()
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded")
