"use strict";

const ALL_CHOICE = "all";

/** Votes that were counted last, and their result: to look at a page again costs nothing. */
const knownResults = { /** @type {Map<string, VoteResult>} */ byQuestion: new Map(), votes: "" };

registerPage({ id: "results", title: "Results", show: showResultsPage });

/** @param {HTMLElement} main */
function showResultsPage(main) {
  const page = el("div", { class: "results-page" });
  main.append(page);
  drawResults(page);
}

/** @param {HTMLElement} page */
function drawResults(page) {
  const votes = allVotes();
  const axes = axesOfVotes(votes);
  const redraw = () => drawResults(page);
  const axis = axes.find((each) => each === viewValue("axis")) ?? axes[0];
  if (axis === undefined) {
    page.replaceChildren(noVotesYet(), voteExchange(redraw));
    return;
  }
  const progress = openVote(axis);
  if (progress !== null) {
    page.replaceChildren(unblindingWarning(axis, progress, redraw));
    return;
  }
  page.replaceChildren(resultChoices(axes, axis, votes), ...resultsAbout(axis, votes), voteExchange(redraw), wayOn());
}

/**
 * @param {readonly VoteLine[]} votes
 * @returns {string[]} those with the most votes first
 */
function axesOfVotes(votes) {
  const groups = [...groupedBy(votes, (vote) => vote.axis)];
  return groups.sort(([one, of], [other, ofOther]) => ofOther.length - of.length || compareTexts(one, other)).map(([name]) => name);
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
 * @param {readonly string[]} axes
 * @param {string} axis
 * @param {readonly VoteLine[]} votes
 * @returns {HTMLElement}
 */
function resultChoices(axes, axis, votes) {
  const { ballots } = ballotsAbout(votes, axis);
  const criteria = [...new Set(ballots.map(({ criterion }) => criterion))].sort();
  const tags = [...new Set(ballots.flatMap((ballot) => ballot.tags))].sort();
  const toolbar = el("div", { class: "toolbar" }, resultChoice("Axis", "axis", axes, axis));
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
 * @param {string} axis
 * @param {readonly VoteLine[]} votes
 * @returns {HTMLElement[]}
 */
function resultsAbout(axis, votes) {
  const counted = ballotsAbout(votes, axis);
  const criterion = chosenIn("criterion", counted.ballots.map((ballot) => ballot.criterion));
  const tag = chosenIn("votetag", counted.ballots.flatMap((ballot) => ballot.tags));
  const asked = counted.ballots.filter((ballot) => criterion === ALL_CHOICE || ballot.criterion === criterion);
  const shown = asked.filter((ballot) => tag === ALL_CHOICE || ballot.tags.includes(tag));
  if (shown.length === 0) return [el("p", { class: "empty" }, "None of the votes about this axis can be counted: their jobs are no longer in the plan.")];
  const result = knownResult(votes, [axis, criterion, tag], { ...counted, ballots: shown });
  const tags = tag === ALL_CHOICE ? [...new Set(asked.flatMap((ballot) => ballot.tags))].sort() : [];
  const byTag = tags.map((each) => {
    const ballots = asked.filter((ballot) => ballot.tags.includes(each));
    return { tag: each, result: knownResult(votes, [axis, criterion, each], { ...counted, ballots }) };
  });
  return [
    ...resultWords(result),
    ...result.warnings.map((warning) => el("p", { class: "notice warn user-text" }, warning)),
    strengthTable(result.strengths),
    el("p", { class: "hint" }, "Strengths are Bradley-Terry's: s / (s + t) is the chance that one is preferred to the other, a tie counts half for each side, and their geometric mean is 1. Their intervals are a bootstrap's over prompts, at 95 %.",
      result.strengths.every(({ isBounded }) => isBounded) ? "" : " * has no bound: see above."),
    winRateTable(result.win_rates, result.outlook),
    el("p", { class: "hint" }, "Low and high are Wilson's interval at 95 %, as if votes were independent; the bootstrap draws whole prompts. A tie counts half, and both bad is a tie. A verdict takes ten prompts, and the more careful interval at each end."),
    ...(byTag.length > 0 ? [tagTable(byTag)] : []),
  ];
}

/**
 * @param {readonly VoteLine[]} votes
 * @param {string[]} question
 * @param {CountedVotes} counted
 * @returns {VoteResult}
 */
function knownResult(votes, question, counted) {
  const state = `${report.data.revision}\n${textOfVotes(votes)}`;
  if (knownResults.votes !== state) {
    knownResults.byQuestion.clear();
    knownResults.votes = state;
  }
  const key = JSON.stringify(question);
  const result = knownResults.byQuestion.get(key) ?? voteResult(counted);
  knownResults.byQuestion.set(key, result);
  return result;
}

/**
 * @param {VoteResult} result
 * @returns {HTMLElement[]} the answer in a sentence, and what it rests on
 */
function resultWords(result) {
  const raters = result.raters.length === 1 ? `of ${result.raters[0]}` : `of ${result.raters.length} raters (${listedNames(result.raters)})`;
  const agreement = result.alpha === null ? "" : ` Agreement of raters: alpha ${result.alpha.toFixed(2)} (1: all agree, 0: by chance).`;
  const missing = result.outlook.reduce((sum, { votes }) => sum + votes, 0);
  const more = missing === 0 ? "" : ` About ${countOf(missing, "more vote")} would settle all pairs, if the rates stay as they are.`;
  return [
    el("h2", { class: "result-head user-text" }, headlineOf(result)),
    el("p", { class: "user-text" }, `${countOf(result.votes, "vote")} ${raters} on ${countOf(result.prompts, "prompt")}.${agreement}${more}`),
  ];
}

/**
 * @param {VoteResult} result
 * @returns {string} only what the votes settle
 */
function headlineOf({ strengths, outlook }) {
  const best = strengths[0]?.value ?? "";
  const ofBest = outlook.filter(({ value, against }) => value === best || against === best);
  const beaten = ofBest.filter(({ value, outcome }) => value === best && outcome === "better").map(({ against }) => against);
  if (beaten.length > 0) return `${best} is better than ${listedNames(beaten)}`;
  if (outlook.length > 0 && outlook.every(({ outcome }) => outcome === "equal")) return "All are about equal";
  return "Nothing is settled yet";
}

/** @returns {HTMLElement} */
function wayOn() {
  return el("p", { class: "hint" }, "The numbers count the votes of the run folders, as they were when the report was made, and those of this browser, each once. Exported files become part of a run folder by ", el("code", {}, "qwave-batch votes"), "; the next report then has them for everybody.");
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
