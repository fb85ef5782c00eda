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
  const opensJob = next.has("job") && !view.has("job");
  const isStep = opensJob || (changes["page"] ?? viewValue("page")) !== viewValue("page");
  if (isStep) history.pushState(opensJob ? OPENED_JOB : null, "", fragment);
  else history.replaceState(history.state, "", fragment);
  takeView(next);
}

/** The state of the step that began to look at a job. */
const OPENED_JOB = "job";

/** Look at no job any more, and leave no step behind that would show it again. */
function closeJobInView() {
  if (history.state === OPENED_JOB) history.back();
  else setView({ job: null, image: null });
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
  const kept = new URLSearchParams(view);
  kept.delete("job");
  kept.delete("image");
  history.replaceState(history.state, "", `#${kept}`);
  return kept;
}

/** @param {URLSearchParams} next */
function takeView(next) {
  const keys = new Set([...view.keys(), ...next.keys()]);
  const changed = new Set([...keys].filter((key) => view.get(key) !== next.get(key)));
  view = next;
  if (changed.size > 0) for (const listener of viewListeners) listener(changed);
}

for (const event of ["hashchange", "popstate"]) {
  window.addEventListener(event, () => takeView(viewAfterStep()));
}
