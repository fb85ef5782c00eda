"use strict";

/**
 * Confidence intervals at 95 %: Wilson's for a rate, and the percentiles of a bootstrap. All of it is pure.
 *
 * @typedef {{low: number, high: number}} Interval
 */

const Z_95 = 1.959963984540054;

/**
 * @param {number} rate
 * @param {number} count of independent answers
 * @returns {Interval} Wilson's score interval
 */
function wilson(rate, count) {
  if (count === 0) return { low: 0, high: 1 };
  const square = Z_95 ** 2;
  const scale = 1 + square / count;
  const middle = (rate + square / (2 * count)) / scale;
  const half = (Z_95 / scale) * Math.sqrt((rate * (1 - rate)) / count + square / (4 * count ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * Return the share of bootstrap draws below the lower bound, and above the upper one. The percentiles are expanded
 * (Hesterberg 2015): the plain ones are too narrow for few prompts.
 *
 * @param {number} prompts
 * @returns {number}
 */
function lowerPercentile(prompts) {
  return normalShare(-Math.sqrt(prompts / (prompts - 1)) * studentQuantile(prompts - 1));
}

/**
 * @param {number} degrees of freedom
 * @returns {number} the 97.5 % quantile of Student's distribution, by its expansion around the normal one
 */
function studentQuantile(degrees) {
  const [z, n] = [Z_95, degrees];
  return (
    z +
    (z ** 3 + z) / (4 * n) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * n ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * n ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92_160 * n ** 4)
  );
}

/**
 * @param {number} x below zero
 * @returns {number} the share of a normal distribution below x: erfc by Chebyshev's approximation, good to 1.2e-7 of itself
 */
function normalShare(x) {
  const z = -x / Math.SQRT2;
  const t = 2 / (2 + z);
  const terms = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223,
  ];
  const sum = terms.reduce((value, term) => value * t + term, 0);
  return (t * Math.exp(-z * z + sum)) / 2;
}

/**
 * @param {number[]} values what was computed for each draw; draws in which it could not be are NaN
 * @param {number} prompts
 * @returns {Interval | null}
 */
function intervalOfDraws(values, prompts) {
  const known = values.filter((value) => Number.isFinite(value)).sort((one, other) => one - other);
  if (known.length === 0) return null;
  const share = lowerPercentile(prompts);
  return { low: quantileOf(known, share), high: quantileOf(known, 1 - share) };
}

/**
 * @param {readonly number[]} sorted
 * @param {number} share
 * @returns {number} interpolated
 */
function quantileOf(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}
