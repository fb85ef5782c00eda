"use strict";

/**
 * How many more votes would settle a pair of values, by the rule of `qwave-batch votes`: its interval leaves out one half,
 * or lies between 40 and 60 %, over ten prompts at least. All of it is pure.
 *
 * @typedef {object} PairOutlook
 * @property {string} value
 * @property {string} against
 * @property {"better" | "equal" | "open"} outcome
 * @property {number} votes that are missing, if the rate stays as it is
 * @property {number} prompts that those should be spread over
 */

const ENOUGH_PROMPTS = 10;
const EQUAL_DISTANCE = 0.1;

/**
 * @param {WinRate} rate
 * @returns {PairOutlook}
 */
function pairOutlook(rate) {
  const { value, against } = rate;
  const outcome = rate.prompts < ENOUGH_PROMPTS ? "open" : outcomeOf(rate);
  if (outcome !== "open") return { value, against, outcome, votes: 0, prompts: 0 };
  const given = rate.wins + rate.losses + rate.ties;
  const missing = Math.max(1, Math.ceil(neededVotes(rate.rate) * repetitionOf(rate)) - given);
  const prompts = Math.max(Math.ceil(missing / (given / rate.prompts)), ENOUGH_PROMPTS - rate.prompts);
  return { value, against, outcome, votes: Math.max(missing, prompts), prompts };
}

/**
 * @param {WinRate} rate
 * @returns {"better" | "equal" | "open"} by the more careful interval at each end
 */
function outcomeOf({ low, high, boot_low, boot_high }) {
  const [least, most] = [Math.min(low, boot_low ?? low), Math.max(high, boot_high ?? high)];
  if (least > 0.5) return "better";
  return least >= 0.5 - EQUAL_DISTANCE && most <= 0.5 + EQUAL_DISTANCE ? "equal" : "open";
}

/**
 * @param {number} rate
 * @returns {number} independent votes that settle a pair with this rate
 */
function neededVotes(rate) {
  const distance = Math.abs(rate - 0.5);
  return (Z_95 / 2) ** 2 / Math.max(distance, EQUAL_DISTANCE - distance) ** 2;
}

/**
 * @param {WinRate} rate
 * @returns {number} how much votes on one prompt repeat each other: how much wider the bootstrap finds the rate
 */
function repetitionOf({ low, high, boot_low, boot_high }) {
  if (boot_low === null || boot_high === null || high === low) return 1;
  return Math.max(1, ((boot_high - boot_low) / (high - low)) ** 2);
}
