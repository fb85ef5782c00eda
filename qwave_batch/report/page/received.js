"use strict";

/**
 * The data files of the report are scripts, since a page that was opened from disk may load nothing else. Each calls
 * `receiveData` with its name and its value.
 *
 * @type {Map<string, unknown>}
 */
const receivedData = new Map();

/** @type {Map<string, Array<(value: unknown) => void>>} */
const dataListeners = new Map();

/**
 * Take in a data file; called by the file itself.
 *
 * @param {string} name such as `index` or `details/000`
 * @param {unknown} value
 */
function receiveData(name, value) {
  receivedData.set(name, value);
  for (const listener of dataListeners.get(name) ?? []) listener(value);
}

/**
 * Call `listener` whenever a data file arrives from now on.
 *
 * @param {string} name
 * @param {(value: unknown) => void} listener
 */
function onData(name, listener) {
  dataListeners.set(name, [...(dataListeners.get(name) ?? []), listener]);
}

/**
 * Load a data file now, even if it was loaded before.
 *
 * @param {string} name
 * @param {string} [version] distinguishes it from an older one that the browser may keep
 * @returns {Promise<unknown>} its value; rejected when the file is not there
 */
function loadData(name, version = "") {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `data/${name}.js${version && `?${encodeURIComponent(version)}`}`;
    script.onload = () => {
      script.remove();
      resolve(receivedData.get(name));
    };
    script.onerror = () => {
      script.remove();
      reject(new Error(`data/${name}.js can't be loaded`));
    };
    document.head.append(script);
  });
}
