"use strict";

const ALL_CHOICE = "all";

registerPage({ id: "results", title: "Results", show: showResultsPage });

/** @param {HTMLElement} main */
function showResultsPage(main) {
  const page = el("div", { class: "results-page" });
  const exchange = voteExchange(() => drawResults(page, exchange));
  main.append(page);
  drawResults(page, exchange);
}

/**
 * @param {HTMLElement} page
 * @param {HTMLElement} exchange which says what came of an import: it stays
 */
function drawResults(page, exchange) {
  const counting = countingOfVotes();
  const axes = counting.axes;
  const axis = axes.find((each) => each === viewValue("axis")) ?? axes[0];
  if (axis === undefined) {
    page.replaceChildren(noVotesYet(), exchange);
    return;
  }
  const progress = openVote(axis);
  if (progress !== null) {
    page.replaceChildren(unblindingWarning(axis, progress, () => drawResults(page, exchange)));
    return;
  }
  page.replaceChildren(resultChoices(counting, axis), ...resultShown(counting, axis), exchange, wayOn(counting));
}

/** @returns {HTMLElement} */
function noVotesYet() {
  const link = el("a", { href: "#page=vote", onclick: (event) => { event.preventDefault(); setView({ page: "vote" }); } }, "Vote");
  const text = votableAxes(report).length > 0
    ? el("p", {}, "There are no votes yet. ", link, " on a few pairs, or import the votes of others.")
    : el("p", {}, "There are no votes yet. ", nothingToVoteOn());
  return el("div", { class: "empty" }, text);
}

/**
 * @param {string} axis
 * @returns {{done: number, all: number} | null} how far the rater is, who has not come to the end and has not seen results yet
 */
function openVote(axis) {
  const rater = raterInView();
  if (rater === "" || voteSession(rater, axis).isRevealed) return null;
  const progress = progressOf(rater, axis);
  return progress !== null && progress.done < progress.all ? progress : null;
}

/**
 * @param {string} axis
 * @param {{done: number, all: number}} progress
 * @param {() => void} onReveal
 * @returns {HTMLElement}
 */
function unblindingWarning(axis, { done, all }, onReveal) {
  const rater = raterInView();
  const reveal = () => {
    keepSession(rater, axis, { ...voteSession(rater, axis), isRevealed: true });
    onReveal();
  };
  return el(
    "section",
    { class: "vote-end unblinding" },
    el("h2", {}, "Your vote is not finished"),
    el("p", { class: "user-text" }, `${rater} has answered ${done} of ${all} questions about ${axis}. The results name what you vote on: who has seen them does not vote blind any more.`),
    el(
      "div",
      { class: "toolbar" },
      el("button", { type: "button", class: "primary", onclick: () => setView({ page: "vote", axis }) }, "Go on voting"),
      el("button", { type: "button", onclick: reveal }, "Show the results"),
    ),
  );
}

/**
 * @param {VoteCounting} counting
 * @param {string} axis
 * @returns {HTMLElement}
 */
function resultChoices(counting, axis) {
  const { criteria, tags } = counting.choicesOf(axis);
  const toolbar = el("div", { class: "toolbar" }, resultChoice("Axis", "axis", counting.axes, axis));
  const choices = (/** @type {string[]} */ names) => [ALL_CHOICE, ...names];
  if (criteria.length > 1) toolbar.append(resultChoice("Criterion", "criterion", choices(criteria), chosenIn("criterion", criteria)));
  if (tags.length > 0) toolbar.append(resultChoice("Tag", "votetag", choices(tags), chosenIn("votetag", tags)));
  return toolbar;
}

/**
 * @param {string} label
 * @param {string} key of the view
 * @param {readonly string[]} values
 * @param {string} chosen
 * @returns {HTMLElement}
 */
function resultChoice(label, key, values, chosen) {
  const textOf = (/** @type {string} */ value) => (key === "criterion" ? nameOfCriterion(value) : value);
  return choice(label, values.map((value) => ({ value, text: textOf(value) })), chosen, (value) => setView({ [key]: value === ALL_CHOICE ? null : value }));
}

/**
 * @param {string} key
 * @param {readonly string[]} values
 * @returns {string}
 */
function chosenIn(key, values) {
  return values.includes(viewValue(key)) ? viewValue(key) : ALL_CHOICE;
}

/**
 * @param {VoteCounting} counting
 * @param {string} axis
 * @returns {HTMLElement[]}
 */
function resultShown(counting, axis) {
  const { criteria, tags } = counting.choicesOf(axis);
  const [criterion, tag] = [chosenIn("criterion", criteria), chosenIn("votetag", tags)].map((name) => (name === ALL_CHOICE ? null : name));
  const result = counting.resultOf(axis, criterion ?? null, tag ?? null);
  if (result === null) return [el("p", { class: "empty" }, "None of the votes about this axis can be counted: their jobs are no longer in the plan.")];
  const byTag = tag === null ? counting.tagsOf(axis, criterion ?? null) : [];
  return [
    ...resultWords(result),
    ...result.warnings.map((warning) => el("p", { class: "notice warn user-text" }, warning)),
    ...(result.strengths.length > 0 ? [strengthTable(result.strengths), strengthNote(result)] : []),
    winRateTable(result.win_rates, result.outlook),
    el("p", { class: "hint" }, "Low and high are Wilson's interval at 95 %, as if votes were independent; the bootstrap draws whole prompts. A tie counts half, and both bad is a tie. A verdict takes ten prompts, and the more careful interval at each end."),
    ...(byTag.length > 0 ? [tagTable(byTag)] : []),
  ];
}

/**
 * @param {VoteCounting} counting
 * @returns {HTMLElement}
 */
function wayOn(counting) {
  return el("p", { class: "hint" }, `${counting.basis} Exported files become part of a run folder by `, el("code", {}, "qwave-batch votes"), "; the next report then has them for everybody.");
}

onView((changed) => {
  if (shownPage?.id !== "results" || viewValue("page") !== "results") return;
  if (["axis", "criterion", "votetag"].some((key) => changed.has(key))) redrawPage(shownPage);
});

onReport(() => {
  if (shownPage?.id === "results") redrawPage(shownPage);
});

window.addEventListener("storage", (event) => {
  if (shownPage?.id === "results" && event.key?.startsWith(storeKey(VOTES))) redrawPage(shownPage);
});
