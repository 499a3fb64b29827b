// A frame is as high as what it shows; two frames side by side have the height of the larger one.
"use strict";
(() => {
  for (const group of document.querySelectorAll(".drawn")) {
    const frames = [...group.querySelectorAll("iframe")];
    const fit = () => {
      const shown = frames.map(frame => frame.contentDocument).filter(page => page?.body?.children.length);
      if (!shown.length) return;
      for (const frame of frames) frame.style.setProperty("height", "96px");
      const height = Math.max(...shown.map(page => page.documentElement.scrollHeight));
      for (const frame of frames) frame.style.setProperty("height", `${Math.min(height, 560)}px`);
    };
    for (const frame of frames) frame.addEventListener("load", fit);
    fit();
  }
})();
