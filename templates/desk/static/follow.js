// Keeps a page of work in progress up to date without moving the reader. Without scripts the page loads itself again.
(() => {
  "use strict";
  const main = document.getElementById("main");
  const follow = async () => {
    if (!main.querySelector("[data-going-on]")) return;
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById("main");
      if (answer.ok && next && !main.contains(document.activeElement)) {
        main.replaceChildren(...next.childNodes);
        document.title = page.title;
      }
    } catch {
      // The desk does not answer: try again.
    }
    setTimeout(follow, 2000);
  };
  setTimeout(follow, 2000);
})();
