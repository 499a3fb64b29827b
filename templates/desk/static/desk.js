// Small comforts; every task works without them.
"use strict";
(() => {
  addEventListener("click", event => {
    for (const open of document.querySelectorAll("details.menu[open], details.ws[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  addEventListener("keydown", event => {
    if (event.key !== "Escape") return;
    for (const open of document.querySelectorAll("details.menu[open], details.ws[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // A form is sent once, however often its button is pressed.
  addEventListener("submit", event => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
  addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

  const errors = document.querySelector("[data-errors]");
  if (errors) errors.focus();

  for (const form of document.querySelectorAll("form[data-send]")) form.requestSubmit();

  // Work in the background: bring the page up to date without moving the reader; load it again when the work has ended.
  const main = document.getElementById("main");
  const isGoingOn = page => Boolean(page.querySelector("#main [data-going-on]"));
  const follow = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok && !isGoingOn(page)) { location.reload(); return; }
      if (answer.ok && !main.contains(document.activeElement)) {
        main.replaceChildren(...page.getElementById("main").childNodes);
        document.title = page.title;
      }
    } catch {
      // The desk does not answer: try again.
    }
    setTimeout(follow, 1500);
  };
  if (main && isGoingOn(document)) setTimeout(follow, 800);

  // Keys: one letter, or `g` and a letter. Never while something is typed.
  if (!document.body.dataset.keys) return;
  let isAfterG = false;
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
    const prefix = isAfterG ? "g " : "";
    isAfterG = !isAfterG && event.key === "g";
    if (event.key === "?") { document.querySelector("#keys")?.showModal(); return; }
    const found = document.querySelector(`[data-key="${CSS.escape(prefix + event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input, textarea, select")) found.focus(); else found.click();
  });
})();
