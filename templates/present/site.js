// The search of the site. The words of all pages are in assets/texts-N.js, which are loaded when somebody searches:
// a page that is opened from a file may read no other file except as a script. SCRIPTS is their number.
const HOME = document.currentScript.dataset.home;
const MOST = 50;
const AROUND = 90;
const pages = [];
let loading = null;

// Each script calls this function with its pages: [path, title, space, day, remark, labels, text].
function archive(rows) {
  for (const [path, title, space, day, remark, labels, text] of rows) {
    pages.push({ path, title, space, day, remark, text, keys: [title, labels.join(" "), text].map(fold) });
  }
}

function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function load() {
  loading ??= Promise.all(
    Array.from({ length: SCRIPTS }, (_, index) => new Promise((done) => {
      const script = document.createElement("script");
      script.src = `${HOME}assets/texts-${index + 1}.js`;
      script.onload = script.onerror = done;
      document.head.append(script);
    })),
  );
  return loading;
}

function find(words) {
  const wanted = fold(words).split(/\s+/).filter(Boolean);
  if (!wanted.length) return [];
  const hits = [];
  for (const page of pages) {
    const [title, labels, text] = page.keys;
    let score = 0;
    for (const word of wanted) {
      const points = (title.includes(word) ? 100 : 0) + (labels.includes(word) ? 30 : 0)
        + (text.includes(word) ? Math.min(text.split(word).length - 1, 10) : 0);
      if (!points) { score = 0; break; }
      score += points;
    }
    if (score) hits.push({ page, score });
  }
  hits.sort((a, b) => b.score - a.score || (a.page.title < b.page.title ? -1 : 1));
  return hits.map((hit) => ({ page: hit.page, wanted }));
}

// Append the part of the text around the first word, with the words marked; never as HTML.
function snippet(target, text, wanted) {
  const { folded, origins } = withOrigins(text);
  const first = Math.min(...wanted.map((word) => folded.indexOf(word)).filter((at) => at >= 0), Infinity);
  if (first === Infinity) return;
  const start = Math.max(0, first - AROUND);
  const end = Math.min(folded.length, first + 2 * AROUND);
  const marks = [];
  for (const word of wanted) {
    for (let at = folded.indexOf(word, start); at >= 0 && at < end; at = folded.indexOf(word, at + word.length)) {
      marks.push([at, at + word.length]);
    }
  }
  marks.sort((a, b) => a[0] - b[0]);
  let cursor = start;
  target.append(start ? "…" : "");
  for (const [from, to] of marks) {
    if (from < cursor) continue;
    target.append(text.slice(origins[cursor], origins[from]));
    const mark = document.createElement("mark");
    mark.textContent = text.slice(origins[from], origins[to]);
    target.append(mark);
    cursor = to;
  }
  if (cursor < end) target.append(text.slice(origins[cursor], origins[end]));
  target.append(end < folded.length ? "…" : "");
}

// Return the folded text, and for each of its characters where it comes from.
function withOrigins(text) {
  let folded = "";
  const origins = [];
  let at = 0;
  for (const character of text) {
    const part = fold(character);
    for (let index = 0; index < part.length; index += 1) origins.push(at);
    folded += part;
    at += character.length;
  }
  origins.push(at);
  return { folded, origins };
}

function show(panel, hits, words) {
  panel.replaceChildren();
  panel.hidden = !words.trim();
  if (panel.hidden) return;
  const count = document.createElement("p");
  count.className = "soft";
  count.textContent = hits.length ? `${hits.length} ${hits.length === 1 ? "page" : "pages"}` : `No page has “${words.trim()}”.`;
  const list = document.createElement("ol");
  for (const { page, wanted } of hits.slice(0, MOST)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = HOME + page.path.split("/").map(encodeURIComponent).join("/");
    link.textContent = page.title || "untitled";
    link.dir = "auto";
    const about = document.createElement("small");
    about.textContent = ` ${[page.space, page.day, page.remark].filter(Boolean).join(" · ")}`;
    const text = document.createElement("p");
    text.dir = "auto";
    snippet(text, page.text, wanted);
    item.append(link, about, text);
    list.append(item);
  }
  panel.append(count);
  if (hits.length) panel.append(list);
  if (hits.length > MOST) count.textContent += `; the first ${MOST} are shown`;
}

const box = document.querySelector(".search");
const field = box.querySelector("input");
const panel = document.querySelector(".found");
box.hidden = false;
field.addEventListener("focus", load);
field.addEventListener("input", async () => {
  await load();
  show(panel, find(field.value), field.value);
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    field.value = "";
    show(panel, [], "");
  } else if (event.key === "Enter") {
    panel.querySelector("a")?.click();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  }
});
