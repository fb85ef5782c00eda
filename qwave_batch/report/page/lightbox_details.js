"use strict";

/**
 * @typedef {Array<[string, Node | string]>} Facts names and what stands beside them
 */

/**
 * Return what is known of a job without its details.
 *
 * @param {Job} job
 * @param {number} imageIndex
 * @returns {HTMLElement[]}
 */
function indexFacts(job, imageIndex) {
  const reason = reasonOf(job);
  /** @type {Facts} */
  const facts = [["Prompt", userText(promptOf(job).text)]];
  if (reason !== "") facts.push(["Reason", userText(reason)]);
  const scores = scoreFacts(job, imageIndex);
  return [...(scores === null ? [] : [scores]), factList([...facts, ...measuredFacts(job, imageIndex)])];
}

/**
 * Return all that is known of a job.
 *
 * @param {Job} job
 * @param {number} imageIndex
 * @param {DetailData} detail
 * @returns {HTMLElement[]}
 */
function allFacts(job, imageIndex, detail) {
  const image = detail.images[imageIndex];
  /** @type {Facts} */
  const facts = [["Prompt", userText(detail.prompt)]];
  if (detail.error !== null) facts.push(["Error", userText(`${detail.error.code}: ${detail.error.message}`)]);
  facts.push(["Seed", detail.seed === null ? "none" : String(detail.seed)], ...measuredFacts(job, imageIndex));
  for (const [name, value] of Object.entries(detail.axes)) {
    if (name !== "model") facts.push([`Axis ${name}`, userText(typeof value === "string" ? value : JSON.stringify(value))]);
  }
  if (detail.tags.length > 0) facts.push(["Tags", userText(detail.tags.join(", "))]);
  if (Object.keys(detail.meta).length > 0) facts.push(["Meta", jsonText(detail.meta)]);
  if (detail.submitted_at !== null) facts.push(["Submitted", instantText(detail.submitted_at)]);
  if (detail.completed_at !== null) facts.push(["Completed", instantText(detail.completed_at)]);
  if (detail.attempts > 1) facts.push(["Attempts", String(detail.attempts)]);
  if (image !== undefined) facts.push(["File", userText(image.path)], ["Bytes", `${image.bytes.toLocaleString("en")} (${image.format})`]);
  facts.push(["Task", userText(detail.task_id ?? "none")], ["Job", userText(detail.job_id)]);
  facts.push(["Request", jsonText(detail.request)]);
  const scores = scoreFacts(job, imageIndex, image?.scores);
  return [...(scores === null ? [] : [scores]), factList(facts)];
}

/**
 * @param {Job} job
 * @param {number} imageIndex
 * @returns {Facts}
 */
function measuredFacts(job, imageIndex) {
  const image = job.images[imageIndex];
  const folder = report.data.folders[job.folder];
  /** @type {Facts} */
  const facts = [["Model", userText(modelOf(job))], ["Status", job.status], ["Cost", `${costText(job.cost)}`]];
  if (stageOf(job) !== "") facts.unshift(["Stage", userText(stageOf(job))]);
  if (job.seconds !== null) facts.push(["Time", secondsText(job.seconds)]);
  if (image !== undefined) facts.push(["Size", `${image.width} × ${image.height}`]);
  if (report.data.folders.length > 1 && folder !== undefined) facts.push(["Folder", userText(folder.label)]);
  return facts;
}

/**
 * @param {number} usd
 * @returns {string}
 */
function costText(usd) {
  return usd === 0 ? "0 USD" : `${usd.toLocaleString("en", { maximumSignificantDigits: 4 })} USD`;
}

/**
 * @param {number} seconds
 * @returns {string}
 */
function secondsText(seconds) {
  return `${seconds.toLocaleString("en", seconds < 1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 1 })} s`;
}

/**
 * @param {string} iso
 * @returns {HTMLElement}
 */
function instantText(iso) {
  return el("time", { datetime: iso }, iso.replace("T", " ").replace(/\.\d+/, "").replace("Z", " UTC"));
}

const SCROLLING_TEXT = { characters: 300, lines: 8 };

/**
 * @param {string} text
 * @param {{characters: number, lines: number}} [most] more of them may need more room than there is
 * @returns {HTMLElement}
 */
function userText(text, most = SCROLLING_TEXT) {
  const mayScroll = (text.length > most.characters || text.split("\n").length > most.lines) && 0; // then keys must reach it
  return el("div", { class: "user-text", tabindex: mayScroll }, text);
}

/**
 * @param {unknown} value
 * @returns {HTMLElement}
 */
function jsonText(value) {
  return el("pre", { class: "user-text json-text", dir: "ltr", tabindex: 0 }, JSON.stringify(value, null, 2));
}

/**
 * @param {Facts} facts
 * @returns {HTMLElement}
 */
function factList(facts) {
  return el("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
