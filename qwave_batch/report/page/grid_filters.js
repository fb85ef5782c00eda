"use strict";

/**
 * A filter of the grid. It selects places of jobs: a job is seen in those that all filters admit.
 *
 * @typedef {object} GridFilter
 * @property {string} key in the fragment; without it, and for `all`, everything is admitted
 * @property {string} label
 * @property {() => readonly string[]} options without `all`; another value in the fragment is passed over
 * @property {(job: Job, place: PlaceData, value: string) => boolean} admits
 * @property {() => boolean} [isOffered] whether there is anything to choose
 */

const ALL = "all";
const NO_TAG = "no tag";
const PICK_FILTERS = ["keep", "reject", "none"];
const STATUSES = ["completed", "failed", "refused", "skipped", "cancelled", "unknown", "pending"];

/** @type {GridFilter[]} */
const gridFilters = [
  { key: "status", label: "Status", options: () => STATUSES, admits: (job, _place, value) => job.status === value },
  { key: "model", label: "Model", options: () => report.data.models, admits: (job, place, value) => modelOf(job, place) === value },
  {
    key: "stage",
    label: "Stage",
    options: () => stages(),
    admits: (job, _place, value) => stageOf(job) === value,
    isOffered: () => stages().length > 0,
  },
  { key: "tag", label: "Tag", options: tagOptions, admits: hasTag },
  { key: "pick", label: "Pick", options: () => PICK_FILTERS, admits: (job, _place, value) => hasPick(job, value) },
  {
    key: "change",
    label: "Change",
    options: () => CHANGE_KINDS, // of a script that comes later
    admits: (job, _place, value) => hasChange(job, value),
    isOffered: () => hasChanges(),
  },
];

/** @returns {readonly string[]} */
function tagOptions() {
  const { tags } = report.data;
  return tags.includes(NO_TAG) || tags.length === 0 ? tags : [...tags, NO_TAG];
}

/**
 * @param {Job} _job
 * @param {PlaceData} place
 * @param {string} value
 * @returns {boolean}
 */
function hasTag(_job, place, value) {
  const number = report.data.tags.indexOf(value);
  return number === -1 ? place.tags.length === 0 : place.tags.includes(number);
}

/**
 * @param {GridFilter} filter
 * @returns {string} what is chosen, `all` if that is not to be had
 */
function chosenOf(filter) {
  const value = viewValue(filter.key, ALL);
  return value !== ALL && (filter.isOffered?.() ?? true) && filter.options().includes(value) ? value : ALL;
}

/**
 * Return which places the fragment's filters and search let through.
 *
 * @returns {(job: Job, place: PlaceData) => boolean}
 */
function visibleInView() {
  const chosen = gridFilters.map((filter) => ({ admits: filter.admits, value: chosenOf(filter) })).filter((each) => each.value !== ALL);
  const found = promptsFound(viewValue("q"));
  const hasScore = scoreAdmits();
  return (job, place) =>
    (found === null || found.has(place.prompt)) && hasScore(job) && chosen.every(({ admits, value }) => admits(job, place, value));
}

/**
 * @param {string} text part of a prompt's id or text, in large or small letters
 * @returns {ReadonlySet<number> | null} the numbers of the prompts that have it; null for all
 */
function promptsFound(text) {
  const wanted = folded(text.trim());
  if (wanted === "") return null;
  /** @type {Set<number>} */
  const found = new Set();
  for (const [number, prompt] of report.data.prompts.entries()) {
    if (folded(prompt.id).includes(wanted) || folded(prompt.text).includes(wanted)) found.add(number);
  }
  return found;
}

/**
 * Return a text without the difference of large and small letters, also where they are several or two forms of one:
 * ß and SS, σ and ς.
 *
 * @param {string} text
 * @returns {string}
 */
function folded(text) {
  return text.toLowerCase().toUpperCase();
}

/** Let everything through again. */
function clearFilters() {
  setView({ q: null, hide: null, score: null, ...Object.fromEntries(gridFilters.map((filter) => [filter.key, null])) });
}
