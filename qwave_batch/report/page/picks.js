"use strict";

/**
 * Picks: what raters think of single images. Those that the run folders hold come with the report, those made or imported
 * here are kept by the browser. An image shows the rater's own pick, or else the latest of others.
 *
 * @typedef {PickData & {here?: boolean}} KeptPick `here`: made on this page, and not imported
 */

/** @type {Map<string, Map<string, KeptPick>>} by image and rater */
let knownPicks = new Map();

/** Whether the browser kept the picks when it was last told to. */
let picksAreKept = true;

/** @type {Array<() => void>} */
const pickListeners = [];

/**
 * Call `listener` when picks have changed.
 *
 * @param {() => void} listener
 */
function onPicks(listener) {
  pickListeners.push(listener);
}

/**
 * @param {number} folder
 * @param {string} jobId
 * @param {number} image
 * @returns {string}
 */
function pickedImageKey(folder, jobId, image) {
  return `${folder}/${jobId}/${image}`;
}

/**
 * Take in a pick unless a later one of the same rater is known.
 *
 * @param {KeptPick} pick
 * @returns {boolean} whether it is new
 */
function takePick(pick) {
  const key = pickedImageKey(pick.folder, pick.job_id, pick.image);
  const byRater = knownPicks.get(key) ?? new Map();
  const known = byRater.get(pick.rater);
  if (known !== undefined && Date.parse(known.at) >= Date.parse(pick.at)) return false;
  byRater.set(pick.rater, pick);
  knownPicks.set(key, byRater);
  return true;
}

/** Know what the run folders and the browser hold, and nothing else. */
function readPicks() {
  knownPicks = new Map();
  for (const pick of folderPicks()) takePick(pick);
  for (const pick of storedPicks()) takePick(pick);
  tellOfPicks();
}

/** @returns {PickData[]} those of the run folders */
function folderPicks() {
  return /** @type {PickData[] | null | undefined} */ (receivedData.get("picks")) ?? [];
}

/** @returns {KeptPick[]} those that the browser keeps */
function storedPicks() {
  const stored = storedValue("picks");
  return Array.isArray(stored) ? stored : [];
}

/** @returns {KeptPick[]} all that did not come with the report */
function exportablePicks() {
  const came = new Set(folderPicks().map(pickIdentity));
  const all = [...knownPicks.values()].flatMap((byRater) => [...byRater.values()]);
  return all.filter((pick) => !came.has(pickIdentity(pick)));
}

/** @param {PickData} pick */
function pickIdentity(pick) {
  return `${pickedImageKey(pick.folder, pick.job_id, pick.image)}/${pick.rater}/${pick.at}`;
}

function keepPicks() {
  picksAreKept = storeValue("picks", exportablePicks());
  tellOfPicks();
}

function tellOfPicks() {
  for (const listener of pickListeners) listener();
}

/** @returns {string} under whose name picks are made now */
function pickingRater() {
  return raterName() || UNNAMED_RATER;
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {KeptPick | null} the pick that an image shows
 */
function pickOf(job, image) {
  const byRater = knownPicks.get(pickedImageKey(job.folder, job.id, image));
  if (byRater === undefined) return null;
  const own = byRater.get(pickingRater());
  if (own !== undefined) return own;
  return [...byRater.values()].reduce((one, other) => (Date.parse(other.at) > Date.parse(one.at) ? other : one));
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {KeptPick[]} what others think of it
 */
function picksOfOthers(job, image) {
  const byRater = knownPicks.get(pickedImageKey(job.folder, job.id, image)) ?? new Map();
  return [...byRater.values()].filter((pick) => pick.rater !== pickingRater());
}

/**
 * Give an image a verdict or a rating, and leave the other one as it is.
 *
 * @param {Job} job
 * @param {number} image
 * @param {Partial<Pick<PickData, "verdict" | "rating">>} change
 */
function changePick(job, image, change) {
  const rater = pickingRater();
  const own = knownPicks.get(pickedImageKey(job.folder, job.id, image))?.get(rater);
  const now = Math.max(Date.now(), own === undefined ? 0 : Date.parse(own.at) + 1); // later than what it replaces
  const { verdict, rating } = { verdict: own?.verdict ?? null, rating: own?.rating ?? null, ...change };
  const at = new Date(now).toISOString();
  takePick({ job_id: job.id, folder: job.folder, image, verdict, rating, rater, at, here: true });
}

/**
 * Give images a verdict or a rating; it is taken back where all of them show it already.
 *
 * @param {Job} job
 * @param {readonly number[]} images
 * @param {{verdict: "keep" | "reject"} | {rating: number}} wanted
 */
function togglePick(job, images, wanted) {
  const isSet = images.every((image) => showsPick(job, image, wanted));
  const change = !isSet ? wanted : "verdict" in wanted ? { verdict: null } : { rating: null };
  for (const image of images) changePick(job, image, change);
  keepPicks();
  announce(images.map((image) => pickText(job, image) || "pick taken back").join(", "));
}

/**
 * @param {Job} job
 * @param {number} image
 * @param {{verdict: "keep" | "reject"} | {rating: number}} wanted
 * @returns {boolean}
 */
function showsPick(job, image, wanted) {
  const pick = pickOf(job, image);
  return "verdict" in wanted ? pick?.verdict === wanted.verdict : pick?.rating === wanted.rating;
}

/**
 * Take a key that picks: `k`, `x`, `1` to `5`.
 *
 * @param {KeyboardEvent} event
 * @param {Job} job
 * @param {number} [image] without it all images of the job
 * @returns {boolean} whether it was one
 */
function takePickKey(event, job, image) {
  const wanted = pickOfKey(event);
  if (wanted === null) return false;
  const images = image === undefined ? job.images.map((_, number) => number) : [image];
  if (images.length > 0) togglePick(job, images, wanted);
  else announce("There is no image to pick.");
  event.preventDefault();
  return true;
}

/**
 * @param {KeyboardEvent} event
 * @returns {{verdict: "keep" | "reject"} | {rating: number} | null}
 */
function pickOfKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "k") return { verdict: "keep" };
  if (event.key === "x") return { verdict: "reject" };
  return /^[1-5]$/.test(event.key) ? { rating: Number(event.key) } : null;
}

/**
 * @param {Job} job
 * @param {string} value `keep`, `reject`, `none`; `all` or an empty text lets every job pass
 * @returns {boolean} whether an image of the job has this verdict; with `none`, whether no image has one
 */
function hasPick(job, value) {
  if (value === "" || value === "all") return true;
  const verdicts = job.images.map((_, image) => pickOf(job, image)?.verdict ?? null);
  if (value === "none") return verdicts.every((verdict) => verdict === null);
  return verdicts.some((verdict) => verdict === value);
}

/** Picks made here before a name was given are those of the one who gives a name now. */
function nameUnnamedPicks() {
  const rater = raterName();
  if (rater === "" || rater === UNNAMED_RATER) return;
  for (const byRater of knownPicks.values()) {
    const unnamed = byRater.get(UNNAMED_RATER);
    if (unnamed?.here !== true) continue;
    byRater.delete(UNNAMED_RATER);
    takePick({ ...unnamed, rater });
  }
  keepPicks();
}

onRater(nameUnnamedPicks);
onRater(tellOfPicks);
onReport(readPicks);
onData("picks", readPicks);
window.addEventListener("storage", ({ key }) => {
  if (key === null || key === storeKey("picks")) readPicks(); // another tab with this report
});
