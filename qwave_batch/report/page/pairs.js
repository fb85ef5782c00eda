"use strict";

/**
 * The pairs of images that a vote on an axis asks about: they differ in that axis, and in nothing else. A model that
 * follows from the parent's is no axis: it may differ with the axis of the earlier stage. All of it is pure.
 *
 * @typedef {object} PairImage
 * @property {Job} job
 * @property {number} image its number in the job
 *
 * @typedef {object} ImagePair
 * @property {string} id whatever the sides
 * @property {number} folder
 * @property {string} values names the two values of the axis
 * @property {string} prompt its id
 * @property {readonly [number, number]} prompts the numbers of both prompts: they differ where the axis changes the text
 * @property {readonly [PairImage, PairImage]} images in the order of the axis's values
 *
 * @typedef {Map<number, Job | null>} PairCell the job of each value where all else is equal; null where there are several
 */

const MOST_PAIRS = 50_000;
const VALUE_SEPARATOR = "\u0000";

/**
 * @param {ShownReport} shown
 * @returns {string[]} the axes that have pairs: `model` and those of the spec
 */
function votableAxes(shown) {
  const names = ["model", ...shown.data.axes.map((axis) => specAxisName(axis.name))];
  return names.filter((name) => pairsAlong(shown, name, 1).length > 0);
}

/**
 * @param {ShownReport} shown
 * @param {string} axis
 * @param {number} [most] pairs that are wanted; of more than those, each value is held against its neighbours only
 * @returns {ImagePair[]} each once
 */
function pairsAlong(shown, axis, most = MOST_PAIRS) {
  const cells = pairCells(shown, axis);
  const distance = greatestDistance(cells, most);
  /** @type {Map<string, ImagePair>} */
  const found = new Map();
  for (const { cell, folder, prompt } of cells) {
    const values = [...cell.keys()].sort((one, other) => one - other);
    for (const [one, other] of valuePairs(values, distance)) {
      for (const pair of jobPairs(cell, one, other)) {
        const key = `${folder}:${pair.id}`;
        if (!found.has(key)) found.set(key, { ...pair, folder, prompt });
        if (found.size >= most) return [...found.values()];
      }
    }
  }
  return [...found.values()];
}

/**
 * @param {ShownReport} shown
 * @param {string} axis
 * @returns {Array<{cell: PairCell, folder: number, prompt: string}>} places that agree in all but the axis
 */
function pairCells(shown, axis) {
  const number = axisNumber(shown, axis);
  if (axis !== "model" && number < 0) return [];
  /** @type {Map<string, {cell: PairCell, folder: number, prompt: string}>} */
  const cells = new Map();
  for (const job of shown.jobs) {
    if (job.status !== "completed") continue;
    for (const place of job.places) {
      const value = axis === "model" ? place.model : (place.axes[number] ?? NO_VALUE);
      if (value === NO_VALUE) continue;
      const prompt = shown.data.prompts[place.prompt]?.id ?? "";
      const others = place.axes.map((each, at) => (at === number ? null : each));
      const model = axis === "model" || place.modelFollows ? null : place.model;
      const key = JSON.stringify([job.folder, job.stage, prompt, place.repeat, model, others]);
      const cell = cells.get(key)?.cell ?? new Map();
      cells.set(key, { cell, folder: job.folder, prompt });
      const there = cell.get(value);
      cell.set(value, there === undefined || there === job ? job : null);
    }
  }
  return [...cells.values()].filter(({ cell }) => cell.size > 1);
}

const SPEC_AXIS_MARK = / \(axis\)$/;

/**
 * @param {string} shownName as the grid shows it: with a mark where the page has an axis of that name itself
 * @returns {string} as it stands in the spec, and in votes
 */
function specAxisName(shownName) {
  const name = shownName.replace(SPEC_AXIS_MARK, "");
  return ["prompt", "tag", "folder", "none", "stage", "prompt_id"].includes(name) ? name : shownName;
}

/**
 * @param {ShownReport} shown
 * @param {string} axis
 * @returns {number} of an axis of the spec; -1 for another one
 */
function axisNumber(shown, axis) {
  return shown.data.axes.findIndex((each) => specAxisName(each.name) === axis);
}

/**
 * Return how far apart two values may be, in the circle of all values, so that there are not too many pairs: whatever
 * the distance, each value is compared equally often.
 *
 * @param {Array<{cell: PairCell}>} cells
 * @param {number} most
 * @returns {number}
 */
function greatestDistance(cells, most) {
  const sizes = cells.map(({ cell }) => cell.size);
  const all = sizes.reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  if (all <= most) return Infinity;
  return Math.max(1, Math.floor(most / sizes.reduce((sum, size) => sum + size, 0)));
}

/**
 * @param {number[]} values
 * @param {number} distance
 * @returns {Array<[number, number]>}
 */
function valuePairs(values, distance) {
  /** @type {Array<[number, number]>} */
  const found = [];
  values.forEach((one, at) => {
    for (const [further, other] of values.slice(at + 1).entries()) {
      if (Math.min(further + 1, values.length - further - 1) <= distance) found.push([one, other]);
    }
  });
  return found;
}

/**
 * @param {PairCell} cell
 * @param {number} one
 * @param {number} other
 * @returns {Array<Omit<ImagePair, "folder" | "prompt">>} image by image
 */
function jobPairs(cell, one, other) {
  const [first, second] = [cell.get(one), cell.get(other)];
  if (!first || !second || first === second) return [];
  const prompts = /** @type {const} */ ([promptIn(first), promptIn(second)]);
  const found = [];
  for (let image = 0; image < Math.min(first.images.length, second.images.length); image += 1) {
    if (first.images[image]?.hash === second.images[image]?.hash) continue; // the same image
    const images = /** @type {const} */ ([{ job: first, image }, { job: second, image }]);
    found.push({ id: pairId(images), values: `${one}${VALUE_SEPARATOR}${other}`, prompts, images });
  }
  return found;
}

/**
 * @param {Job} job
 * @returns {number} a job has one text, wherever it stands
 */
function promptIn(job) {
  return job.places[0]?.prompt ?? -1;
}

/**
 * @param {readonly [PairImage, PairImage]} images
 * @returns {string} the same whatever the sides
 */
function pairId(images) {
  return images.map(({ job, image }) => `${job.id}.${image}`).sort().join("~");
}
