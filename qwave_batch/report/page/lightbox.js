"use strict";

/**
 * The dialog that shows one image in full. The job that it shows stands in the view as `job=`, and `image=` where it is not
 * the first of the job: so it can be sent, and Back closes it.
 *
 * @typedef {{job: Job, image: number}} Shown `image` is 0 for a job without images too
 */

/** @type {Shown | null} */
let shownInLightbox = null;

/** @type {string[]} keys of the jobs that Left and Right go through */
let lightboxKeys = [];

/** @type {(() => readonly Job[]) | null} */
let lightboxOrder = null;

/** @type {Array<(job: Job, imageIndex: number) => void>} */
const lightboxClosedListeners = [];

/** @type {HTMLElement | null} */
let focusBeforeLightbox = null;

/**
 * Show an image in full.
 *
 * @param {Job} job
 * @param {number} imageIndex
 * @param {readonly Job[]} orderedJobs those that Left and Right go through
 */
function openLightbox(job, imageIndex, orderedJobs) {
  lightboxKeys = [...new Set(orderedJobs.map(keyOfJob))];
  setView({ job: keyOfJob(job), image: imageIndex > 0 ? String(imageIndex) : null });
}

/**
 * Say in which order the jobs stand on a page, for a job that is opened by the address.
 *
 * @param {() => readonly Job[]} order
 */
function offerLightboxOrder(order) {
  lightboxOrder = order;
}

/**
 * Call `listener` when the dialog has closed, with what it showed last. Without a listener the element that had the focus
 * gets it back.
 *
 * @param {(job: Job, imageIndex: number) => void} listener
 */
function onLightboxClosed(listener) {
  lightboxClosedListeners.push(listener);
}

/** Show what the view says. */
function showLightbox() {
  const job = jobWithKey(viewValue("job"));
  if (job === undefined) {
    if (lightboxDialog().open) lightboxDialog().close();
    return;
  }
  const image = Math.min(Math.max(0, Number.parseInt(viewValue("image", "0"), 10) || 0), Math.max(0, job.images.length - 1));
  if (!lightboxKeys.includes(keyOfJob(job))) lightboxKeys = [...new Set((lightboxOrder?.() ?? report.jobs).map(keyOfJob))];
  if (!lightboxKeys.includes(keyOfJob(job))) lightboxKeys = report.jobs.map(keyOfJob); // one that a filter hides
  shownInLightbox = { job, image };
  drawLightbox(shownInLightbox);
  if (!lightboxDialog().open) {
    focusBeforeLightbox = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    lightboxDialog().showModal();
  }
}

/** Close the dialog at once: the browser tells of it only a moment later, when the next image may be open already. */
function closeLightbox() {
  lightboxDialog().close();
  leaveLightbox();
}

/** After the dialog has closed, by Escape, a button, or the view. */
function leaveLightbox() {
  if (lightboxDialog().open) return; // the next image was opened before the browser said so
  const last = shownInLightbox;
  shownInLightbox = null;
  lightboxDialog().replaceChildren();
  if (viewValue("job") !== "") closeJobInView();
  if (last === null) return;
  if (lightboxClosedListeners.length === 0) focusBeforeLightbox?.focus();
  for (const listener of lightboxClosedListeners) listener(last.job, last.image);
}

/**
 * Go to the image that stands so many places further.
 *
 * @param {number} step 1 or -1
 */
function stepLightbox(step) {
  const next = shownInLightbox === null ? null : shownBeside(shownInLightbox, step);
  if (next === null) sayInLightbox(step > 0 ? "This is the last image." : "This is the first image.");
  else setView({ job: keyOfJob(next.job), image: next.image > 0 ? String(next.image) : null });
}

/**
 * @param {Shown} shown
 * @param {number} step 1 or -1
 * @returns {Shown | null} the image before or after, of this job or of the next one; null at the end
 */
function shownBeside({ job, image }, step) {
  if (job.images[image + step] !== undefined) return { job, image: image + step };
  const key = lightboxKeys[lightboxKeys.indexOf(keyOfJob(job)) + step];
  const next = key === undefined ? undefined : jobWithKey(key);
  if (next === undefined) return null;
  return { job: next, image: step > 0 ? 0 : Math.max(0, next.images.length - 1) };
}

/** @type {HTMLDialogElement | null} */
let madeLightbox = null;

/** @returns {HTMLDialogElement} */
function lightboxDialog() {
  if (madeLightbox !== null) return madeLightbox;
  madeLightbox = el("dialog", { class: "lightbox", "aria-label": "Image", onclose: leaveLightbox });
  madeLightbox.addEventListener("cancel", (event) => {
    event.preventDefault();
    closeLightbox();
  });
  madeLightbox.addEventListener("keydown", takeLightboxKey);
  document.body.append(madeLightbox);
  return madeLightbox;
}

/** @param {KeyboardEvent} event */
function takeLightboxKey(event) {
  const shown = shownInLightbox;
  const writes = event.target instanceof HTMLElement && event.target.matches("input, textarea");
  if (shown === null || writes || event.ctrlKey || event.metaKey || event.altKey) return;
  if (takeZoomKey(event, lightboxZoom) || takePickKey(event, shown.job, shown.image)) return;
  if (takeChainKey(event, shown.job) || event.shiftKey) return;
  if (event.key === "ArrowLeft") stepLightbox(-1);
  else if (event.key === "ArrowRight") stepLightbox(1);
  else if (event.key === "c") sayInLightbox(toggledCompared(shown.job, shown.image));
  else return;
  event.preventDefault();
}

onView((changed) => {
  if (changed.has("job") || changed.has("image")) showLightbox();
  else if (shownInLightbox !== null && changed.has("compare")) drawLightboxTools(shownInLightbox);
});
onReport(() => {
  const before = shownInLightbox;
  const now = before === null ? undefined : jobWithKey(keyOfJob(before.job));
  const isSame = now !== undefined && before !== null && sameJob(before.job, now);
  if (isSame) {
    shownInLightbox = { job: now, image: before.image };
    drawLightboxChain(now);
  } else if (shownPage !== null && viewValue("job") !== "") showLightbox(); // at first the page below is drawn
});
onPicks(() => {
  if (shownInLightbox !== null) drawLightboxTools(shownInLightbox);
});

/**
 * @param {Job} one
 * @param {Job} other
 * @returns {boolean} whether a newer report says nothing new of a job
 */
function sameJob(one, other) {
  return one.status === other.status && JSON.stringify(one.images) === JSON.stringify(other.images);
}
