"use strict";

/** @type {Map<string, Promise<DetailData[]>>} */
const detailFiles = new Map();

onReport(() => {
  detailFiles.clear(); // a run that goes on for hours brings new ones every few seconds
  for (const name of receivedData.keys()) if (name.startsWith("details/")) receivedData.delete(name);
});

/**
 * Load what the index does not say of a job.
 *
 * @param {Job} job
 * @returns {Promise<DetailData>} rejected when the file is not there
 */
async function detailsOf(job) {
  const name = `details/${String(Math.floor(job.detail / JOBS_PER_FILE)).padStart(3, "0")}`;
  const key = `${name}?${report.data.revision}`; // those of an older report are not shown with a newer one
  const known = detailFiles.get(key) ?? /** @type {Promise<DetailData[]>} */ (loadData(name, report.data.revision));
  detailFiles.set(key, known);
  const details = await known.catch((error) => {
    detailFiles.delete(key);
    throw error;
  });
  const detail = details[job.detail % JOBS_PER_FILE];
  if (detail === undefined || detail.job_id !== job.id) throw new Error("the report's files do not belong together");
  return detail;
}
