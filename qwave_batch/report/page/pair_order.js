"use strict";

/**
 * The order in which pairs are asked, and their sides. All of it is pure.
 *
 * @typedef {object} SidedPair
 * @property {ImagePair} pair
 * @property {PairImage} left
 * @property {PairImage} right
 */

/**
 * Put pairs in an order in which every beginning is balanced: values are compared equally often, over as many prompts as
 * there are. Each value pair goes round the prompts from a start of its own, and one after the other takes its turn. A
 * value stands on either side equally often.
 *
 * @param {readonly ImagePair[]} pairs
 * @param {RandomSource} random
 * @returns {SidedPair[]}
 */
function orderedPairs(pairs, random) {
  const byValues = groupedBy(shuffled(pairs, random), (pair) => pair.values);
  const prompts = shuffled([...new Set(pairs.map((pair) => pair.prompt))].sort(), random);
  const queues = shuffled([...byValues.values()], random).map((queue, at) => {
    const start = Math.floor((at * prompts.length) / byValues.size);
    return sidedPairs(aroundPrompts(queue, [...prompts.slice(start), ...prompts.slice(0, start)]), random);
  });
  /** @type {SidedPair[]} */
  const ordered = [];
  const rounds = Math.max(0, ...queues.map((queue) => queue.length));
  for (let round = 0; round < rounds; round += 1) {
    for (const queue of shuffled(queues, random)) {
      const next = queue[round];
      if (next !== undefined) ordered.push(next);
    }
  }
  return ordered;
}

/**
 * @param {readonly ImagePair[]} pairs of two values
 * @param {readonly string[]} prompts
 * @returns {ImagePair[]} one of each prompt, then a second one of each, and so on
 */
function aroundPrompts(pairs, prompts) {
  const byPrompt = groupedBy(pairs, (pair) => pair.prompt);
  /** @type {ImagePair[]} */
  const found = [];
  for (let round = 0; found.length < pairs.length; round += 1) {
    for (const prompt of prompts) {
      const pair = byPrompt.get(prompt)?.[round];
      if (pair !== undefined) found.push(pair);
    }
  }
  return found;
}

/**
 * @param {readonly ImagePair[]} pairs of two values
 * @param {RandomSource} random
 * @returns {SidedPair[]} of two that follow each other, one has the first value on the left
 */
function sidedPairs(pairs, random) {
  let isFirstLeft = false;
  return pairs.map((pair, at) => {
    isFirstLeft = at % 2 === 0 ? random() < 0.5 : !isFirstLeft;
    const [first, second] = pair.images;
    return isFirstLeft ? { pair, left: first, right: second } : { pair, left: second, right: first };
  });
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @returns {Map<string, T[]>}
 */
function groupedBy(items, keyOf) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
