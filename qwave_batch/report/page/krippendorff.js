"use strict";

/**
 * Return Krippendorff's alpha of the raters' answers to the same questions, which are names without an order: 1 where all
 * agree, 0 as by chance, below 0 for less than that. Questions that one rater alone has answered do not count.
 *
 * @param {readonly Ballot[]} ballots
 * @returns {number | null} null where no two raters have answered the same question
 */
function alphaOfRaters(ballots) {
  const questions = groupedBy(ballots, (ballot) => ballot.subject);
  const totals = [0, 0, 0];
  let disagreement = 0;
  for (const answers of questions.values()) {
    const ofRaters = new Map(answers.map((ballot) => [ballot.rater, ballot.outcome]));
    if (ofRaters.size < 2) continue;
    const counts = [0, 0, 0];
    for (const outcome of ofRaters.values()) {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      totals[outcome] = (totals[outcome] ?? 0) + 1;
    }
    disagreement += unlikePairs(counts) / (ofRaters.size - 1);
  }
  const all = totals.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const expected = unlikePairs(totals) / (all - 1);
  return expected === 0 ? 1 : 1 - disagreement / expected;
}

/**
 * @param {readonly number[]} counts by answer
 * @returns {number} pairs of different answers, each in both orders
 */
function unlikePairs(counts) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count) => sum + count * (all - count), 0);
}
