"use strict";

/**
 * The results that there are, by axis, criterion and tag; null stands for all criteria, or all prompts.
 *
 * @typedef {object} VoteCounting
 * @property {string[]} axes those with the most votes first
 * @property {string} basis which votes are counted
 * @property {(axis: string) => {criteria: string[], tags: string[]}} choicesOf
 * @property {(axis: string, criterion: string | null, tag: string | null) => VoteResult | null} resultOf
 * @property {(axis: string, criterion: string | null) => Array<{tag: string, result: VoteResult}>} tagsOf without intervals
 */

/** @type {{state: string, results: Map<string, VoteResult>}} what was counted last: to look at it again costs nothing */
const knownResults = { state: "", results: new Map() };

/** @returns {VoteCounting} */
function countingOfVotes() {
  const data = /** @type {ResultsData | null | undefined} */ (receivedData.get("results"));
  return data?.votes === null ? storedCounting(data) : ownCounting(allVotes());
}

/**
 * @param {readonly VoteLine[]} votes
 * @returns {VoteCounting} computed in the page
 */
function ownCounting(votes) {
  const byAxis = [...groupedBy(votes, (vote) => vote.axis)];
  byAxis.sort(([one, of], [other, ofOther]) => ofOther.length - of.length || compareTexts(one, other));
  const counted = new Map(byAxis.map(([axis]) => [axis, ballotsAbout(votes, axis)]));
  const state = `${report.data.revision}\n${textOfVotes(votes)}`;
  if (knownResults.state !== state) knownResults.results.clear();
  knownResults.state = state;
  /** @type {(axis: string, criterion: string | null, tag: string | null, isDrawn?: boolean) => VoteResult | null} */
  const resultOf = (axis, criterion, tag, isDrawn = true) => {
    const ofAxis = counted.get(axis) ?? { axis, ballots: [], gone: 0 };
    const key = JSON.stringify([axis, criterion, tag, isDrawn]);
    const ballots = ofAxis.ballots.filter(
      (ballot) => (criterion === null || ballot.criterion === criterion) && (tag === null || ballot.tags.includes(tag)),
    );
    if (ballots.length === 0) return null;
    const result = knownResults.results.get(key) ?? voteResult({ ...ofAxis, ballots }, isDrawn);
    knownResults.results.set(key, result);
    return result;
  };
  const choicesOf = (/** @type {string} */ axis) => {
    const ballots = counted.get(axis)?.ballots ?? [];
    const criteria = [...new Set(ballots.map(({ criterion }) => criterion))].sort();
    return { criteria, tags: [...new Set(ballots.flatMap((ballot) => ballot.tags))].sort() };
  };
  return {
    axes: byAxis.map(([axis]) => axis),
    basis: "The numbers count the votes of the run folders, as they were when the report was made, and those of this browser, each once.",
    choicesOf,
    resultOf,
    tagsOf: (axis, criterion) => choicesOf(axis).tags.flatMap((tag) => {
      const result = resultOf(axis, criterion, tag, false);
      return result === null ? [] : [{ tag, result }];
    }),
  };
}

/**
 * @param {ResultsData} data
 * @returns {VoteCounting} as the command computed it, where there are more votes than a page can count
 */
function storedCounting({ results: stored, unavailable }) {
  const ofAxis = (/** @type {string} */ axis) => stored.filter((each) => each.axis === axis);
  const resultWith = (/** @type {string} */ axis, /** @type {string | null} */ criterion) =>
    ofAxis(axis).find((each) => each.criterion === criterion) ?? (criterion === null ? ofAxis(axis)[0] : undefined);
  return {
    axes: [...new Set(stored.map(({ axis }) => axis))],
    basis:
      "The run folders hold more votes than a page can count: these are their numbers, without the votes of this browser." +
      (unavailable === null ? "" : ` Here ${unavailable}.`),
    choicesOf: (axis) => ({
      criteria: ofAxis(axis).flatMap(({ criterion }) => criterion ?? []).sort(),
      tags: [...new Set(ofAxis(axis).flatMap(({ by_tag }) => Object.keys(by_tag)))].sort(),
    }),
    resultOf: (axis, criterion, tag) => {
      const result = resultWith(axis, criterion);
      const numbers = tag === null ? result : result?.by_tag[tag];
      return numbers === undefined ? null : storedResult(axis, numbers);
    },
    tagsOf: (axis, criterion) =>
      Object.entries(resultWith(axis, criterion)?.by_tag ?? {}).map(([tag, numbers]) => ({ tag, result: storedResult(axis, numbers) })),
  };
}

/**
 * @param {string} axis
 * @param {StoredNumbers} stored
 * @returns {VoteResult}
 */
function storedResult(axis, stored) {
  const { votes, raters, prompts, alpha, win_rates, more_votes, warnings } = stored;
  const strengths = (stored.strengths ?? []).map((each) => ({ ...each, isBounded: (each.low === null) === (each.high === null) }));
  return { axis, votes, raters, prompts, alpha, win_rates, strengths, outlook: more_votes.pairs, warnings };
}
