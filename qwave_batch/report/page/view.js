"use strict";

/**
 * What is shown is all in the address's fragment, as `#page=grid&rows=prompt&cols=model`, so that it can be sent.
 *
 * @type {URLSearchParams}
 */
let view = new URLSearchParams(location.hash.slice(1));

/** @type {Array<(changed: ReadonlySet<string>) => void>} */
const viewListeners = [];

/**
 * Call `listener` with the keys that changed, whenever the view changes.
 *
 * @param {(changed: ReadonlySet<string>) => void} listener
 */
function onView(listener) {
  viewListeners.push(listener);
}

/**
 * @param {string} key
 * @param {string} [otherwise]
 * @returns {string}
 */
function viewValue(key, otherwise = "") {
  return view.get(key) ?? otherwise;
}

/**
 * Change the view. Another page is a step that the Back button undoes, and so is a job that is looked at; a choice on a
 * page is none.
 *
 * @param {{[key: string]: string | null}} changes null or an empty text removes a key
 */
function setView(changes) {
  const next = new URLSearchParams(view);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(key);
    else next.set(key, value);
  }
  const fragment = `#${next}`;
  if (fragment === `#${view}`) return;
  if (!isSteppingBack) writeView(next, changes);
  takeView(next);
}

/**
 * @param {URLSearchParams} next
 * @param {{[key: string]: string | null}} changes
 */
function writeView(next, changes) {
  const opensJob = next.has("job") && !view.has("job");
  const isStep = opensJob || (changes["page"] ?? viewValue("page")) !== viewValue("page");
  if (isStep) history.pushState(opensJob ? OPENED_JOB : null, "", `#${next}`);
  else history.replaceState(history.state, "", `#${next}`);
}

/** The state of the step that began to look at a job. */
const OPENED_JOB = "job";

/** Whether the browser is on its way back to the step before a job was looked at; it takes a moment. */
let isSteppingBack = false;

/** Look at no job any more, and leave no step behind that would show it again. */
function closeJobInView() {
  if (history.state !== OPENED_JOB || isSteppingBack) {
    setView({ job: null, image: null });
    return;
  }
  isSteppingBack = true;
  history.back();
  takeView(viewWithoutJob());
}

/** @returns {URLSearchParams} */
function viewWithoutJob() {
  const kept = new URLSearchParams(view);
  kept.delete("job");
  kept.delete("image");
  return kept;
}

/** Write what the view has become while the browser went back; perhaps the next job is looked at already. */
function arriveBack() {
  isSteppingBack = false;
  history.replaceState(history.state, "", `#${viewWithoutJob()}`);
  if (view.has("job")) history.pushState(OPENED_JOB, "", `#${view}`);
}

/**
 * Return the view after a step back or forward. From a job that step leads to the view that the job was opened in, which
 * keeps what was chosen since, as what is compared.
 *
 * @returns {URLSearchParams}
 */
function viewAfterStep() {
  const next = new URLSearchParams(location.hash.slice(1));
  const closesJob = view.has("job") && !next.has("job") && view.get("page") === next.get("page");
  if (!closesJob) return next;
  history.replaceState(history.state, "", `#${viewWithoutJob()}`);
  return viewWithoutJob();
}

/** @param {URLSearchParams} next */
function takeView(next) {
  const keys = new Set([...view.keys(), ...next.keys()]);
  const changed = new Set([...keys].filter((key) => view.get(key) !== next.get(key)));
  view = next;
  if (changed.size > 0) for (const listener of viewListeners) listener(changed);
}

for (const event of ["hashchange", "popstate"]) {
  window.addEventListener(event, () => {
    if (isSteppingBack) arriveBack();
    else takeView(viewAfterStep());
  });
}
