"use strict";

/**
 * The report as the page works with it: the data of `data/index.js` with every job knowing its place.
 *
 * @typedef {object} ShownReport
 * @property {IndexData} data
 * @property {Job[]} jobs in plan order, folder after folder
 *
 * @typedef {JobData & {index: number}} Job a job with its position in `jobs`
 */

const JOBS_PER_FILE = 500;

/**
 * @param {IndexData} data
 * @returns {ShownReport}
 */
function reportOf(data) {
  return { data, jobs: data.jobs.map((job, index) => ({ ...job, index })) };
}

/** @type {ShownReport} */
let report = reportOf({
  format: 1, revision: "", title: "", folders: [], prompts: [], models: [], tags: [], axes: [], errors: [], jobs: [],
});

/** @type {Array<() => void>} */
const reportListeners = [];

/**
 * Call `listener` when the data have changed, as they do while a run goes on.
 *
 * @param {() => void} listener
 */
function onReport(listener) {
  reportListeners.push(listener);
}

/**
 * Show other data from now on.
 *
 * @param {IndexData} data
 */
function setReport(data) {
  report = reportOf(data);
  for (const listener of reportListeners) listener();
}

/**
 * @param {Job} job
 * @param {PlaceData} [place] one of its places; the first if none is given
 * @returns {string}
 */
function modelOf(job, place = job.places[0]) {
  return report.data.models[place?.model ?? job.model] ?? "";
}

/**
 * @param {Job} job
 * @param {PlaceData} [place] one of its places; the first if none is given
 * @returns {PromptData} the prompt of that place
 */
function promptOf(job, place = job.places[0]) {
  return promptNumbered(place?.prompt ?? -1);
}

/**
 * @param {number} number
 * @returns {PromptData}
 */
function promptNumbered(number) {
  return report.data.prompts[number] ?? { id: "", text: "" };
}

/** @returns {readonly string[]} the stages of the report; none where its folders have none */
function stages() {
  return report.data.stages ?? [];
}

/**
 * @param {Job} job
 * @returns {string} the name of its stage; empty where there are none
 */
function stageOf(job) {
  return stages()[job.stage ?? -1] ?? "";
}

/**
 * @param {Job} job
 * @returns {string} why there is no image, or an empty text
 */
function reasonOf(job) {
  const error = job.error === null ? undefined : report.data.errors[job.error];
  return error === undefined ? "" : `${error.code}: ${error.message}`;
}

/**
 * Return the name of a cell for those who do not see it: prompt id, model and status, and why there is no image.
 *
 * @param {Job} job
 * @param {PlaceData} [place] the place that it is seen in
 * @returns {string}
 */
function nameOfJob(job, place) {
  const parts = [promptOf(job, place).id, modelOf(job, place), job.status];
  if (report.data.folders.length > 1) parts.push(report.data.folders[job.folder]?.label ?? "");
  const reason = reasonOf(job);
  if (reason !== "") parts.push(reason);
  return parts.join(", ");
}

/**
 * Return what tells a job from all others of the report: two folders may hold the same job.
 *
 * @param {Job} job
 * @returns {string} such as `3f0c...` or, with several folders, `3f0c...@1`
 */
function keyOfJob(job) {
  return report.data.folders.length > 1 ? `${job.id}@${job.folder}` : job.id;
}

/**
 * @param {string} key
 * @returns {Job | undefined}
 */
function jobWithKey(key) {
  return report.jobs.find((job) => keyOfJob(job) === key);
}
