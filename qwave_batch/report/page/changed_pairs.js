"use strict";

/**
 * Return what goes through the pairs that differ between two folders, one after the other; empty where there are none.
 *
 * @returns {HTMLElement[]}
 */
function changedPairsBar() {
  if (!hasChanges()) return [];
  const pairs = changedPairs();
  const counts = el("p", { class: "compare-hint" }, changeCounts());
  if (pairs.length === 0) return [counts];
  const keys = pairs.map((pair) => pair.map((job) => comparedKey(job, 0)).join(","));
  const shown = keys.indexOf(viewValue("compare"));
  const options = keys.map((key, index) => ({ value: key, text: `${index + 1}. ${pairText(pairs[index])}` }));
  const pairChoice = choice(
    "Changed pair", [{ value: "", text: "choose one" }, ...options], keys[shown] ?? "", (key) => setView({ compare: key }),
  );
  pairChoice.querySelector("select")?.setAttribute("data-keeps-focus", "pair");
  const step = (/** @type {number} */ index) => setView({ compare: keys[index] ?? null });
  return [
    el(
      "div",
      { class: "toolbar changed-pairs", role: "region", "aria-label": "Changed pairs" }, // the groups are the images
      pairChoice,
      pairButton("Previous", shown <= 0, () => step(shown - 1)),
      pairButton("Next", shown === keys.length - 1, () => step(shown + 1)),
      el("p", { class: "compare-hint" }, shown < 0 ? "" : `${shown + 1} of ${countOf(pairs.length, "changed pair")}`),
      counts,
    ),
  ];
}

/** @returns {string} such as `26 changed, 7 new, 7 gone, 33 same` */
function changeCounts() {
  const changes = report.data.changes ?? [];
  return CHANGE_KINDS.map((kind) => `${changes.filter((change) => change.kind === kind).length} ${kind}`).join(", ");
}

/**
 * @param {string} name
 * @param {boolean} isLast it stays where it is and can be focused, so that the focus is not lost at the end
 * @param {() => void} onPress
 * @returns {HTMLElement}
 */
function pairButton(name, isLast, onPress) {
  return el(
    "button",
    { type: "button", "aria-disabled": isLast && "true", data: { keepsFocus: name }, onclick: () => !isLast && onPress() },
    name,
  );
}

/**
 * @param {readonly [Job, Job] | undefined} pair
 * @returns {string}
 */
function pairText(pair) {
  if (pair === undefined) return "";
  const [job, later] = pair;
  const folder = report.data.folders.length > 2 ? [report.data.folders[later.folder]?.label ?? ""] : [];
  return [promptOf(job).id, modelOf(job), ...axisTextsOf(job), ...folder].join(", ");
}
