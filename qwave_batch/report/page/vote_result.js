"use strict";

/**
 * The result of votes about an axis, computed in the page from the votes of the run folders and those of this browser.
 *
 * @typedef {object} VoteResult
 * @property {string} axis
 * @property {number} votes
 * @property {string[]} raters
 * @property {number} prompts
 * @property {number | null} alpha
 * @property {WinRate[]} win_rates
 * @property {Strength[]} strengths
 * @property {PairOutlook[]} outlook in the order of the win rates
 * @property {string[]} warnings
 *
 * @typedef {{axis: string, ballots: Ballot[], gone: number}} CountedVotes
 */

/**
 * @param {CountedVotes} counted
 * @param {boolean} [isDrawn] whether to draw intervals, too
 * @returns {VoteResult}
 */
function voteResult(counted, isDrawn = true) {
  const { axis, ballots } = counted;
  const counts = pairCounts(ballots);
  const random = seededRandom(DRAW_SEED);
  const drawn = isDrawn ? drawnOutcomes(counts, random) : null;
  const rates = winRates(counts, drawn);
  const strengths = strengthsOf(counts, drawn, random);
  const alpha = alphaOfRaters(ballots);
  return {
    axis,
    votes: ballots.length,
    raters: [...new Set(ballots.map(({ rater }) => rater))].sort(),
    prompts: counts.prompts,
    alpha,
    win_rates: rates,
    strengths,
    outlook: rates.map(pairOutlook),
    warnings: voteCautions(counted, counts, strengths, alpha),
  };
}

/**
 * @returns {VoteLine[]} the votes that came with the report and those of this browser, each once
 */
function allVotes() {
  return [...mergedVotes([...votesOfFolders(), ...keptVotes()]).values()];
}

/** @returns {VoteLine[]} the votes that the run folders held when the report was made */
function votesOfFolders() {
  const data = /** @type {ResultsData | null | undefined} */ (receivedData.get("results"));
  return (data?.votes ?? []).map(([axis, criterion, rater, pair, leftJob, leftImage, rightJob, rightImage, winner, at, folder]) => {
    const { id = null, spec_sha256 = null } = report.data.folders[folder] ?? {};
    const left = { job_id: leftJob, image: leftImage };
    const right = { job_id: rightJob, image: rightImage };
    return { vote: 1, run: { folders: [{ id, spec_sha256 }] }, axis, left, right, winner: /** @type {Winner} */ (winner), criterion, rater, pair, at };
  });
}
