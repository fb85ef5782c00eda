"use strict";

/** How all compared images are magnified; kept while one goes from pair to pair. */
let compareZoom = newZoom();

/** @type {HTMLElement | null} */
let comparePart = null;

/** What the page shows, so that it is not drawn anew while a run goes on elsewhere. */
let drawnComparison = "";

registerPage({
  id: "compare",
  title: "Compare",
  show(main) {
    compareZoom = newZoom();
    compareMode = "side";
    comparePart = el("div", { class: "compare" });
    main.append(comparePart);
    drawCompare();
    document.addEventListener("keydown", takeCompareKey);
  },
  hide() {
    stopFlicker();
    comparePart = null;
    document.removeEventListener("keydown", takeCompareKey);
  },
});

function drawCompare() {
  const part = comparePart;
  if (part === null) return;
  stopFlicker();
  compareZoom.listeners.length = 0; // the frames of before are gone
  const compared = comparedImages();
  drawnComparison = comparisonText(compared);
  redrawKeepingFocus(part, () => {
    part.replaceChildren(...changedPairsBar(), ...comparedChainBar(compared));
    if (compared.length === 0) part.append(howToCompare());
    else part.append(compareBar(compared), compareStage(compared), differencesTable(compared));
  });
}

/**
 * @param {readonly ComparedImage[]} compared
 * @returns {string} all that the page shows of a report
 */
function comparisonText(compared) {
  const lineage = compared.map(({ job }) => chainThrough(job).map((each) => each.images.length));
  return JSON.stringify([compared.map(({ job: { index, ...job } }) => job), report.data.changes, lineage]);
}

/** @returns {HTMLElement} */
function howToCompare() {
  return el(
    "div",
    { class: "empty" },
    el("p", {}, "Nothing is chosen yet."),
    el(
      "p",
      {},
      stages().length > 0 ? "On the page Grid or Chains, press " : "On the page Grid, press ", el("kbd", {}, "c"), " on two to four images, or open one and press Add to compare.",
    ),
  );
}

/**
 * @param {readonly ComparedImage[]} compared
 * @returns {HTMLElement}
 */
function compareBar(compared) {
  const bar = el("div", { class: "toolbar compare-bar" }, zoomButtons(compareZoom));
  if (compared.length === 2 && compared.every(({ job, image }) => job.images[image] !== undefined)) bar.append(overlayTools());
  if (compared.length === 1) bar.append(el("p", { class: "compare-hint" }, "Choose another image to compare it with."));
  bar.append(
    el("button", { type: "button", class: "plain", onclick: () => setView({ compare: null }) }, "Remove all"),
  );
  return bar;
}

/** @param {KeyboardEvent} event */
function takeCompareKey(event) {
  const writes = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
  if (!writes && !lightboxDialog().open) takeZoomKey(event, compareZoom);
}

onView((changed) => {
  if (changed.has("compare")) drawCompare();
});
onReport(() => {
  if (comparePart !== null && comparisonText(comparedImages()) !== drawnComparison) drawCompare();
});
onPicks(drawComparePicks);
