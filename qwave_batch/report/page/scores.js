"use strict";

/**
 * The scores of images, as scorers gave them: `data/index.js` names them once, and an image has their numbers in the same
 * order.
 */

/** @returns {readonly ScoreData[]} */
function knownScores() {
  return report.data.scores ?? [];
}

/**
 * @param {string} name
 * @returns {number} which of the scores it is; -1 for none
 */
function scoreNamed(name) {
  return name === "" ? -1 : knownScores().findIndex((score) => score.name === name);
}

/** @returns {number} which score the view shows; -1 for none */
function shownScore() {
  return scoreNamed(viewValue("showscore"));
}

/**
 * @param {ImageData_} image
 * @param {number} score
 * @returns {number | null}
 */
function scoreOf(image, score) {
  return image.scores?.[score] ?? null;
}

/**
 * Return the mean over all images that have a score.
 *
 * @param {readonly Job[]} jobs
 * @param {number} score
 * @returns {number | null} null where none has
 */
function meanScore(jobs, score) {
  let sum = 0;
  let count = 0;
  for (const job of jobs) {
    for (const image of job.images) {
      const value = scoreOf(image, score);
      if (value === null) continue;
      sum += value;
      count += 1;
    }
  }
  return count === 0 ? null : sum / count;
}

/**
 * @param {{better: "higher" | "lower" | null}} score
 * @returns {string} empty where neither is better
 */
function directionText({ better }) {
  return better === null ? "" : `${better} is better`;
}

const MANY_DIGITS = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const FEW_DIGITS = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/**
 * @param {number} value
 * @returns {string} with three digits that count, in little room whatever its size
 */
function scoreText(value) {
  const size = Math.abs(value);
  if (size >= 1e6 || (size !== 0 && size < 1e-3)) return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
  return (size >= 1000 ? MANY_DIGITS : FEW_DIGITS).format(value);
}

/**
 * @param {number | null} value
 * @returns {string}
 */
function scoreOrNone(value) {
  return value === null ? "no score" : scoreText(value);
}

/** So many images of a job have their numbers below it; of more there is the mean. */
const NUMBERS_BELOW = 4;

/**
 * @param {Job} job
 * @param {number} score
 * @returns {string} what stands below a job; empty for a job without images
 */
function scoreBelow(job, score) {
  if (job.images.length <= NUMBERS_BELOW) return job.images.map((image) => scoreNumber(scoreOf(image, score))).join(" · ");
  return `mean ${scoreNumber(meanScore([job], score))}`;
}

/**
 * @param {number | null} value
 * @returns {string}
 */
function scoreNumber(value) {
  return value === null ? "–" : scoreText(value);
}

/**
 * @param {Job} job
 * @param {number} score
 * @returns {string} the same for those who do not see it
 */
function scoreName(job, score) {
  if (job.images.length === 0) return "";
  const name = knownScores()[score]?.name ?? "";
  return `${name} ${job.images.map((image) => scoreOrNone(scoreOf(image, score))).join(", ")}`;
}

/**
 * @typedef {{rows: string[], columns: string[]}} ScoreMeans texts such as `mean 0.9`; empty where no image has the score
 */

/**
 * Return the means of a score over the rows and columns of the grid.
 *
 * @param {Pivot} pivot
 * @param {number} score
 * @returns {ScoreMeans}
 */
function meansOf(pivot, score) {
  /** @type {Array<Set<Job>>} */
  const columns = pivot.columns.map(() => new Set());
  const rows = pivot.cells.map((cells) => {
    /** @type {Set<Job>} */
    const jobs = new Set();
    for (const { column, entries } of cells) {
      for (const { job } of entries) {
        jobs.add(job);
        columns[column]?.add(job);
      }
    }
    return jobs;
  });
  /** @param {Set<Job>} jobs */
  const textOf = (jobs) => {
    const mean = meanScore([...jobs], score);
    return mean === null ? "" : `mean ${scoreText(mean)}`;
  };
  return { rows: rows.map(textOf), columns: columns.map(textOf) };
}
