"use strict";

/** @type {VoteArena | null} null before the start */
let shownArena = null;

/** The axis that the page shows. */
let shownVoteAxis = "";

registerPage({
  id: "vote",
  title: "Vote",
  show: showVotePage,
  hide: () => {
    shownArena = null;
  },
});

/** @param {HTMLElement} main */
function showVotePage(main) {
  const axes = votableAxes(report);
  const exchange = voteExchange(() => shownArena?.refresh());
  if (axes.length === 0) {
    main.append(el("p", { class: "empty" }, nothingToVoteOn()), exchange);
    return;
  }
  const axis = axes.find((each) => each === viewValue("axis")) ?? axes[0] ?? "";
  shownVoteAxis = axis;
  const place = el("div", { class: "vote-place" });
  const setup = voteSetup(axis, (rater) => startVote(place, rater, axis), () => pauseVote(place));
  main.append(el("div", { class: "vote-page" }, place, setup, exchange));
  const rater = raterInView();
  if (rater !== "" && voteSession(rater, axis).isStarted) startVote(place, rater, axis);
  else place.replaceChildren(voteIntroduction());
}

/**
 * @param {HTMLElement} place
 * @param {string} rater
 * @param {string} axis
 */
function startVote(place, rater, axis) {
  setView({ axis, rater, job: null, compare: null }); // the names of jobs would be in the address
  const arena = new VoteArena(rater, axis);
  shownArena = arena;
  place.inert = false;
  place.replaceChildren(arena.parts.element);
  arena.parts.element.focus({ preventScroll: true });
}

/**
 * Take no answers until another rater starts. What is seen stays in its place: else the button that is being pressed would
 * move away.
 *
 * @param {HTMLElement} place
 */
function pauseVote(place) {
  if (shownArena !== null) place.inert = true;
  shownArena = null;
}

/** @returns {HTMLElement} */
function voteIntroduction() {
  return el(
    "div",
    { class: "vote-intro" },
    el("h2", {}, "Which one is better?"),
    el("p", {}, "You see two images at a time. They differ in one axis only, and nothing tells you which is which until the end."),
    el("p", { class: "hint" }, "Keys: ", ...ANSWERS.flatMap(({ name, sign }) => [el("kbd", {}, sign), ` ${name.toLowerCase()}  `]), el("kbd", {}, UNDO_KEY), " undo"),
  );
}

/** @returns {string} why there is no pair */
function nothingToVoteOn() {
  const completed = report.jobs.filter((job) => job.status === "completed").length;
  if (completed === 0) return "There are no images to vote on yet.";
  return "There is nothing to vote on: no two images differ in one axis only. Add a second model, or another value of an axis, to the spec.";
}

document.addEventListener("keydown", (event) => {
  const arena = shownArena;
  if (arena === null || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target instanceof Element && event.target.closest("input, select, textarea, dialog[open], summary") !== null) return;
  if (takeZoomKey(event, arena.parts.zoom)) return;
  if (!event.shiftKey) arena.takeKey(event);
});

window.addEventListener("storage", (event) => {
  if (event.key === null || event.key.startsWith(storeKey(VOTES))) shownArena?.refresh(); // another tab is at work
});

onView((changed) => {
  if (shownPage?.id !== "vote" || viewValue("page") !== "vote" || !changed.has("axis")) return;
  if (viewValue("axis") !== shownVoteAxis) redrawPage(shownPage);
});

onReport(() => {
  if (shownPage?.id !== "vote") return;
  if (shownArena === null) redrawPage(shownPage);
  else shownArena.renew();
});
