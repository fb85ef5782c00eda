"use strict";

/** The rater of picks and votes that were made before a name was given. */
const UNNAMED_RATER = "anonymous";

/** @type {string | null} the name as given on this page, which a browser may not keep */
let givenRater = null;

/** @type {Array<() => void>} */
const raterListeners = [];

/** @returns {string} the name of who rates here; empty before it was given */
function raterName() {
  const stored = storedValue("rater");
  return givenRater ?? (typeof stored === "string" ? stored : "");
}

/** @param {string} name */
function setRaterName(name) {
  givenRater = name.trim();
  storeValue("rater", givenRater);
  for (const listener of raterListeners) listener();
}

/**
 * Call `listener` when another name is given.
 *
 * @param {() => void} listener
 */
function onRater(listener) {
  raterListeners.push(listener);
}
