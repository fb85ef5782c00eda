"use strict";

const VERDICT_SIGNS = { keep: "✓", reject: "✕" };
const RATING_SIGN = "★";

/**
 * @param {Job} job
 * @param {number} image
 * @returns {string} such as `keep, 4 of 5`; empty when there is no pick
 */
function pickText(job, image) {
  const pick = pickOf(job, image);
  return pick === null ? "" : pickWords(pick);
}

/**
 * @param {PickData} pick
 * @returns {string}
 */
function pickWords(pick) {
  return [pick.verdict ?? "", pick.rating === null ? "" : `${pick.rating} of 5`].filter((part) => part !== "").join(", ");
}

/**
 * @param {Job} job
 * @returns {string} the picks of a job's images for those who do not see them; empty when there are none
 */
function pickedName(job) {
  const texts = job.images.map((_, image) => pickText(job, image));
  if (job.images.length === 1) return texts[0] ?? "";
  return texts.map((text, image) => (text === "" ? "" : `image ${image + 1}: ${text}`)).filter((text) => text !== "").join("; ");
}

/**
 * @param {Job} job
 * @returns {HTMLElement | null} the picks of a job's images as signs and text
 */
function pickedMarks(job) {
  const marks = job.images.flatMap((_, image) => {
    const pick = pickOf(job, image);
    return pick === null || pickWords(pick) === "" ? [] : [pickMark(pick, job.images.length > 1 ? `${image + 1} ` : "")];
  });
  return marks.length === 0 ? null : el("span", { class: "pick-marks" }, ...marks);
}

/**
 * @param {PickData} pick
 * @param {string} before
 * @returns {HTMLElement}
 */
function pickMark(pick, before) {
  const verdict = pick.verdict === null ? "" : `${VERDICT_SIGNS[pick.verdict]} ${pick.verdict}`;
  const rating = pick.rating === null ? "" : `${RATING_SIGN} ${pick.rating}`;
  return el(
    "span",
    { class: "pick-mark", data: { verdict: pick.verdict ?? "none" }, title: `${pickWords(pick)} (${pick.rater})` },
    `${before}${[verdict, rating].filter((part) => part !== "").join(" ")}`,
  );
}
