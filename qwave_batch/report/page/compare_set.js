"use strict";

/**
 * What is compared stands in the view as `compare=`, so that it can be sent: keys of jobs, with the image where it is not
 * the first one of its job.
 *
 * @typedef {{job: Job, image: number}} ComparedImage
 */

const MOST_COMPARED = 4;
const COMPARED_IMAGE = "~";

/** @returns {ComparedImage[]} those that the report holds; of a job without images, which a change may be, the job alone */
function comparedImages() {
  /** @type {ComparedImage[]} */
  const found = [];
  for (const key of comparedKeys()) {
    const [jobKey = "", image = "0"] = key.split(COMPARED_IMAGE);
    const job = jobWithKey(jobKey);
    if (job !== undefined && (image === "0" || job.images[Number(image)] !== undefined)) found.push({ job, image: Number(image) });
  }
  return found;
}

/** @returns {string[]} */
function comparedKeys() {
  return viewValue("compare").split(",").filter((key) => key !== "");
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {string}
 */
function comparedKey(job, image) {
  return image === 0 ? keyOfJob(job) : `${keyOfJob(job)}${COMPARED_IMAGE}${image}`;
}

/**
 * @param {Job} job
 * @param {number} [image] without it any image of the job
 * @returns {boolean}
 */
function isCompared(job, image) {
  const keys = comparedKeys();
  if (image !== undefined) return keys.includes(comparedKey(job, image));
  return keys.some((key) => key.split(COMPARED_IMAGE)[0] === keyOfJob(job));
}

/**
 * Compare an image, or no longer; says what became of it.
 *
 * @param {Job} job
 * @param {number} [image]
 * @returns {string} what was said
 */
function toggleCompared(job, image = 0) {
  const said = toggledCompared(job, image);
  announce(said);
  return said;
}

/**
 * Compare an image, or no longer.
 *
 * @param {Job} job
 * @param {number} image
 * @returns {string} what is to be said of it
 */
function toggledCompared(job, image) {
  const key = comparedKey(job, image);
  const keys = comparedImages().map((each) => comparedKey(each.job, each.image)); // and none of an older report
  if (keys.includes(key)) {
    setView({ compare: keys.filter((each) => each !== key).join(",") });
    return "No longer compared.";
  }
  if (job.images[image] === undefined) return "There is no image to compare.";
  if (keys.length >= MOST_COMPARED) {
    return `At most ${MOST_COMPARED} images are compared at once: take one out on the page Compare first.`;
  }
  setView({ compare: [...keys, key].join(",") });
  return `${keys.length + 1} of ${MOST_COMPARED} to compare, on the page Compare.`;
}
