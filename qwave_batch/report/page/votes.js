"use strict";

/**
 * The votes that the browser keeps for this report. Each has a key of its own in the browser's store, so that two tabs at
 * work at once lose nothing. A browser that keeps nothing has them until the page is left.
 */
const VOTES = "vote/";

/** @type {Map<string, VoteLine>} votes that the browser would not keep */
const fleetingVotes = new Map();

/**
 * @param {VoteLine} vote
 * @returns {string} what a vote is: a later one with the same key takes its place
 */
function keyOfVote(vote) {
  return JSON.stringify([folderOfVote(vote), vote.pair, vote.rater, vote.criterion]);
}

/**
 * @param {VoteLine} vote
 * @returns {number} the number of the folder in this report that a vote is about; -1 for none of them
 */
function folderOfVote(vote) {
  const { folders } = report.data;
  /** @param {(named: {id: string | null, spec_sha256: string | null}, folder: FolderData) => boolean} isSame */
  const firstNamed = (isSame) => folders.findIndex((folder) => vote.run.folders.some((named) => isSame(named, folder)));
  // two copies of a folder share its id, and may have other specs by now
  const exact = firstNamed((named, folder) => named.id === folder.id && named.spec_sha256 === folder.spec_sha256);
  if (exact >= 0) return exact;
  return firstNamed((named, folder) =>
    named.id !== null && folder.id !== null ? named.id === folder.id : named.spec_sha256 === folder.spec_sha256,
  );
}

/** @returns {VoteLine[]} all votes that are kept here, in the order in which they were given */
function keptVotes() {
  const stored = storedKeys(VOTES).map((key) => /** @type {VoteLine | null} */ (storedValue(key)));
  const votes = [...stored.filter((vote) => vote !== null), ...fleetingVotes.values()];
  return votes.sort((one, other) => compareTexts(one.at, other.at));
}

/**
 * @param {VoteLine} vote
 * @returns {boolean} whether the browser keeps it
 */
function keepVote(vote) {
  const key = keyOfVote(vote);
  if (storeValue(VOTES + key, vote)) {
    fleetingVotes.delete(key);
    return true;
  }
  fleetingVotes.set(key, vote);
  return false;
}

/** @param {VoteLine} vote */
function dropVote(vote) {
  removeStored(VOTES + keyOfVote(vote));
  fleetingVotes.delete(keyOfVote(vote));
}

/**
 * Merge votes: each stands once, and the later answer of a rater wins, whatever the order in which they come.
 *
 * @param {Iterable<VoteLine>} votes
 * @returns {Map<string, VoteLine>}
 */
function mergedVotes(votes) {
  /** @type {Map<string, VoteLine>} */
  const merged = new Map();
  for (const vote of votes) {
    const key = keyOfVote(vote);
    const there = merged.get(key);
    if (there === undefined || isLater(vote, there)) merged.set(key, vote);
  }
  return merged;
}

/**
 * @param {VoteLine} vote
 * @param {VoteLine} other
 * @returns {boolean} of two at the same moment, the text decides, so that every merge ends the same way
 */
function isLater(vote, other) {
  const difference = Date.parse(vote.at) - Date.parse(other.at);
  return difference > 0 || (difference === 0 && lineOfVote(vote) > lineOfVote(other));
}

/**
 * Take in the votes of a file, or nothing of it where something is wrong.
 *
 * @param {string} name of the file
 * @param {string} text
 * @returns {{faults: string[], added: number, replaced: number, known: number, elsewhere: number, picks: number, isKept: boolean}}
 */
function importVotes(name, text) {
  const read = readVotes(name, text);
  const result = { faults: read.faults, added: 0, replaced: 0, known: 0, elsewhere: 0, picks: read.picks, isKept: true };
  if (read.faults.length > 0) return result;
  const here = read.votes.filter(({ vote }) => folderOfVote(vote) >= 0);
  result.elsewhere = read.votes.length - here.length;
  const jobs = new Map(report.jobs.map((job) => [`${job.folder}:${job.id}`, job]));
  /** @type {Map<string, string>} */
  const pairs = new Map();
  for (const vote of allVotes()) pairs.set(pairOfVote(vote), imagesOfVote(vote));
  for (const { line, vote } of here) {
    const fault = faultOfPlace(vote, jobs) ?? faultOfPair(vote, pairs);
    if (fault !== null) result.faults.push(`${name}:${line}: ${fault}`);
  }
  if (result.elsewhere > 0 && here.length === 0) result.faults.push(`${name}:${read.votes[0]?.line}: it is about another run folder`);
  if (read.votes.length === 0) result.faults.push(`${name}:1: there is no vote in it`);
  if (result.faults.length > 0) return result;
  const before = mergedVotes(allVotes());
  const after = mergedVotes([...before.values(), ...here.map(({ vote }) => vote)]);
  for (const [key, vote] of after) {
    const there = before.get(key);
    if (there === vote) continue;
    if (there === undefined) result.added += 1;
    else result.replaced += 1;
    if (!keepVote(vote)) result.isKept = false;
  }
  result.known = here.length - result.added - result.replaced;
  return result;
}

/**
 * @param {VoteLine} vote
 * @param {Map<string, Job>} jobs by folder and id
 * @returns {string | null} why it can't be about the images of this report
 */
function faultOfPlace(vote, jobs) {
  const [left, right] = [vote.left, vote.right].map(({ job_id }) => jobs.get(`${folderOfVote(vote)}:${job_id}`));
  for (const [job, { job_id, image }] of /** @type {const} */ ([[left, vote.left], [right, vote.right]])) {
    const shown = job_id.slice(0, 80);
    if (job === undefined) {
      if (hasSpecOfReport(vote)) return `there is no job ${shown} in this report`;
    } else if (job.images[image] === undefined) {
      return `there is no image ${image} of job ${shown}`;
    }
  }
  const compared = left && right && comparedValues(left, right, vote.axis);
  return typeof compared === "string" ? `axis: ${compared}` : null;
}

/**
 * @param {VoteLine} vote
 * @param {Map<string, string>} pairs the images of each pair so far; that of the vote is added
 * @returns {string | null} the name of a pair stands for two images, or the run folder would take none of the votes
 */
function faultOfPair(vote, pairs) {
  const [pair, images] = [pairOfVote(vote), imagesOfVote(vote)];
  const there = pairs.get(pair) ?? images;
  pairs.set(pair, there);
  return there === images ? null : `pair: "${vote.pair.slice(0, 80)}" stands for two other images in another vote`;
}

/**
 * @param {VoteLine} vote
 * @returns {string} the pair's name, with the folder it is about
 */
function pairOfVote(vote) {
  return JSON.stringify([folderOfVote(vote), vote.pair]);
}

/**
 * @param {VoteLine} vote
 * @returns {string} the two images, whatever their sides
 */
function imagesOfVote({ left, right }) {
  return [left, right].map(({ job_id, image }) => JSON.stringify([job_id, image])).sort().join();
}

/**
 * @param {VoteLine} vote
 * @returns {boolean} whether the plan is still the one that was voted on
 */
function hasSpecOfReport(vote) {
  const spec = report.data.folders[folderOfVote(vote)]?.spec_sha256;
  return vote.run.folders.some((folder) => folder.spec_sha256 === spec);
}

/**
 * @param {string} one
 * @param {string} other
 * @returns {number} by code units, as Python sorts what is ASCII
 */
function compareTexts(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
