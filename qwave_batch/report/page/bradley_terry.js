"use strict";

/**
 * Bradley-Terry strengths, so that s / (s + t) is the chance of one value to be preferred to another. A tie counts half
 * for each side. The strengths of values that votes join have the geometric mean 1. All of it is pure.
 *
 * @typedef {object} Strength
 * @property {string} value
 * @property {number} strength
 * @property {number | null} low the interval of a bootstrap over prompts; null where there is no bound on this side
 * @property {number | null} high
 * @property {number} group only strengths of one group can be compared: no votes join the groups
 * @property {boolean} isBounded whether the votes alone fix it; else it stands for "very weak" or "very strong"
 *
 * @typedef {number[][]} WinMatrix how often the value of a row was preferred to that of a column
 */

const NEWMAN_TOLERANCE = 1e-9;
const NEWMAN_ROUNDS = 10_000;
/** Strengths that differ less than this part of themselves are the same. */
const ALIKE = 1e-6;

/**
 * @param {PairCounts} counts
 * @param {Outcomes[][] | null} drawn
 * @param {RandomSource} random
 * @returns {Strength[]} group by group, the strongest first
 */
function strengthsOf(counts, drawn, random) {
  const found = joinedGroups(counts).flatMap((group, number) => {
    const all = winMatrix(counts, group, counts.pairs.map((pair) => pair.all));
    const isBounded = areAllBeaten(all);
    const scores = newmanScores(isBounded ? all : plusEven(all, all, 1));
    const intervals = strengthIntervals(counts, group, all, drawn, isBounded ? null : random);
    return group.map((value, at) => ({
      value: counts.values[value] ?? "",
      strength: scores[at] ?? 1,
      low: beatsAll(all, at) ? (intervals?.[at]?.low ?? null) : null,
      high: isBeatenByAll(all, at) ? (intervals?.[at]?.high ?? null) : null,
      group: number,
      isBounded,
    }));
  });
  return found.sort(
    (one, other) => one.group - other.group || other.strength - one.strength || compareTexts(one.value, other.value),
  );
}

/**
 * Return the interval of each strength of a group.
 *
 * A draw that has no finite strengths gets an even prompt, on which all compared pairs are tied. If all votes together
 * have none, the even prompt is one of those that are drawn, and comes once on average.
 *
 * @param {PairCounts} counts
 * @param {number[]} group
 * @param {WinMatrix} all
 * @param {Outcomes[][] | null} drawn
 * @param {RandomSource | null} random null if the votes alone fix the strengths
 * @returns {Array<Interval | null> | null}
 */
function strengthIntervals(counts, group, all, drawn, random) {
  const prompts = promptsOfGroup(counts, group);
  if (drawn === null || prompts < LEAST_PROMPTS_TO_DRAW) return null;
  const scores = drawn.map((outcomes) => {
    const wins = winMatrix(counts, group, outcomes);
    const times = random === null ? 0 : poissonOne(random);
    return newmanScores(plusEven(wins, all, Math.max(times, areAllBeaten(wins) ? 0 : 1)));
  });
  return group.map((_value, at) => strengthInterval(scores.map((each) => each[at] ?? NaN), prompts));
}

/**
 * @param {number[]} scores of one value, in each draw
 * @param {number} prompts
 * @returns {Interval | null} null where all draws are alike, and say nothing of prompts that were not asked
 */
function strengthInterval(scores, prompts) {
  const interval = intervalOfDraws(scores, prompts);
  const isAlike = interval !== null && Math.max(...scores) - Math.min(...scores) <= ALIKE * interval.high;
  return isAlike ? null : interval;
}

/**
 * @param {PairCounts} counts
 * @param {number[]} group
 * @returns {number} on how many prompts the values of a group were compared
 */
function promptsOfGroup(counts, group) {
  const pairs = counts.pairs.filter(({ first }) => group.includes(first));
  return new Set(pairs.flatMap(({ byPrompt }) => [...byPrompt.keys()])).size;
}

/**
 * @param {PairCounts} counts
 * @returns {number[][]} the values that comparisons join, directly or by way of others
 */
function joinedGroups(counts) {
  let groupOf = counts.values.map((_value, number) => number);
  for (const { first, second } of counts.pairs) {
    const [now, before] = [groupOf[first], groupOf[second]];
    groupOf = groupOf.map((group) => (group === before ? /** @type {number} */ (now) : group));
  }
  return [...new Set(groupOf)].map((group) => counts.values.flatMap((_value, at) => (groupOf[at] === group ? [at] : [])));
}

/**
 * @param {PairCounts} counts
 * @param {number[]} group
 * @param {Outcomes[]} outcomes of each pair
 * @returns {WinMatrix}
 */
function winMatrix(counts, group, outcomes) {
  const matrix = group.map(() => group.map(() => 0));
  counts.pairs.forEach(({ first, second }, at) => {
    const [one, other] = [group.indexOf(first), group.indexOf(second)];
    const [wins, ties, losses] = outcomes[at] ?? [0, 0, 0];
    const [row, column] = [matrix[one], matrix[other]];
    if (row === undefined || column === undefined) return;
    row[other] = wins + ties / 2;
    column[one] = losses + ties / 2;
  });
  return matrix;
}

/**
 * @param {WinMatrix} wins
 * @returns {boolean} whether every value is beaten, by way of others, by every other one; else no finite strengths fit best
 */
function areAllBeaten(wins) {
  return beatsAll(wins, 0) && isBeatenByAll(wins, 0);
}

/**
 * @param {WinMatrix} wins
 * @param {number} value
 * @returns {boolean} whether it beats all others, if by way of others; else its strength has no bound below
 */
function beatsAll(wins, value) {
  const seen = new Set([value]);
  for (const from of seen) wins.forEach((_row, to) => cellOf(wins, from, to) > 0 && seen.add(to));
  return seen.size === wins.length;
}

/**
 * @param {WinMatrix} wins
 * @param {number} value
 * @returns {boolean} whether all others beat it, if by way of others; else its strength has no bound above
 */
function isBeatenByAll(wins, value) {
  const seen = new Set([value]);
  for (const to of seen) wins.forEach((_row, from) => cellOf(wins, from, to) > 0 && seen.add(from));
  return seen.size === wins.length;
}

/**
 * @param {WinMatrix} wins
 * @param {WinMatrix} all tells which pairs were compared
 * @param {number} times
 * @returns {WinMatrix} with one tie more, so many times, for each pair that was compared
 */
function plusEven(wins, all, times) {
  if (times === 0) return wins;
  return wins.map((row, one) => row.map((count, other) => count + (cellOf(all, one, other) + cellOf(all, other, one) > 0 ? times / 2 : 0)));
}

/**
 * @param {WinMatrix} wins of values that are all beaten
 * @returns {number[]} by Newman's iteration (2023)
 */
function newmanScores(wins) {
  const scores = wins.map(() => 1);
  for (let round = 0; round < NEWMAN_ROUNDS; round += 1) {
    const before = [...scores];
    scores.forEach((_score, one) => (scores[one] = newmanScore(wins, scores, one)));
    const mean = Math.exp(scores.reduce((sum, score) => sum + Math.log(score), 0) / scores.length);
    scores.forEach((score, one) => (scores[one] = score / mean));
    if (scores.every((score, one) => Math.abs(score - (before[one] ?? 0)) <= NEWMAN_TOLERANCE * score)) break;
  }
  return scores;
}

/**
 * @param {WinMatrix} wins
 * @param {number[]} scores
 * @param {number} one
 * @returns {number}
 */
function newmanScore(wins, scores, one) {
  const own = scores[one] ?? 1;
  let won = 0;
  let lost = 0;
  for (const [other, score] of scores.entries()) {
    won += (cellOf(wins, one, other) * score) / (own + score);
    lost += cellOf(wins, other, one) / (own + score);
  }
  return won / lost;
}

/**
 * @param {WinMatrix} matrix
 * @param {number} row
 * @param {number} column
 * @returns {number}
 */
function cellOf(matrix, row, column) {
  return matrix[row]?.[column] ?? 0;
}

/**
 * @param {RandomSource} random
 * @returns {number} how often a thing comes that comes once on average (Poisson's distribution, by Knuth)
 */
function poissonOne(random) {
  let times = 0;
  for (let product = random(); product > Math.exp(-1); product *= random()) times += 1;
  return times;
}
