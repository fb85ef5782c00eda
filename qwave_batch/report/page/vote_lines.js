"use strict";

/**
 * A vote as it is exported, one JSON line each.
 *
 * @typedef {object} VoteLine
 * @property {1} vote the version of its form
 * @property {{folders: VotedFolder[]}} run
 * @property {string} axis
 * @property {VotedImage} left
 * @property {VotedImage} right
 * @property {Winner} winner
 * @property {string} criterion
 * @property {string} rater
 * @property {string} pair names the two images whatever the sides
 * @property {string} at
 *
 * @typedef {{id: string | null, spec_sha256: string | null}} VotedFolder
 * @typedef {{job_id: string, image: number}} VotedImage
 * @typedef {"left" | "right" | "tie" | "both_bad"} Winner
 *
 * @typedef {{votes: Array<{line: number, vote: VoteLine}>, picks: number, faults: string[]}} ReadVotes
 */

const WINNERS = ["left", "right", "tie", "both_bad"];
const VOTE_KEYS = ["vote", "run", "axis", "left", "right", "winner", "criterion", "rater", "pair", "at"];
const LONGEST_NAME = 1_000;
const MOST_LINE_BYTES = 65_536;
const MOST_SHOWN_FAULTS = 20;
/** A moment that every program reads: some take more for one, some also days that no calendar has. */
const MOMENT = /^(?!0000)(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)$/;
/** Characters that some readers take for the end of a line, though JSON does not. */
const OTHER_LINE_ENDS = /[\u0085\u2028\u2029]/g;

/**
 * @param {readonly VoteLine[]} votes
 * @returns {string}
 */
function textOfVotes(votes) {
  return votes.map((vote) => `${lineOfVote(vote)}\n`).join("");
}

/**
 * @param {VoteLine} vote
 * @returns {string} its keys in the order that is written down, whatever order it came in
 */
function lineOfVote(vote) {
  const { run, left, right } = vote;
  const ordered = {
    vote: vote.vote,
    run: { folders: run.folders.map(({ id, spec_sha256 }) => ({ id, spec_sha256 })) },
    axis: vote.axis,
    left: { job_id: left.job_id, image: left.image },
    right: { job_id: right.job_id, image: right.image },
    winner: vote.winner,
    criterion: vote.criterion,
    rater: vote.rater,
    pair: vote.pair,
    at: vote.at,
  };
  return JSON.stringify(ordered).replace(OTHER_LINE_ENDS, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Read a file of votes; picks may be in it, too.
 *
 * @param {string} name of the file
 * @param {string} text
 * @returns {ReadVotes} with faults as `FILE:LINE: what is wrong`
 */
function readVotes(name, text) {
  /** @type {ReadVotes} */
  const read = { votes: [], picks: 0, faults: [] };
  text.replace(/^\uFEFF/, "").split("\n").forEach((raw, at) => {
    if (raw.trim() === "") return;
    const found = voteOfLine(raw);
    if (typeof found === "string") read.faults.push(`${name}:${at + 1}: ${found}`);
    else if (found === null) read.picks += 1;
    else read.votes.push({ line: at + 1, vote: found });
  });
  return read;
}

/**
 * @param {string} raw
 * @returns {VoteLine | null | string} null for a pick; a text says what is wrong
 */
function voteOfLine(raw) {
  if (new TextEncoder().encode(raw).length > MOST_LINE_BYTES) return `the line is longer than ${wholeNumber(MOST_LINE_BYTES)} bytes: not a vote`;
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(raw);
  } catch {
    return "it is not JSON";
  }
  if (!isObject(value)) return "expected an object";
  if ("pick" in value && !("vote" in value)) return null;
  if (!("vote" in value)) return 'it is neither a vote nor a pick: one of the keys "vote" and "pick" must be there';
  if (value["vote"] !== 1) return `vote: its form is ${raw.length > 1_000 ? "another one" : JSON.stringify(value["vote"])}, and only 1 is known here`;
  return faultOfVote(value) ?? /** @type {VoteLine} */ (/** @type {unknown} */ (value));
}

/**
 * @param {{[key: string]: unknown}} value
 * @returns {string | null} the first thing that is wrong
 */
function faultOfVote(value) {
  const missing = VOTE_KEYS.find((key) => !(key in value));
  if (missing !== undefined) return `the key "${missing}" is missing`;
  const strange = Object.keys(value).find((key) => !VOTE_KEYS.includes(key));
  if (strange !== undefined) return `the key "${strange.slice(0, 40)}" is not known`;
  for (const key of ["axis", "criterion", "rater", "pair"]) {
    const fault = faultOfName(value[key]);
    if (fault !== null) return `${key}: ${fault}`;
  }
  const { left, right } = value;
  for (const [key, side] of Object.entries({ left, right })) {
    if (!isObject(side) || typeof side["job_id"] !== "string" || !isCount(side["image"]) || Object.keys(side).length !== 2) {
      return `${key}: expected {"job_id": text, "image": number from 0}`;
    }
    const fault = faultOfName(side["job_id"]);
    if (fault !== null) return `${key}.job_id: ${fault}`;
  }
  if (JSON.stringify(left) === JSON.stringify(right)) return "right: is the image that is on the left, too";
  if (typeof value["winner"] !== "string" || !WINNERS.includes(value["winner"])) return `winner: expected one of ${WINNERS.join(", ")}`;
  if (!isMoment(value["at"])) return "at: expected a moment such as 2026-11-28T22:00:00Z";
  return faultOfRun(value["run"]);
}

/**
 * @param {unknown} run
 * @returns {string | null}
 */
function faultOfRun(run) {
  const folders = isObject(run) && Object.keys(run).length === 1 ? run["folders"] : null;
  if (!Array.isArray(folders) || folders.length === 0) return "run.folders: expected at least one folder";
  const isRight = folders.every(
    (folder) =>
      isObject(folder) && Object.keys(folder).length === 2 &&
      ["id", "spec_sha256"].every((key) => folder[key] === null || faultOfName(folder[key]) === null),
  );
  return isRight ? null : 'run.folders: expected {"id": text or null, "spec_sha256": text or null} each';
}

/**
 * @param {unknown} value
 * @returns {boolean} whether it is a moment of the calendar
 */
function isMoment(value) {
  const [, day] = (typeof value === "string" && MOMENT.exec(value)) || [];
  if (day === undefined || Number.isNaN(Date.parse(String(value)))) return false;
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

/**
 * @param {unknown} name
 * @returns {string | null}
 */
function faultOfName(name) {
  if (typeof name !== "string" || name.trim() === "") return "expected a text that is not empty";
  if (name.length > LONGEST_NAME) return `has ${name.length} characters, at most ${LONGEST_NAME} are read`;
  return /\p{Surrogate}/u.test(name) ? "holds half of a surrogate pair, which is not a character" : null;
}

/**
 * @param {unknown} value
 * @returns {value is {[key: string]: unknown}}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {boolean}
 */
function isCount(value) {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
