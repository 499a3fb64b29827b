// Writing with less effort: search as one types, clean paste, checks and preview while typing, order by dragging.
"use strict";
(() => {
  const post = (address, values) => fetch(address, {
    method: "POST", body: new URLSearchParams(values), headers: { Accept: "application/json" },
  });

  // Lists: drag an entry, or move it with Alt and the arrow keys. Both send the form that the buttons send.
  const list = document.querySelector("form[data-order]");
  if (list) {
    list.classList.add("ordered");
    const said = document.querySelector("[data-announce]");
    const last = sessionStorage.getItem("moved");
    if (last) {
      sessionStorage.removeItem("moved");
      const found = list.querySelector(`[data-entry="${CSS.escape(last)}"]`);
      if (found) {
        found.querySelector("a.entry-text").focus();
        const all = [...list.querySelectorAll(`[data-state="${CSS.escape(found.dataset.state)}"]`)];
        if (said) said.textContent = `${found.querySelector("a.entry-text").textContent.trim()}: ${all.indexOf(found) + 1} / ${all.length}`;
      }
    }
    const send = values => {
      for (const [name, value] of Object.entries(values)) {
        const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
        list.append(field);
      }
      list.submit();
    };
    let dragged = null;
    for (const entry of list.querySelectorAll("[data-entry]")) {
      const handle = entry.querySelector(".handle");
      handle.addEventListener("pointerdown", () => { entry.draggable = true; });
      entry.addEventListener("dragstart", event => {
        dragged = entry; entry.classList.add("dragged");
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", entry.dataset.entry);
      });
      entry.addEventListener("dragend", () => { entry.draggable = false; entry.classList.remove("dragged"); dragged = null; clear(); });
      entry.addEventListener("dragover", event => {
        if (!dragged || dragged === entry) return;
        event.preventDefault();
        clear();
        entry.classList.add(isLower(event, entry) ? "over-bottom" : "over-top");
      });
      entry.addEventListener("drop", event => {
        if (!dragged || dragged === entry) return;
        event.preventDefault();
        const name = isLower(event, entry) ? "after" : "before";
        sessionStorage.setItem("moved", dragged.dataset.entry);
        send({ do: `place:${dragged.dataset.entry}`, [name]: entry.dataset.entry });
      });
      entry.addEventListener("keydown", event => {
        if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
        const button = entry.querySelector(`button[value^="${event.key === "ArrowUp" ? "up" : "down"}:"]`);
        if (!button || button.disabled) return;
        event.preventDefault();
        if (/^[a-z]/.test(entry.dataset.entry)) sessionStorage.setItem("moved", entry.dataset.entry);
        button.click();
      });
    }
    const isLower = (event, entry) => {
      const box = entry.getBoundingClientRect();
      return event.clientY > box.top + box.height / 2;
    };
    const clear = () => { for (const each of list.querySelectorAll(".over-top, .over-bottom")) each.classList.remove("over-top", "over-bottom"); };
  }
  addEventListener("toggle", event => {
    if (!event.target.matches?.("details.more") || !event.target.open) return;
    for (const other of document.querySelectorAll("details.more[open]")) if (other !== event.target) other.open = false;
  }, true);
  addEventListener("click", event => {
    for (const open of document.querySelectorAll("details.more[open]")) if (!open.contains(event.target)) open.open = false;
  });

  // The frame of a preview is as high as what it shows.
  const size = () => {
    const frame = document.querySelector("iframe.wiki-frame");
    if (!frame) return;
    const fit = () => {
      const body = frame.contentDocument?.body;
      if (body?.children.length) frame.style.setProperty("height", `${Math.min(Math.max(Math.ceil(body.getBoundingClientRect().height), 160), 620)}px`);
    };
    frame.addEventListener("load", fit);
    fit();
  };
  size();

  const form = document.querySelector("form.write");
  if (!form) return;
  const text = form.querySelector("#text");
  const token = form.querySelector("[name=csrf_token]").value;
  const isArea = text && text.tagName === "TEXTAREA";

  // What is typed stays in this browser until it is saved, for the account that typed it.
  const key = `wikibot:${form.dataset.keep}`;
  const kept = form.querySelector("[data-kept]");
  const values = () => Object.fromEntries([...new FormData(form)].filter(([name]) => !["csrf_token", "find", "upload"].includes(name)));
  let isLeaving = false;
  const keep = () => {
    try {
      localStorage.setItem(key, JSON.stringify(values()));
      if (!kept) return;
      const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
      kept.textContent = `${kept.dataset.kept} ${time} ✓`;
    } catch { /* without storage, the server still gives the text back */ }
  };
  try {
    const before = JSON.parse(localStorage.getItem(key) || "null");
    const isFresh = !document.querySelector("[data-errors]") && !form.querySelector("[name=draft]");
    if (before && isFresh && before.text && text && before.text !== text.value && before.digest === form.digest?.value) {
      text.value = before.text;
      setTimeout(() => text.dispatchEvent(new Event("input", { bubbles: true })));  // checked and drawn as if typed
    }
  } catch { /* damaged */ }
  form.addEventListener("submit", () => { isLeaving = true; });
  for (const link of form.querySelectorAll("[data-forget]")) link.addEventListener("click", () => localStorage.removeItem(key));
  if (document.querySelector(".notice.ok")) localStorage.removeItem(key);

  // A chosen file is sent at once; the form comes back with it.
  const attach = form.querySelector("button[value=attach]");
  if (attach) attach.hidden = true;
  form.querySelector("#upload")?.addEventListener("change", event => {
    if (!event.target.files.length) return;
    localStorage.removeItem(key);
    attach.click();
  });

  const insert = words => {
    const start = text.selectionStart ?? text.value.length, end = text.selectionEnd ?? start;
    text.focus();
    text.setRangeText(words, start, end, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // Toolbar.
  const bar = form.querySelector("[data-bar]");
  if (bar && isArea) {
    bar.hidden = false;
    for (const button of bar.querySelectorAll("[data-wrap]")) {
      button.addEventListener("click", () => {
        const mark = button.dataset.wrap, chosen = text.value.slice(text.selectionStart, text.selectionEnd);
        const at = text.selectionStart;
        insert(mark + chosen + mark);
        if (!chosen) text.setSelectionRange(at + mark.length, at + mark.length);
      });
    }
  }

  // Paste: rich text is cleaned by the desk.
  const pasted = form.querySelector("[data-pasted]");
  if (isArea) text.addEventListener("paste", async event => {
    const html = event.clipboardData?.getData("text/html");
    if (!html) return;
    event.preventDefault();
    const plain = event.clipboardData.getData("text/plain");
    try {
      const answer = await post(form.dataset.paste, { csrf_token: token, html });
      const { markdown, dropped } = await answer.json();
      insert(markdown);
      if (pasted) pasted.textContent = dropped;
    } catch { insert(plain); }
  });

  // Picker.
  const query = form.querySelector("#find"), found = form.querySelector("[data-found]");
  let timer = 0, asked = 0;
  const search = async () => {
    const number = ++asked;
    const address = new URL(query.dataset.find, location.href);
    address.searchParams.set("q", query.value);
    address.searchParams.set("part", "1");
    const answer = await fetch(address);
    const html = await answer.text();
    if (answer.ok && number === asked) found.innerHTML = html;
  };
  query?.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 200); });
  query?.addEventListener("keydown", event => {
    if (event.key === "Enter") { event.preventDefault(); (found.querySelector("button") ?? { click() {} }).click(); }
    if (event.key === "ArrowDown") { event.preventDefault(); found.querySelector("button")?.focus(); }
    if (event.key === "Escape") { query.closest("details").open = false; text.focus(); }
  });
  found?.addEventListener("keydown", event => {
    const items = [...found.querySelectorAll("button")], at = items.indexOf(document.activeElement);
    if (event.key === "ArrowDown") { event.preventDefault(); items[at + 1]?.focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); (items[at - 1] ?? query).focus(); }
  });
  found?.addEventListener("click", event => {
    const hit = event.target.closest("[data-insert]");
    if (!hit) return;
    const target = form.querySelector("#target");
    if (target) return; // a quick link: the desk fills in both fields
    event.preventDefault();
    insert(hit.dataset.insert);
    query.closest("details").open = false;
  });
  query?.closest("details").addEventListener("toggle", event => { if (event.target.open) query.focus(); });

  // Checks and preview, 600 ms after typing, one at a time.
  const panel = form.querySelector("[data-panel]"), main = form.querySelector("[data-words]");
  let wait = 0, isBusy = false, isDue = false;
  const look = async () => {
    if (!form.dataset.look) return;
    if (isBusy) { isDue = true; return; }
    isBusy = true;
    try {
      const answer = await post(form.dataset.look, { ...values(), csrf_token: token, action: "look" });
      if (answer.ok && answer.headers.get("Content-Type").includes("json")) {
        const { advice, panel: html, button } = await answer.json();
        for (const [name, text] of Object.entries(advice)) {
          const place = form.querySelector(`[data-advice="${name}"]`);
          if (place && place.innerHTML.trim() !== text.trim()) place.innerHTML = text;
        }
        const old = panel.querySelector("iframe")?.getAttribute("src");
        const parsed = new DOMParser().parseFromString(html, "text/html");
        const fresh = parsed.querySelector("iframe")?.getAttribute("src");
        if (old && old === fresh) panel.querySelector(".change")?.replaceWith(parsed.querySelector(".change"));
        else panel.innerHTML = html;
        size();
        if (main && button) main.textContent = button;
      }
    } catch { /* the desk is away: what is typed is kept here */ }
    isBusy = false;
    if (isDue) { isDue = false; look(); }
  };
  form.addEventListener("input", event => {
    if (event.target === query) return;
    keep();
    clearTimeout(wait);
    wait = setTimeout(look, 600);
  });
  form.addEventListener("change", event => {
    if (event.target.name === "day" || event.target.name === "time") form.querySelector("[name=appears][value=at]")?.click();
  });
  form.addEventListener("click", event => {
    const fix = event.target.closest("[data-replace]");
    if (!fix || !isArea) return;
    event.preventDefault();
    text.value = text.value.replace(fix.dataset.replace, fix.dataset.with);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });

  addEventListener("keydown", event => {
    if (!event.ctrlKey && !event.metaKey) return;
    if (event.key === "s") { event.preventDefault(); form.querySelector("[data-draft]")?.click(); }
    if (event.key === "Enter") { event.preventDefault(); form.querySelector("[data-main]")?.click(); }
  });
})();
