"use strict";

/**
 * Return the tools for picks: the rater's name, export and import, and what came of them.
 *
 * @returns {HTMLElement}
 */
function pickTools() {
  const said = el("p", { class: "pick-said", role: "status" });
  const input = el("input", {
    type: "file", accept: ".jsonl,.json,.txt", hidden: true, onchange: () => importPickFile(input, said),
  });
  return el(
    "div",
    { class: "pick-tools", role: "group", "aria-label": "Picks" },
    raterBox(),
    el("button", { type: "button", onclick: () => exportPicks(said) }, "Export picks"),
    el("button", { type: "button", onclick: () => input.click() }, "Import picks"),
    input,
    said,
    unkeptNotice(),
  );
}

/** @returns {HTMLElement} where the rater's name is given */
function raterBox() {
  const input = el("input", {
    type: "text", value: raterName(), placeholder: UNNAMED_RATER, autocomplete: "name", maxlength: 80,
    onchange: () => setRaterName(input.value),
  });
  return el("label", { class: "choice" }, el("span", { class: "label" }, "Rater"), input);
}

/** @returns {HTMLElement} seen only where the browser keeps nothing */
function unkeptNotice() {
  return el("p", { class: "pick-unkept", role: "alert" }, unkeptText());
}

/** @returns {string} */
function unkeptText() {
  return picksAreKept ? "" : "This browser keeps no picks: export them before you close the page.";
}

onPicks(() => {
  for (const notice of document.querySelectorAll(".pick-unkept")) notice.textContent = unkeptText();
});

/** @param {HTMLElement} said */
function exportPicks(said) {
  const picks = exportablePicks();
  if (picks.length === 0) {
    said.textContent = "There are no picks to export: press k, x or 1 to 5 on an image.";
    return;
  }
  const unnamed = picks.some((pick) => pick.rater === UNNAMED_RATER);
  download("picks.jsonl", linesOfPicks(picks));
  said.textContent = `${countOf(picks.length, "pick")} exported${unnamed ? " without a rater's name" : ""}.`;
}

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} said
 */
async function importPickFile(input, said) {
  const file = input.files?.[0];
  if (file === undefined) return;
  try {
    said.textContent = importedPicks(picksOfLines(await file.text(), file.name));
  } catch (error) {
    said.textContent = /** @type {Error} */ (error).message;
  }
  input.value = ""; // so that the same file can be chosen again
}

/**
 * @param {ReadPicks} read
 * @returns {string} what came of it
 */
function importedPicks({ picks, unknown, votes }) {
  const taken = picks.filter(takePick).length;
  if (taken > 0) keepPicks();
  const parts = [`${countOf(taken, "pick")} imported`];
  if (picks.length > taken) parts.push(`${picks.length - taken} known already`);
  if (unknown > 0) parts.push(`${unknown} about images that are not in this report`);
  if (votes > 0) parts.push(`${countOf(votes, "vote")} left out: import votes on the page Vote`);
  return `${parts.join(", ")}.`;
}

/**
 * @param {number} count
 * @param {string} noun
 * @returns {string}
 */
function countOf(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
