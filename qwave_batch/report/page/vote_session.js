"use strict";

/**
 * What a rater is asked along one axis: kept in the browser, so that it goes on after a reload.
 *
 * @typedef {object} VoteSession
 * @property {string} seed of the order and the sides
 * @property {number} most pairs; 0 for all
 * @property {string[]} criteria what is asked about each pair
 * @property {boolean} isStarted
 * @property {boolean} isRevealed whether the rater has looked at the results before the end
 *
 * @typedef {SidedPair & {criterion: string}} VoteQuestion
 */

/** @type {{[criterion: string]: {name: string, question: string}}} */
const CRITERIA = {
  overall: { name: "Overall", question: "Which image is better?" },
  looks: { name: "Looks", question: "Which image looks better?" },
  prompt: { name: "Follows the prompt", question: "Which image follows the prompt better?" },
  text: { name: "Text", question: "In which image is the text better?" },
};
const ONLY_CRITERION = "overall";
const MOST_PAIRS_CHOICES = [10, 20, 50, 100, 200, 500];
const USUAL_MOST_PAIRS = 200;

/** @type {WeakMap<ShownReport, Map<string, ImagePair[]>>} by axis; many parts of the page ask for the same pairs */
const knownPairs = new WeakMap();

/**
 * @param {string} axis
 * @returns {ImagePair[]} of the report as it is now
 */
function pairsOfReport(axis) {
  const byAxis = knownPairs.get(report) ?? new Map();
  knownPairs.set(report, byAxis);
  const pairs = byAxis.get(axis) ?? pairsAlong(report, axis);
  byAxis.set(axis, pairs);
  return pairs;
}

/**
 * @param {string} criterion
 * @returns {string}
 */
function nameOfCriterion(criterion) {
  return CRITERIA[criterion]?.name ?? criterion;
}

/**
 * @param {string} rater
 * @param {string} axis
 * @returns {string}
 */
function sessionKey(rater, axis) {
  return `vote-session/${JSON.stringify([rater, axis])}`;
}

/**
 * @param {string} rater
 * @param {string} axis
 * @returns {VoteSession} as it was left, or a new one
 */
function voteSession(rater, axis) {
  const kept = /** @type {Partial<VoteSession> | null} */ (fleetingSessions.get(sessionKey(rater, axis)) ?? storedValue(sessionKey(rater, axis)));
  const count = pairsOfReport(axis).length;
  return {
    seed: numberOfText(storeKey(`${rater}\n${axis}`)),
    most: count > USUAL_MOST_PAIRS ? USUAL_MOST_PAIRS : 0,
    criteria: [ONLY_CRITERION],
    isStarted: false,
    isRevealed: false,
    ...kept,
  };
}

/** @type {Map<string, VoteSession>} those of this visit, should the browser keep nothing */
const fleetingSessions = new Map();

/**
 * @param {string} rater
 * @param {string} axis
 * @param {VoteSession} session
 */
function keepSession(rater, axis, session) {
  fleetingSessions.set(sessionKey(rater, axis), session);
  storeValue(sessionKey(rater, axis), session);
}

/**
 * @param {VoteSession} session
 * @param {string} axis
 * @returns {VoteQuestion[]} each pair once for each criterion, in the order that the seed gives
 */
function questionsOf(session, axis) {
  const ordered = orderedPairs(pairsOfReport(axis), seededRandom(session.seed));
  const asked = session.most > 0 ? ordered.slice(0, session.most) : ordered;
  return asked.flatMap((sided) => session.criteria.map((criterion) => ({ ...sided, criterion })));
}

/**
 * @param {VoteQuestion} question
 * @param {string} rater
 * @returns {string} the key of the vote that answers it
 */
function keyOfAnswer({ pair, criterion }, rater) {
  return JSON.stringify([pair.folder, pair.id, rater, criterion]);
}

/**
 * @param {VoteQuestion} question
 * @param {string} rater
 * @param {string} axis
 * @param {Winner} winner
 * @param {Date} now
 * @returns {VoteLine}
 */
function answerTo(question, rater, axis, winner, now) {
  const { pair, left, right, criterion } = question;
  const folder = report.data.folders[pair.folder];
  return {
    vote: 1,
    run: { folders: [{ id: folder?.id ?? null, spec_sha256: folder?.spec_sha256 ?? null }] },
    axis,
    left: { job_id: left.job.id, image: left.image },
    right: { job_id: right.job.id, image: right.image },
    winner,
    criterion,
    rater,
    pair: pair.id,
    at: now.toISOString(),
  };
}

/**
 * Return how far a rater has come along an axis, without looking at the labels.
 *
 * @param {string} rater
 * @param {string} axis
 * @returns {{done: number, all: number} | null} null if nothing was started
 */
function progressOf(rater, axis) {
  const session = voteSession(rater, axis);
  if (rater === "" || !session.isStarted) return null;
  const answered = mergedVotes(allVotes());
  const questions = questionsOf(session, axis);
  return { done: questions.filter((question) => answered.has(keyOfAnswer(question, rater))).length, all: questions.length };
}
