// What makes the pages handier; all but typing into a page works without it.
"use strict";

const csrf = document.querySelector("meta[name=csrf]")?.content ?? "";

// The tree: fetch a level when it is opened for the first time.
document.addEventListener("toggle", async (event) => {
  const branch = event.target;
  if (!branch.matches?.("details.tree-branch[data-level]") || !branch.open) return;
  const address = branch.dataset.level;
  delete branch.dataset.level;
  if (!address.startsWith("/") || address.startsWith("//")) return;
  try {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) throw new Error(answer.statusText);
    branch.querySelector(":scope > :not(summary)")?.remove();
    branch.insertAdjacentHTML("beforeend", await answer.text());
  } catch {
    branch.dataset.level = address;
  }
}, true);

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
  const marker = event.target.closest?.("[data-marker]");
  if (marker) {
    event.preventDefault();
    const places = document.querySelectorAll(`#content .inline-comment-marker`);
    const place = [...places].find((one) => one.dataset.ref === marker.dataset.marker);
    place?.scrollIntoView({ block: "center" });
    place?.classList.add("pointed");
  }
});

if (window.matchMedia("(max-width: 860px)").matches) document.getElementById("side")?.removeAttribute("open");

// Words chosen on the page become the words a comment is about.
document.addEventListener("mouseup", () => {
  const chosen = window.getSelection();
  const field = document.querySelector(".new-comment input[name=selection]");
  if (!field || !chosen || chosen.isCollapsed) return;
  const content = document.getElementById("content");
  if (content?.contains(chosen.anchorNode) && content.contains(chosen.focusNode)) {
    field.value = chosen.toString().trim();
    if (field.value) field.closest("details").open = true;
  }
});

const editor = document.querySelector("form.editor");
const source = document.getElementById("source");
let isDirty = false;
let isLeaving = false;

if (source?.dataset.row) {
  const lines = source.value.split("\n");
  const row = Number(source.dataset.row) - 1;
  const start = lines.slice(0, row).join("\n").length + (row ? 1 : 0);
  source.focus();
  source.setSelectionRange(start, start + (lines[row]?.length ?? 0));
  source.scrollTop = source.scrollHeight * (row / lines.length) - source.clientHeight / 2;
}

if (editor) {
  editor.addEventListener("input", () => { isDirty = true; });
  editor.addEventListener("submit", () => { isLeaving = true; });
  window.addEventListener("beforeunload", (event) => { if (isDirty && !isLeaving) event.preventDefault(); });
}

// Source: a preview below it.
const preview = editor?.querySelector(".preview-button");
if (preview && source) {
  preview.hidden = false;
  preview.addEventListener("click", async () => {
    const answer = await fetch(preview.dataset.url, {
      method: "POST", headers: { "X-CSRF-Token": csrf },
      body: new URLSearchParams({ page: editor.elements.page?.value ?? "", body: source.value }),
    });
    const box = editor.querySelector(".preview");
    const text = await answer.text();
    if (answer.ok) box.querySelector(".wiki-content").innerHTML = text;
    else box.querySelector(".wiki-content").textContent = text;
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
  });
}
// A draft is kept when somebody has typed and then paused.
const DRAFT_PAUSE_MILLISECONDS = 8000;
let collectEdits = () => {};
if (editor?.dataset.draft) {
  let waiting;
  const keep = async () => {
    if (isLeaving) return;
    collectEdits();
    const state = editor.querySelector(".draft-state");
    try {
      const body = new URLSearchParams(new FormData(editor));
      const answer = await fetch(editor.dataset.draft, { method: "POST", headers: { "X-CSRF-Token": csrf }, body });
      const told = await answer.json().catch(() => ({}));
      const reason = told.problem?.startsWith("Error parsing") ? "the source is not well-formed yet" : told.problem;
      state.textContent = answer.ok ? `Draft kept at ${told.saved} UTC` : `Draft not kept: ${reason}`;
    } catch {
      state.textContent = "Draft not kept: the wiki cannot be reached";
    }
  };
  editor.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, DRAFT_PAUSE_MILLISECONDS);
  });
}

// Typing into the page: only boxes that changed are sent back.
if (editor?.classList.contains("rich")) {
  const boxes = [...editor.querySelectorAll("[data-run]")];
  const before = new Map(boxes.map((box) => [box, box.innerHTML]));
  collectEdits = () => {
    const edits = {};
    for (const box of boxes) if (box.innerHTML !== before.get(box)) edits[box.dataset.run] = box.innerHTML;
    editor.elements.edits.value = JSON.stringify(edits);
  };
  editor.addEventListener("submit", () => collectEdits());
  editor.addEventListener("input", (event) => {
    const box = event.target.closest("[data-run]");
    box?.classList.toggle("changed", box.innerHTML !== before.get(box));
  });
  document.execCommand("defaultParagraphSeparator", false, "p");
  document.execCommand("styleWithCSS", false, "false");
  const toolbar = editor.querySelector(".toolbar");
  toolbar.addEventListener("mousedown", (event) => { if (event.target.closest("button")) event.preventDefault(); });
  toolbar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.command) document.execCommand(button.dataset.command);
    if (button && "link" in button.dataset) link();
  });
  toolbar.querySelector("[data-block]").addEventListener("change", (event) => {
    document.execCommand("formatBlock", false, event.target.value);
  });
  const link = () => {
    const address = window.prompt("Where does the link go?", "https://");
    if (address) document.execCommand("createLink", false, address);
  };
  editor.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k" && event.target.closest("[data-run]")) {
      event.preventDefault();
      link();
    }
  });
  editor.addEventListener("paste", (event) => {
    if (!event.target.closest("[data-run]")) return;
    event.preventDefault();
    document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
  });
}
