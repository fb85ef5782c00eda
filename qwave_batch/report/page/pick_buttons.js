"use strict";

const RATINGS = [1, 2, 3, 4, 5];

/**
 * Return the buttons by which an image is picked, as its pick is now.
 *
 * @param {Job} job
 * @param {number} image
 * @returns {HTMLElement}
 */
function pickButtons(job, image) {
  return el(
    "div",
    { class: "pick-buttons", role: "group", "aria-label": "Pick" },
    el(
      "div",
      { class: "button-row" },
      pickButton(job, image, { verdict: "keep" }, "Keep", `${VERDICT_SIGNS.keep} Keep`),
      pickButton(job, image, { verdict: "reject" }, "Reject", `${VERDICT_SIGNS.reject} Reject`),
    ),
    el(
      "div",
      { class: "button-row ratings" },
      ...RATINGS.map((rating) => pickButton(job, image, { rating }, `Rate ${rating}`, `${rating}`)),
    ),
    ...othersLine(job, image),
  );
}

/**
 * @param {Job} job
 * @param {number} image
 * @param {{verdict: "keep" | "reject"} | {rating: number}} wanted
 * @param {string} name
 * @param {string} text
 * @returns {HTMLElement}
 */
function pickButton(job, image, wanted, name, text) {
  return el(
    "button",
    {
      type: "button", "aria-label": name, "aria-pressed": String(showsPick(job, image, wanted)),
      title: `${name} (${"verdict" in wanted ? { keep: "k", reject: "x" }[wanted.verdict] : wanted.rating})`,
      data: { keepsFocus: name }, onclick: () => togglePick(job, [image], wanted),
    },
    text,
  );
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {HTMLElement[]} what other raters think of the image
 */
function othersLine(job, image) {
  const texts = picksOfOthers(job, image).filter((pick) => pickWords(pick) !== "").map((pick) => `${pick.rater}: ${pickWords(pick)}`);
  return texts.length === 0 ? [] : [el("p", { class: "pick-others user-text" }, texts.join(" · "))];
}
