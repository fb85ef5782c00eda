"use strict";

/**
 * The choices about scores above the grid: which one is shown, how it sorts, and what the filter by one lets through.
 *
 * @returns {{root: HTMLElement, refresh: () => void}}
 */
function scoreTools() {
  const shown = scoreChoice("Show score", "none", () => viewValue("showscore"), (name) => setView({ showscore: name }));
  const sort = sortChoice();
  const filtered = scoreChoice("Score", ALL, () => filteredName(), (name) =>
    setScoreCondition(name, scoreCondition()?.comparison ?? badSide(name), limitText()));
  const limit = limitBox();
  const comparison = comparisonChoice(() => limit.root.querySelector("input")?.value ?? "");
  const hint = el("p", { class: "score-hint" });
  const root = el(
    "div",
    { class: "toolbar score-tools", role: "group", "aria-label": "Scores" },
    shown.root, sort.root, hint, filtered.root, comparison.root, limit.root,
  );
  const refresh = () => {
    root.hidden = knownScores().length === 0;
    for (const each of [shown, sort, filtered, comparison, limit]) each.refresh();
    const score = knownScores()[shownScore()];
    hint.textContent = score === undefined ? "" : [directionText(score), rangeText(score)].filter((text) => text !== "").join(", ");
    sort.root.hidden = score === undefined;
    comparison.root.hidden = scoreCondition() === null;
    limit.root.hidden = scoreCondition() === null || scoreCondition()?.comparison === MISSING;
  };
  return { root, refresh };
}

/**
 * Make a choice among the scores by their names, or none of them. Each has its direction beside it.
 *
 * @param {string} label
 * @param {string} none
 * @param {() => string} chosenNow
 * @param {(name: string) => void} onChoice with an empty name for none
 */
function scoreChoice(label, none, chosenNow, onChoice) {
  return followingChoice(
    label,
    () => [{ value: "", text: none }, ...knownScores().map((score) => ({ value: score.name, text: optionText(score) }))],
    () => (scoreNamed(chosenNow()) === -1 ? "" : chosenNow()),
    onChoice,
  );
}

/**
 * @param {ScoreData} score
 * @returns {string}
 */
function optionText(score) {
  const sign = score.better === null ? "" : score.better === "higher" ? " ↑" : " ↓";
  return `${beginningOf(score.name, 60)}${sign}`;
}

/**
 * @param {ScoreData} score
 * @returns {string}
 */
function rangeText({ low, high, unit }) {
  const measure = unit === "" ? "" : ` ${beginningOf(unit, 20)}`;
  if (low !== null && high !== null) return `${scoreText(low)} to ${scoreText(high)}${measure}`;
  if (low !== null) return `from ${scoreText(low)}${measure}`;
  return high === null ? measure.trim() : `up to ${scoreText(high)}${measure}`;
}

/** @returns {{root: HTMLElement, refresh: () => void}} */
function sortChoice() {
  return followingChoice(
    "Sort",
    () => {
      const isDirected = (knownScores()[shownScore()]?.better ?? null) !== null;
      const texts = isDirected ? ["worst first", "best first"] : ["lowest first", "highest first"];
      return [{ value: "", text: "as planned" }, ...SORTS.map((value, number) => ({ value, text: texts[number] ?? "" }))];
    },
    chosenSort,
    (value) => setView({ sort: value }),
  );
}

/**
 * @param {() => string} limitNow
 * @returns {{root: HTMLElement, refresh: () => void}}
 */
function comparisonChoice(limitNow) {
  return followingChoice(
    "Comparison",
    () => [...[...COMPARISONS].map(([value, { text }]) => ({ value, text })), { value: MISSING, text: "missing" }],
    () => scoreCondition()?.comparison ?? "lt",
    (value) => setScoreCondition(filteredName(), value, limitNow()),
  );
}

/** @returns {{root: HTMLElement, refresh: () => void}} */
function limitBox() {
  const box = el("input", { type: "number", step: "any", placeholder: "number" });
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      const condition = scoreCondition();
      if (condition !== null) setScoreCondition(filteredName(), condition.comparison, box.value);
    }, TYPING_MS);
  });
  const root = el("label", { class: "choice" }, el("span", { class: "label" }, "Number"), box);
  const refresh = () => {
    if (document.activeElement !== box) box.value = limitText();
  };
  return { root, refresh };
}

/** @returns {string} the score that the filter is about */
function filteredName() {
  return knownScores()[scoreCondition()?.score ?? -1]?.name ?? "";
}

/** @returns {string} the limit of the filter, as a box for numbers takes it */
function limitText() {
  const limit = scoreCondition()?.limit ?? null;
  return limit === null || !Number.isFinite(limit) ? "" : String(limit);
}

/**
 * @param {string} name
 * @returns {string} the comparison that finds the bad images of a score, which is what people look for
 */
function badSide(name) {
  return knownScores()[scoreNamed(name)]?.better === "lower" ? "gt" : "lt";
}
