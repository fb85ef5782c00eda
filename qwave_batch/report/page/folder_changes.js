"use strict";

const CHANGE_KINDS = ["new", "gone", "changed", "same"];

/** The report whose changes are known by job. @type {ShownReport | null} */
let changesOfReport = null;

/** @type {Map<number, Set<string>>} by job what became of it, seen from both folders */
let changesByJob = new Map();

/** @returns {boolean} whether the report has folders to compare */
function hasChanges() {
  return (report.data.changes ?? []).length > 0;
}

/**
 * @param {Job} job
 * @param {string} value one of `CHANGE_KINDS`; `all` or an empty text lets every job pass
 * @returns {boolean}
 */
function hasChange(job, value) {
  if (value === "" || value === "all") return true;
  return knownChanges().get(job.index)?.has(value) ?? false;
}

/** @returns {Map<number, Set<string>>} */
function knownChanges() {
  if (changesOfReport === report) return changesByJob;
  changesOfReport = report;
  changesByJob = new Map();
  for (const { kind, before, after } of report.data.changes ?? []) {
    for (const number of [before, after]) {
      if (number === null) continue;
      const kinds = changesByJob.get(number) ?? new Set();
      changesByJob.set(number, kinds.add(kind));
    }
  }
  return changesByJob;
}

/**
 * Return the pairs of jobs that stand in one place and differ.
 *
 * @returns {Array<[Job, Job]>}
 */
function changedPairs() {
  /** @type {Array<[Job, Job]>} */
  const pairs = [];
  for (const { kind, before, after } of report.data.changes ?? []) {
    const one = report.jobs[before ?? -1];
    const other = report.jobs[after ?? -1];
    if (kind === "changed" && one !== undefined && other !== undefined) pairs.push([one, other]);
  }
  return pairs;
}
