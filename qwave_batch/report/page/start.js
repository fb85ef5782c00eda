"use strict";

function start() {
  const data = /** @type {IndexData | undefined} */ (receivedData.get("index"));
  if (data === undefined) {
    byId("main").textContent = "data/index.js is missing or damaged: make the report again.";
    return;
  }
  setReport(data);
  document.title = data.title || "Report";
  byId("title").textContent = data.title;
  byId("theme").addEventListener("click", nextTheme);
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the fragment is the view
    byId("main").focus();
  });
  setTheme(storedTheme());
  onView((changed) => {
    if (changed.has("page")) showPage();
  });
  showPage();
  showLightbox();
  followReport();
}

start();
