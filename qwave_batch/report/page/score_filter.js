"use strict";

/**
 * The filter by a score, as `score=NAME:COMPARISON:NUMBER` in the fragment, its parts percent-encoded once more. A job is
 * seen if one of its images meets it. The same rules are in `qwave_batch/report/pivot_scores.py`.
 *
 * @typedef {object} ScoreCondition
 * @property {number} score which of the scores
 * @property {string} comparison a key of `COMPARISONS`
 * @property {number | null} limit null until it is given: then everything is let through
 */

/** @type {ReadonlyMap<string, {text: string, holds: (value: number, limit: number) => boolean}>} */
const COMPARISONS = new Map([
  ["lt", { text: "below", holds: (value, limit) => value < limit }],
  ["le", { text: "at most", holds: (value, limit) => value <= limit }],
  ["ge", { text: "at least", holds: (value, limit) => value >= limit }],
  ["gt", { text: "above", holds: (value, limit) => value > limit }],
]);
/** The comparison that images without the score meet. */
const MISSING = "none";
const NUMBER = /^[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?$/i;

/** @returns {ScoreCondition | null} what the fragment says, if the report has such a score */
function scoreCondition() {
  const [name, comparison, limit] = listed("score")[0] ?? [];
  const score = scoreNamed(name ?? "");
  if (score === -1 || !comparison || !(COMPARISONS.has(comparison) || comparison === MISSING)) return null;
  return { score, comparison, limit: limit && NUMBER.test(limit) ? Number(limit) : null };
}

/**
 * @param {string} name empty for no condition
 * @param {string} comparison
 * @param {string} limit
 */
function setScoreCondition(name, comparison, limit) {
  const parts = limit === "" || comparison === MISSING ? [name, comparison] : [name, comparison, limit];
  setView({ score: name === "" ? null : written([parts]) });
}

/** @returns {(job: Job) => boolean} whether the filter lets a job through */
function scoreAdmits() {
  const condition = scoreCondition();
  if (condition === null) return () => true;
  const { score, comparison, limit } = condition;
  if (comparison === MISSING) return (job) => job.images.some((image) => scoreOf(image, score) === null);
  const holds = COMPARISONS.get(comparison)?.holds;
  if (limit === null || holds === undefined) return () => true;
  return (job) => job.images.some((image) => {
    const value = scoreOf(image, score);
    return value !== null && holds(value, limit);
  });
}

const SORTS = ["worst", "best"];

/** @returns {string} how the view sorts by the score that it shows; empty where it does not */
function chosenSort() {
  return shownScore() !== -1 && SORTS.includes(viewValue("sort")) ? viewValue("sort") : "";
}

/**
 * Return what rows, and the jobs of a cell, are sorted by: the score that is shown, the worst first or the best. Where
 * neither direction is better the least counts as the worst.
 *
 * @returns {JobOrder | null} null for the order of the plan
 */
function scoreOrder() {
  const sort = chosenSort();
  const score = shownScore();
  if (sort === "") return null;
  const isDescending = (knownScores()[score]?.better === "lower") === (sort === "worst");
  return (jobs) => {
    const mean = meanScore(jobs, score);
    return mean === null ? null : isDescending ? -mean : mean;
  };
}
