"use strict";

/**
 * Picks as JSON lines, both ways, in the form that `qwave-batch votes` reads.
 *
 * @typedef {{picks: KeptPick[], unknown: number, votes: number}} ReadPicks `unknown`: those of jobs that are not in this
 *   report; `votes`: votes in the same file
 */

/**
 * @param {readonly KeptPick[]} picks
 * @returns {string}
 */
function linesOfPicks(picks) {
  return picks.map((pick) => `${JSON.stringify(lineOfPick(pick))}\n`).join("");
}

/** @param {KeptPick} pick */
function lineOfPick({ job_id, folder, image, verdict, rating, rater, at }) {
  const line = { pick: 1, job_id, image, verdict, rating, rater, at };
  const { folders } = report.data;
  if (folders.length < 2) return line;
  const { id, spec_sha256 } = folders[folder] ?? { id: null, spec_sha256: null };
  return { ...line, run: { folders: [{ id, spec_sha256 }] } };
}

/**
 * @param {string} text
 * @param {string} name of the file
 * @returns {ReadPicks}
 * @throws {Error} where and why the file is not right
 */
function picksOfLines(text, name) {
  /** @type {ReadPicks} */
  const found = { picks: [], unknown: 0, votes: 0 };
  const jobs = jobsById();
  text.replace(/^\uFEFF/, "").split("\n").forEach((line, index) => {
    if (line.trim() === "") return;
    try {
      addPickLine(JSON.parse(line), jobs, found);
    } catch (error) {
      const reason = error instanceof SyntaxError ? `it is not JSON: ${error.message}` : /** @type {Error} */ (error).message;
      throw new Error(`${name}:${index + 1}: ${reason}. Nothing was imported.`);
    }
  });
  return found;
}

/** @returns {Map<string, Job[]>} */
function jobsById() {
  /** @type {Map<string, Job[]>} */
  const found = new Map();
  for (const job of report.jobs) found.set(job.id, [...(found.get(job.id) ?? []), job]);
  return found;
}

/**
 * @param {any} line
 * @param {Map<string, Job[]>} jobs
 * @param {ReadPicks} found
 */
function addPickLine(line, jobs, found) {
  if (typeof line !== "object" || line === null) throw new Error("a pick must be an object");
  if ("vote" in line) {
    found.votes += 1;
    return;
  }
  checkPickLine(line);
  const candidates = jobs.get(line.job_id) ?? [];
  const folder = folderOfLine(line);
  const job = folder === null ? candidates[0] : candidates.find((each) => each.folder === folder);
  if (job === undefined || job.images[line.image] === undefined) found.unknown += 1;
  else {
    const { job_id, image, verdict, rating = null, rater, at } = line;
    found.picks.push({ job_id, folder: job.folder, image, verdict, rating, rater: rater.trim(), at });
  }
}

/** @type {ReadonlyArray<[string, (value: any) => boolean, string]>} */
const PICK_RULES = [
  ["pick", (value) => value === 1, "must be 1"],
  ["job_id", (value) => typeof value === "string" && value !== "", "must be the id of a job"],
  ["image", (value) => Number.isInteger(value) && value >= 0, "must be a whole number from 0"],
  ["verdict", (value) => value === null || value === "keep" || value === "reject", 'must be "keep", "reject" or null'],
  ["rating", (value) => value == null || (Number.isInteger(value) && value >= 1 && value <= 5), "must be 1 to 5 or null"],
  ["rater", (value) => typeof value === "string" && value.trim() !== "", "must be a name"],
  ["at", isInstant, "must be a time such as 2026-11-28T22:00:00Z"],
];

/** @param {unknown} value */
function isInstant(value) {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
  return typeof value === "string" && form.test(value) && !Number.isNaN(Date.parse(value));
}

/** @param {any} line */
function checkPickLine(line) {
  for (const [key, isRight, rule] of PICK_RULES) {
    if (!isRight(line[key])) {
      const value = JSON.stringify(line[key]) ?? "missing";
      throw new Error(`"${key}" ${rule}; found ${value.length > 60 ? `${value.slice(0, 60)}…` : value}`);
    }
  }
}

/**
 * @param {any} line
 * @returns {number | null} the number of the folder that it names, -1 for one that is not here; null when it names none
 */
function folderOfLine(line) {
  const named = line.run?.folders?.[0];
  if (named === undefined || named === null) return null;
  return report.data.folders.findIndex((folder) =>
    folder.id !== null && named.id != null ? folder.id === named.id : folder.spec_sha256 === named.spec_sha256,
  );
}
