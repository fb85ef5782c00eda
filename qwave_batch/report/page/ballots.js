"use strict";

/**
 * Votes as statistics see them: two values of an axis on one prompt, and which of them is preferred. It is the same
 * reading as that of `qwave-batch votes`.
 *
 * @typedef {object} Ballot
 * @property {string} first the two values stand in alphabetical order, whatever the sides
 * @property {string} second
 * @property {number} outcome `WIN`, `TIE` or `LOSS` of the first; both bad is a tie
 * @property {number} prompt votes on one prompt are not independent
 * @property {string[]} tags
 * @property {string} rater
 * @property {string} criterion
 * @property {string} subject the question: raters agree, or not, about the same one
 * @property {Winner} pressed
 * @property {boolean} isPure whether the two differ in the axis only
 *
 * @typedef {{left: string, right: string, prompts: [string, string], tags: string[], isPure: boolean}} ComparedValues
 */

const WIN = 0;
const TIE = 1;
const LOSS = 2;

/**
 * @param {readonly VoteLine[]} votes
 * @param {string} axis
 * @returns {CountedVotes} and how many votes are about jobs that are no longer there
 */
function ballotsAbout(votes, axis) {
  const jobs = new Map(report.jobs.map((job) => [`${job.folder}:${job.id}`, job]));
  /** @type {Array<{vote: VoteLine, values: ComparedValues}>} */
  const found = [];
  let gone = 0;
  for (const vote of votes) {
    if (vote.axis !== axis) continue;
    const folder = folderOfVote(vote);
    const [left, right] = [vote.left, vote.right].map(({ job_id }) => jobs.get(`${folder}:${job_id}`));
    const values = left && right ? comparedValues(left, right, axis) : "gone";
    if (typeof values === "string") gone += 1;
    else found.push({ vote, values });
  }
  const numberOf = promptNumbers(found.map(({ values }) => values.prompts));
  return { axis, ballots: found.map(({ vote, values }) => ballotOf(vote, values, numberOf)), gone };
}

/**
 * @param {VoteLine} vote
 * @param {ComparedValues} values
 * @param {(prompt: string) => number} numberOf
 * @returns {Ballot}
 */
function ballotOf(vote, values, numberOf) {
  const isStraight = compareTexts(values.left, values.right) < 0;
  const isEven = vote.winner === "tie" || vote.winner === "both_bad";
  return {
    first: isStraight ? values.left : values.right,
    second: isStraight ? values.right : values.left,
    outcome: isEven ? TIE : (vote.winner === "left") === isStraight ? WIN : LOSS,
    prompt: numberOf(values.prompts[0]),
    tags: values.tags,
    rater: vote.rater,
    criterion: vote.criterion,
    subject: subjectOfVote(vote),
    pressed: vote.winner,
    isPure: values.isPure,
  };
}

/**
 * @param {VoteLine} vote
 * @returns {string} the folder, the two images whatever their sides, and the criterion
 */
function subjectOfVote(vote) {
  return JSON.stringify([folderOfVote(vote), imagesOfVote(vote), vote.criterion]);
}

/**
 * Return what two jobs compare: in the places that differ in nothing but the axis or, where there are none, in the first
 * ones of one prompt.
 *
 * @param {Job} left
 * @param {Job} right
 * @param {string} axis
 * @returns {ComparedValues | string} or why they compare nothing
 */
function comparedValues(left, right, axis) {
  const number = axisNumber(report, axis);
  if (number < 0 && axis !== "model" && axis !== "repeat") return `there is no axis "${axis.slice(0, 80)}"`;
  /** @type {ComparedValues | null} */
  let best = null;
  for (const one of left.places) {
    for (const other of right.places) {
      const values = [valueAt(one, axis, number), valueAt(other, axis, number)];
      const prompts = [promptNumbered(one.prompt), promptNumbered(other.prompt)];
      const [from, to] = values;
      if (from === null || to === null || from === undefined || to === undefined || from === to || prompts[0]?.id !== prompts[1]?.id) continue;
      const tags = one.tags.filter((tag) => other.tags.includes(tag)).map((tag) => report.data.tags[tag] ?? "");
      const [first, second] = prompts.map((prompt) => JSON.stringify([prompt.id, prompt.text]));
      const isPure = left.stage === right.stage && differsInAxisOnly(one, other, axis, number);
      const found = /** @type {ComparedValues} */ ({ left: from, right: to, prompts: [first, second], tags, isPure });
      if (isPure) return found;
      best ??= found;
    }
  }
  return best ?? `left and right are of different prompts, or have the same ${axis}`;
}

/**
 * @param {PlaceData} place
 * @param {string} axis
 * @param {number} number of the axis
 * @returns {string | null}
 */
function valueAt(place, axis, number) {
  if (axis === "model") return report.data.models[place.model] ?? null;
  if (number < 0) return String(place.repeat);
  return report.data.axes[number]?.values[place.axes[number] ?? NO_VALUE] ?? null;
}

/**
 * @param {PlaceData} one
 * @param {PlaceData} other
 * @param {string} axis
 * @param {number} number
 * @returns {boolean}
 */
function differsInAxisOnly(one, other, axis, number) {
  return (
    (axis === "model" || one.model === other.model || (one.modelFollows === true && other.modelFollows === true)) &&
    (axis === "repeat" || one.repeat === other.repeat) &&
    one.axes.every((value, at) => at === number || value === other.axes[at])
  );
}

/**
 * Number the prompts; texts that were compared with each other are versions of one prompt.
 *
 * @param {ReadonlyArray<readonly [string, string]>} pairs
 * @returns {(prompt: string) => number}
 */
function promptNumbers(pairs) {
  /** @type {Map<string, string>} */
  const versionOf = new Map();
  /** @param {string} prompt */
  const firstVersion = (prompt) => {
    let first = prompt;
    for (let next = versionOf.get(first); next !== undefined; next = versionOf.get(first)) first = next;
    return first;
  };
  for (const [left, right] of pairs) {
    const [one, other] = [firstVersion(left), firstVersion(right)];
    if (one !== other) versionOf.set(other, one);
  }
  /** @type {Map<string, number>} */
  const numbers = new Map();
  return (prompt) => {
    const first = firstVersion(prompt);
    const number = numbers.get(first) ?? numbers.size;
    numbers.set(first, number);
    return number;
  };
}
