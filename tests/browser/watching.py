"""Opens a report from disk or as MLflow shows it, in a sandboxed frame of a blob: address, and watches what it does."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Dialog, Frame, Page, Route

# Machines that do other work as well are slow, not wrong.
SLOWEST = 240_000
HOST = "http://host.test/"
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
CLOSE_ALL = OPEN_ALL.replace("true", "false")
LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => {
  window.violations.push(event.violatedDirective + " " + event.blockedURI);
});
"""
FRAME = """([html, sandbox]) => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.sandbox = sandbox;
  frame.style = "width: 100%; height: 860px; border: 0";
  frame.src = URL.createObjectURL(new Blob([html], { type: "text/html" }));
  frame.onload = done;
  document.body.appendChild(frame);
})"""


@dataclass
class Watched:
    """A report that is open: its frame, the addresses it asked for, and what went wrong in it."""

    page: Page
    frame: Frame
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def complaints(self) -> list[str]:
        """Returns what broke the page's policy, and every error of its script."""
        return [*self.frame.evaluate("window.violations"), *self.errors]


def watch(page: Page, report: Path, sandbox: str | None) -> Watched:
    """Opens a report; `sandbox` None is from disk, else in a frame of a blob: address with that sandbox."""
    asked: list[str] = []
    errors: list[str] = []

    def nothing_else(route: Route) -> None:
        if route.request.url == HOST:
            route.fulfill(body="<!DOCTYPE html><title>host</title>", content_type="text/html")
        elif route.request.url == report.as_uri():
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    def dismissed(dialog: Dialog) -> None:
        errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.add_init_script(LISTEN)
    page.route("**/*", nothing_else)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("dialog", dismissed)
    if sandbox is None:
        page.goto(report.as_uri(), timeout=SLOWEST)
        return Watched(page, page.main_frame, asked, errors)
    page.goto(HOST, timeout=SLOWEST)
    page.evaluate(FRAME, [report.read_text(encoding="utf-8"), sandbox])
    frame = next(frame for frame in page.frames if frame.url.startswith("blob:"))
    return Watched(page, frame, asked, errors)
