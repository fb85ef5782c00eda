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
