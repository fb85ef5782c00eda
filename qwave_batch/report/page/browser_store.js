"use strict";

/**
 * What the browser keeps for this report: pages from disk share one store, so every key names the folders.
 *
 * @param {string} key
 * @returns {string}
 */
function storeKey(key) {
  const folders = report.data.folders.map((folder) => folder.id ?? `${folder.name}/${folder.spec_sha256}`);
  return `qwave-report/${folders.join("+")}/${key}`;
}

/**
 * @param {string} key
 * @returns {unknown} the value that was kept; null when there is none, or the browser keeps nothing
 */
function storedValue(key) {
  try {
    return JSON.parse(localStorage.getItem(storeKey(key)) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 * @returns {boolean} whether the browser keeps it; the page must say so when it does not
 */
function storeValue(key, value) {
  try {
    localStorage.setItem(storeKey(key), JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/**
 * Take a value out of the store.
 *
 * @param {string} key
 */
function removeStored(key) {
  try {
    localStorage.removeItem(storeKey(key));
  } catch {
    // a browser that keeps nothing has nothing to remove
  }
}

/**
 * @param {string} prefix
 * @returns {string[]} the keys of this report that begin so
 */
function storedKeys(prefix) {
  const start = storeKey(prefix);
  try {
    const all = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
    return all.filter((key) => key.startsWith(start)).map((key) => key.slice(storeKey("").length));
  } catch {
    return [];
  }
}
