"use strict";

/**
 * Return the scores of an image with their directions, and what scorers said beside them; null where there is nothing.
 *
 * @param {Job} job
 * @param {number} imageIndex
 * @param {readonly ScoreDetail[]} [remarks]
 * @returns {HTMLElement | null}
 */
function scoreFacts(job, imageIndex, remarks = []) {
  const image = job.images[imageIndex];
  if (image === undefined || (image.scores === undefined && remarks.length === 0)) return null;
  const rows = knownScores().flatMap((score, number) => {
    const value = scoreOf(image, number);
    return value === null ? [] : [scoreRow(score, value)];
  });
  return el(
    "section",
    { class: "scores", role: "group", "aria-label": "Scores" },
    el("h3", {}, "Scores"),
    rows.length > 0 && el("table", { class: "score-table" }, el("caption", { class: "visually-hidden" }, "Scores"), el("tbody", {}, ...rows)),
    ...remarks.map(remarkOf),
  );
}

/**
 * @param {ScoreData} score
 * @param {number} value
 * @returns {HTMLElement}
 */
function scoreRow(score, value) {
  return el(
    "tr",
    {},
    el("th", { scope: "row", class: "user-text" }, score.name),
    el("td", { title: String(value) }, scoreText(value), score.unit !== "" && el("span", { class: "score-unit user-text" }, ` ${beginningOf(score.unit, 20)}`)),
    el("td", { class: "score-direction" }, directionText(score)),
  );
}

/**
 * @param {ScoreDetail} remark
 * @returns {HTMLElement}
 */
function remarkOf({ scorer, version, details, error }) {
  return el(
    "div",
    { class: "remark" },
    el("h4", {}, el("span", { class: "user-text" }, scorer), el("span", { class: "remark-version user-text" }, ` ${version}`)),
    error !== null && el("p", { class: "remark-error user-text" }, `No score. ${error.code}: ${error.message}`),
    details !== null && detailsText(details),
  );
}

/**
 * Show what a scorer said, whatever its shape: texts by their names, lists of plain objects as tables, and all else as JSON
 * that is folded up.
 *
 * @param {unknown} details
 * @returns {HTMLElement}
 */
function detailsText(details) {
  if (!isPlainObject(details)) return typeof details === "string" ? userText(details) : jsonText(details);
  return factList(Object.entries(details).map(([name, value]) => [name, detailText(value)]));
}

/**
 * @param {unknown} value
 * @returns {HTMLElement}
 */
function detailText(value) {
  if (value === null || typeof value !== "object") return userText(plainText(value));
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every(isFlatObject)) return answerTable(value);
    if (value.every((each) => each === null || typeof each !== "object")) return userText(value.map(plainText).join("\n") || "none");
  }
  return el("details", {}, el("summary", {}, "Show"), jsonText(value));
}

/**
 * @param {ReadonlyArray<{[key: string]: unknown}>} answers such as a judge's
 * @returns {HTMLElement}
 */
function answerTable(answers) {
  const names = [...new Set(answers.flatMap((answer) => Object.keys(answer)))];
  return el(
    "div",
    { class: "answers", tabindex: 0, role: "group", "aria-label": "Table" },
    el(
      "table",
      { class: "answer-table" },
      el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col", class: "user-text" }, name)))),
      el("tbody", {}, ...answers.map((answer) =>
        el("tr", {}, ...names.map((name) => el("td", { class: "user-text" }, plainText(answer[name])))))),
    ),
  );
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function plainText(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return scoreText(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

/**
 * @param {unknown} value
 * @returns {value is {[key: string]: unknown}}
 */
function isPlainObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {value is {[key: string]: unknown}} an object without lists and objects in it
 */
function isFlatObject(value) {
  return isPlainObject(value) && Object.values(value).every((each) => each === null || typeof each !== "object");
}
