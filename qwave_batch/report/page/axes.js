"use strict";

/**
 * An axis that the grid, the filters and votes can go along.
 *
 * @typedef {object} Axis
 * @property {string} name as in the fragment and in the choices
 * @property {number} count of values, without that of jobs that have none
 * @property {(job: Job, place: PlaceData) => readonly number[]} valuesOf of a job in one of its places; several for
 *   tags; -1 stands for none
 * @property {(value: number) => string} labelOf short
 * @property {(value: number) => string} nameOf in full, as a screen reader says it
 * @property {(value: number) => string} [aboveOf] what stands in small type above the label; without it the axis decides
 * @property {(value: number) => string} keyOf short and distinct, as the fragment says it
 */

const NO_VALUE = -1;

/** @returns {Axis[]} all axes, the ones of the spec first, in its order */
function allAxes() {
  const { axes, models, tags, folders } = report.data;
  const own = axes.map((axis, number) => listedAxis(axis.name, axis.values, (_job, place) => [place.axes[number] ?? NO_VALUE]));
  return [
    promptAxis(),
    listedAxis("model", models, (_job, place) => [place.model]),
    ...(stages().length > 0 ? [listedAxis("stage", stages(), (job) => [job.stage ?? NO_VALUE]), promptIdAxis()] : []),
    ...own,
    listedAxis("tag", tags, (_job, place) => (place.tags.length > 0 ? place.tags : [NO_VALUE]), "no tag"),
    listedAxis("folder", folders.map((folder) => folder.label), (job) => [job.folder]),
  ];
}

/**
 * @param {string} name
 * @param {readonly string[]} values
 * @param {Axis["valuesOf"]} valuesOf
 * @param {string} [none] the label of jobs without a value
 * @returns {Axis}
 */
function listedAxis(name, values, valuesOf, none = "none") {
  /** @param {number} value */
  const labelOf = (value) => values[value] ?? none;
  return { name, count: values.length, valuesOf, labelOf, nameOf: labelOf, keyOf: labelOf };
}

/** @returns {Axis} */
function promptAxis() {
  return {
    name: "prompt",
    count: report.data.prompts.length,
    valuesOf: (_job, place) => [place.prompt],
    labelOf: (value) => promptNumbered(value).text || promptNumbered(value).id,
    nameOf: (value) => `${promptNumbered(value).id}: ${promptNumbered(value).text}`,
    keyOf: (value) => promptKeys()[value] ?? "",
  };
}

/**
 * Return the axis along which prompts of one id are one: the stages of a chain have texts of their own under it.
 *
 * @returns {Axis}
 */
function promptIdAxis() {
  if (knownPromptIds?.of === report.data) return knownPromptIds.axis;
  /** @type {Map<string, number>} */
  const numbers = new Map();
  /** @type {PromptData[]} */
  const firsts = [];
  const ofPrompt = report.data.prompts.map((prompt) => {
    const number = numbers.get(prompt.id) ?? firsts.push(prompt) - 1;
    numbers.set(prompt.id, number);
    return number;
  });
  /** @param {number} value */
  const idOf = (value) => firsts[value]?.id ?? "";
  /** @type {Axis} */
  const axis = {
    name: "prompt_id",
    count: firsts.length,
    valuesOf: (_job, place) => [ofPrompt[place.prompt] ?? NO_VALUE],
    labelOf: (value) => firsts[value]?.text || idOf(value),
    nameOf: (value) => `${idOf(value)}: ${firsts[value]?.text ?? ""}`,
    aboveOf: (value) => (firsts[value]?.text ? idOf(value) : ""),
    keyOf: idOf,
  };
  knownPromptIds = { of: report.data, axis };
  return axis;
}

/** @type {{of: IndexData, axis: Axis} | null} */
let knownPromptIds = null;

/** @type {{of: IndexData, keys: readonly string[]} | null} */
let knownPromptKeys = null;

/** @returns {readonly string[]} the ids of prompts; where one stands for several texts, `id~2` and so on */
function promptKeys() {
  if (knownPromptKeys?.of === report.data) return knownPromptKeys.keys;
  /** @type {Map<string, number>} */
  const seen = new Map();
  const keys = report.data.prompts.map(({ id }) => {
    const times = (seen.get(id) ?? 0) + 1;
    seen.set(id, times);
    return times === 1 ? id : `${id}~${times}`;
  });
  knownPromptKeys = { of: report.data, keys };
  return keys;
}

/**
 * @param {string} name
 * @returns {Axis | undefined}
 */
function axisNamed(name) {
  return allAxes().find((axis) => axis.name === name);
}

/** @type {{of: ShownReport, axes: Axis[]} | null} */
let knownVaryingAxes = null;

/** @returns {Axis[]} those along which jobs differ */
function varyingAxes() {
  if (knownVaryingAxes?.of !== report) knownVaryingAxes = { of: report, axes: allAxes().filter((axis) => varies(axis)) };
  return knownVaryingAxes.axes;
}

/**
 * Return the axes whose values tell jobs from each other in a caption, without those of some names. A stage has axes that
 * others have not; those of the stage just before say the most after its own.
 *
 * @param {ReadonlySet<string>} without
 * @returns {Axis[]}
 */
function tellingAxes(without) {
  const axes = varyingAxes().filter((axis) => !without.has(axis.name));
  if (stages().length === 0) return axes;
  /** @param {Axis} axis */
  const stageBefore = ({ name }) => stages().findIndex((stage) => name.startsWith(`${stage}.`));
  const own = axes.filter((axis) => stageBefore(axis) === -1);
  const inherited = axes.filter((axis) => stageBefore(axis) !== -1).sort((one, other) => stageBefore(other) - stageBefore(one));
  return [...own, ...inherited].filter((axis) => varies(axis, NO_VALUE));
}

/**
 * @param {Axis} axis
 * @param {number} [passedOver] a value that does not count
 * @returns {boolean}
 */
function varies(axis, passedOver) {
  /** @type {Set<number>} */
  const seen = new Set();
  for (const job of report.jobs) {
    for (const place of job.places) for (const value of axis.valuesOf(job, place)) if (value !== passedOver) seen.add(value);
    if (seen.size > 1) return true;
  }
  return false;
}
