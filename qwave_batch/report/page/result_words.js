"use strict";

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
function headlineOf({ strengths, win_rates: rates, outlook }) {
  const best = strengths[0]?.value ?? rates[0]?.value ?? "";
  const ofBest = outlook.filter(({ value, against }) => value === best || against === best);
  const beaten = ofBest.filter(({ value, outcome }) => value === best && outcome === "better").map(({ against }) => against);
  if (beaten.length > 0) return `${best} is better than ${listedNames(beaten)}`;
  if (outlook.length > 0 && outlook.every(({ outcome }) => outcome === "equal")) return "All are about equal";
  return "Nothing is settled yet";
}

/**
 * @param {VoteResult} result
 * @returns {HTMLElement}
 */
function strengthNote({ strengths }) {
  const loose = strengths.every(({ isBounded }) => isBounded) ? "" : " * is open on one side or both: see above.";
  const text =
    "Strengths are Bradley-Terry's: s / (s + t) is the chance that one is preferred to the other, a tie counts half for each side, and " +
    "their geometric mean is 1. Their intervals are a bootstrap's over prompts, at 95 %.";
  return el("p", { class: "hint" }, text + loose);
}
