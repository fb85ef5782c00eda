"use strict";

/**
 * What follows from ballots: win rates and Bradley-Terry strengths, each with intervals of a bootstrap over prompts. The
 * algorithm, and so every number but for the noise of the draws, is that of `qwave-batch votes`. All of it is pure.
 *
 * @typedef {object} PairCounts
 * @property {string[]} values
 * @property {number} prompts
 * @property {CountedPair[]} pairs
 *
 * @typedef {object} CountedPair
 * @property {number} first numbers of two values
 * @property {number} second
 * @property {Map<number, Outcomes>} byPrompt
 * @property {Outcomes} all
 *
 * @typedef {[number, number, number]} Outcomes wins of the first, ties, losses
 *
 * @typedef {object} WinRate
 * @property {string} value the better one; of two that are even, the first by name
 * @property {string} against
 * @property {number} wins
 * @property {number} losses
 * @property {number} ties
 * @property {number} rate
 * @property {number} low Wilson's interval
 * @property {number} high
 * @property {number | null} boot_low the bootstrap's
 * @property {number | null} boot_high
 * @property {number} prompts
 */

const DRAWS = 1_000;
const LEAST_PROMPTS_TO_DRAW = 2;
const DRAW_SEED = "20261128";

/**
 * @param {readonly Ballot[]} ballots
 * @returns {PairCounts}
 */
function pairCounts(ballots) {
  const values = [...new Set(ballots.flatMap(({ first, second }) => [first, second]))].sort();
  const numberOf = new Map(values.map((value, number) => [value, number]));
  const prompts = new Map([...new Set(ballots.map(({ prompt }) => prompt))].map((prompt, number) => [prompt, number]));
  /** @type {Map<string, CountedPair>} */
  const pairs = new Map();
  for (const ballot of ballots) {
    const [first, second] = [numberOf.get(ballot.first) ?? 0, numberOf.get(ballot.second) ?? 0];
    const key = `${first},${second}`;
    const pair = pairs.get(key) ?? { first, second, byPrompt: new Map(), all: /** @type {Outcomes} */ ([0, 0, 0]) };
    pairs.set(key, pair);
    const prompt = prompts.get(ballot.prompt) ?? 0;
    const outcomes = pair.byPrompt.get(prompt) ?? /** @type {Outcomes} */ ([0, 0, 0]);
    pair.byPrompt.set(prompt, outcomes);
    for (const counted of [outcomes, pair.all]) counted[ballot.outcome] = (counted[ballot.outcome] ?? 0) + 1;
  }
  const ordered = [...pairs.values()].sort((one, other) => one.first - other.first || one.second - other.second);
  return { values, prompts: prompts.size, pairs: ordered };
}

/**
 * Draw as many prompts as there are, with replacement and with all their votes, many times: what the counts might have
 * been, had other prompts been asked.
 *
 * @param {PairCounts} counts
 * @param {RandomSource} random
 * @returns {Outcomes[][] | null} for each draw the outcomes of each pair; null where there are too few prompts
 */
function drawnOutcomes(counts, random) {
  if (counts.prompts < LEAST_PROMPTS_TO_DRAW) return null;
  return Array.from({ length: DRAWS }, () => {
    const times = new Uint32Array(counts.prompts);
    for (let drawn = 0; drawn < counts.prompts; drawn += 1) {
      const prompt = Math.floor(random() * counts.prompts);
      times[prompt] = (times[prompt] ?? 0) + 1;
    }
    return counts.pairs.map((pair) => {
      /** @type {Outcomes} */
      const sum = [0, 0, 0];
      for (const [prompt, outcomes] of pair.byPrompt) {
        const weight = times[prompt] ?? 0;
        sum[WIN] += weight * outcomes[WIN];
        sum[TIE] += weight * outcomes[TIE];
        sum[LOSS] += weight * outcomes[LOSS];
      }
      return sum;
    });
  });
}

/**
 * @param {PairCounts} counts
 * @param {Outcomes[][] | null} drawn
 * @returns {WinRate[]} of every pair that was compared, the most decided first
 */
function winRates(counts, drawn) {
  const rates = counts.pairs.map((pair, at) => {
    const names = /** @type {[string, string]} */ ([counts.values[pair.first], counts.values[pair.second]]);
    const boot = drawn && bootstrapOf(pair, drawn.map((each) => rateOf(each[at] ?? [0, 0, 0])));
    const [wins, ties, losses] = pair.all;
    return winRate(names, pair, boot, losses > wins ? [losses, ties, wins] : pair.all, losses > wins);
  });
  return rates.sort(
    (one, other) => other.rate - one.rate || compareTexts(one.value, other.value) || compareTexts(one.against, other.against),
  );
}

/**
 * Return the interval of a pair over its prompts. Where the rate is the same on all of them, the draws are all alike and
 * say nothing of prompts that were not asked: each prompt then counts as one answer.
 *
 * @param {CountedPair} pair
 * @param {number[]} drawn rates
 * @returns {Interval | null} null below two prompts
 */
function bootstrapOf({ byPrompt }, drawn) {
  if (byPrompt.size < LEAST_PROMPTS_TO_DRAW) return null;
  const [rate = NaN, ...others] = new Set([...byPrompt.values()].map(rateOf));
  return others.length === 0 ? wilson(rate, byPrompt.size) : intervalOfDraws(drawn, byPrompt.size);
}

/**
 * @param {[string, string]} names
 * @param {CountedPair} pair
 * @param {Interval | null} boot of the first
 * @param {Outcomes} outcomes of the better one
 * @param {boolean} isTurned whether the better one is the second
 * @returns {WinRate}
 */
function winRate(names, pair, boot, outcomes, isTurned) {
  const [wins, ties, losses] = outcomes;
  const rate = rateOf(outcomes);
  return {
    value: names[isTurned ? 1 : 0],
    against: names[isTurned ? 0 : 1],
    wins,
    losses,
    ties,
    rate,
    ...wilson(rate, wins + ties + losses),
    boot_low: boot && (isTurned ? 1 - boot.high : boot.low),
    boot_high: boot && (isTurned ? 1 - boot.low : boot.high),
    prompts: pair.byPrompt.size,
  };
}

/**
 * @param {Outcomes} outcomes
 * @returns {number} wins and half of the ties, as a share of all; NaN where there are none
 */
function rateOf([wins, ties, losses]) {
  return (wins + ties / 2) / (wins + ties + losses);
}
