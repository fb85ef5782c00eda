"use strict";

/**
 * A source of numbers in [0, 1) that is the same for the same seed in every browser (sfc32, seeded by a hash of the
 * text): an order that was drawn once can be drawn again.
 *
 * @typedef {() => number} RandomSource
 */

/**
 * @param {string} seed
 * @returns {RandomSource}
 */
function seededRandom(seed) {
  let [a, b, c, d] = wordsOf(seed);
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 16; round += 1) next(); // similar seeds start out alike
  return next;
}

/**
 * @param {string} text
 * @returns {[number, number, number, number]} FNV-1a from four starts
 */
function wordsOf(text) {
  /** @type {[number, number, number, number]} */
  const words = [0x811c9dc5, 0x9e3779b9, 0x243f6a88, 0xb7e15162];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    words[0] = Math.imul(words[0] ^ unit, 0x01000193);
    words[1] = Math.imul(words[1] ^ unit, 0x85ebca6b);
    words[2] = Math.imul(words[2] ^ unit, 0xc2b2ae35);
    words[3] = Math.imul(words[3] ^ unit, 0x27d4eb2f);
  }
  return words;
}

/**
 * @param {string} text
 * @returns {string} a short number for it, as a seed that can be read out
 */
function numberOfText(text) {
  return String(wordsOf(text)[0] >>> 0).padStart(6, "0").slice(-6);
}

/**
 * Return the items in another order, each order as likely as any other.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {RandomSource} random
 * @returns {T[]}
 */
function shuffled(items, random) {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [/** @type {T} */ (result[other]), /** @type {T} */ (result[last])];
  }
  return result;
}
