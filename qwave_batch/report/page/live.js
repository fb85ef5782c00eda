"use strict";

/**
 * While a run goes on, `data/revision.js` says so, and is written anew with every change of the other data. The page asks
 * for it again and again, and takes in the rest only when it names another revision. A page that `report --serve` hands
 * out goes on asking when no run is at work, more slowly: there may be votes, or another run.
 */

const ASK_S = 2;
const ASK_IDLE_S = 10;
const ASK_HIDDEN_S = 30;
/** Taking in a large report keeps the page busy: it does so for a fifth of the time at most. */
const SHARE_OF_TIME = 5;
/** A run writes twice a minute, and less often where that takes long: after so long it is gone. */
const SILENT_S = 180;
const MISSES_THAT_COUNT = 3;

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/**
 * @typedef {object} LiveState
 * @property {string} taken the revision that is shown
 * @property {RevisionData} newest
 * @property {boolean} wasLive whether a run was at work since the page was opened
 * @property {number} misses questions without an answer, one after the other
 * @property {number} tookMs how long the last data took to load and to draw
 * @property {number | undefined} timer
 * @property {string[]} names the data that the page loads at its start
 */

/** @type {LiveState | null} */
let liveState = null;

/** Follow the report from now on. */
function followReport() {
  const newest = /** @type {RevisionData | undefined} */ (receivedData.get("revision"));
  if (newest === undefined) return;
  liveState = {
    taken: newest.revision, newest, wasLive: newest.live, misses: 0, tookMs: 0, timer: undefined, names: loadedData(),
  };
  document.addEventListener("visibilitychange", () => planQuestion());
  showAge(liveState);
  planQuestion();
}

/** @returns {string[]} the data files that the page names, the index last: it tells the others that all is there */
function loadedData() {
  const sources = [...document.querySelectorAll("script[src^='data/']")].map((node) => node.getAttribute("src") ?? "");
  const names = sources.map((source) => source.replace(/^data\/(.*)\.js$/, "$1"));
  return [...names.filter((name) => name !== "revision" && name !== "index"), "index"];
}

/** Ask again in a while, and soon when a page that was hidden is looked at again. */
function planQuestion() {
  const state = liveState;
  if (state === null) return;
  clearTimeout(state.timer);
  if (!state.newest.live && !isServed()) return;
  const pauseS = document.hidden ? ASK_HIDDEN_S : state.newest.live ? ASK_S : ASK_IDLE_S;
  const pauseMs = Math.max(pauseS * 1000, state.tookMs * SHARE_OF_TIME);
  state.timer = setTimeout(() => void askForRevision(state), pauseMs);
}

/** @returns {boolean} whether a server on this machine hands the page out */
function isServed() {
  return location.protocol.startsWith("http") && LOOPBACK_NAMES.includes(location.hostname);
}

/** @param {LiveState} state */
async function askForRevision(state) {
  try {
    const newest = /** @type {RevisionData} */ (await loadData("revision", String(Date.now())));
    state.misses = 0;
    if (newest.revision !== state.taken) await takeIn(state, newest.revision);
    noteEnd(state, newest);
  } catch {
    state.misses += 1; // replaced at this moment, or the server has gone: shown is what was there before
  }
  showAge(state);
  planQuestion();
}

/**
 * Load what changed, and show it.
 *
 * @param {LiveState} state
 * @param {string} revision
 */
async function takeIn(state, revision) {
  const from = performance.now();
  /** @type {unknown} */
  let data;
  for (const name of state.names) data = await loadData(name, revision);
  setReport(/** @type {IndexData} */ (data));
  state.taken = revision;
  state.tookMs = performance.now() - from;
}

/**
 * @param {LiveState} state
 * @param {RevisionData} newest
 */
function noteEnd(state, newest) {
  if (state.newest.live && !newest.live) announce("The run has ended.");
  if (!state.newest.live && newest.live) announce("A run is at work. The page follows it.");
  state.newest = newest;
  state.wasLive ||= newest.live;
}

/** @param {LiveState} state */
function showAge(state) {
  const shown = byId("live");
  const madeAt = new Date(state.newest.made_at);
  const ageS = Math.max(0, (Date.now() - madeAt.getTime()) / 1000);
  const isCut = state.misses >= MISSES_THAT_COUNT;
  shown.hidden = !state.wasLive && !isCut;
  shown.title = `The data are of ${madeAt.toLocaleString()}`;
  if (isCut || (state.newest.live && ageS > SILENT_S)) {
    shown.dataset["state"] = "silent";
    shown.textContent = `No news since ${timeOfDay(madeAt)}`;
  } else {
    shown.dataset["state"] = state.newest.live ? "live" : "ended";
    shown.textContent = state.newest.live ? `Live, ${ageInWords(ageS)}` : `Run ended, ${timeOfDay(madeAt)}`;
  }
}

/**
 * @param {Date} time
 * @returns {string} with its day when that is not today
 */
function timeOfDay(time) {
  const isToday = time.toDateString() === new Date().toDateString();
  const clock = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return isToday ? clock : `${time.toLocaleDateString()} ${clock}`;
}

/**
 * @param {number} ageS
 * @returns {string}
 */
function ageInWords(ageS) {
  return ageS < 2 * ASK_S + 1 ? "as of now" : `as of ${Math.round(ageS)} s ago`;
}
