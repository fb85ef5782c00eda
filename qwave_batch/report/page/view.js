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
 * Change the view. Another page is a step that the Back button undoes; a choice on a page is none.
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
  const isStep = (changes["page"] ?? viewValue("page")) !== viewValue("page");
  if (isStep) history.pushState(null, "", fragment);
  else history.replaceState(null, "", fragment);
  takeView(next);
}

/** @param {URLSearchParams} next */
function takeView(next) {
  const keys = new Set([...view.keys(), ...next.keys()]);
  const changed = new Set([...keys].filter((key) => view.get(key) !== next.get(key)));
  view = next;
  if (changed.size > 0) for (const listener of viewListeners) listener(changed);
}

for (const event of ["hashchange", "popstate"]) {
  window.addEventListener(event, () => takeView(new URLSearchParams(location.hash.slice(1))));
}
