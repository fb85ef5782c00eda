"use strict";

/** Standard deviations from one half at which a side is a habit: 10 of 10, 34 of 50. */
const HABIT_DEVIATIONS = 3;
const LEAST_ALPHA = 0.2;
const MOST_NAMES_LISTED = 5;
/** From here on one is expected to be settled by chance, at 95 %. */
const MANY_PAIRS = 20;

/**
 * Return reasons to be careful with a result, the same that `qwave-batch votes` gives. Pure.
 *
 * @param {CountedVotes} counted
 * @param {PairCounts} counts
 * @param {readonly Strength[]} strengths
 * @param {number | null} alpha
 * @returns {string[]} sentences, the most important ones first
 */
function voteCautions(counted, counts, strengths, alpha) {
  return [
    ...cautionsOfPrompts(counts),
    ...cautionsOfPairs(counts),
    ...cautionsOfStrengths(counts, strengths),
    ...cautionsOfRaters(counted.ballots, alpha),
    ...cautionsOfVotes(counted),
  ];
}

/**
 * @param {PairCounts} counts
 * @returns {string[]}
 */
function cautionsOfPrompts({ prompts }) {
  if (prompts === 0 || prompts >= ENOUGH_PROMPTS) return [];
  const number = prompts === 1 ? "1 prompt was" : `${prompts} prompts were`;
  return [`Only ${number} voted on: below ${ENOUGH_PROMPTS} prompts a result says little about other prompts.`];
}

/**
 * @param {PairCounts} counts
 * @returns {string[]}
 */
function cautionsOfPairs({ pairs }) {
  if (pairs.length < MANY_PAIRS) return [];
  return [`Of ${pairs.length} pairs about one in twenty looks settled by chance alone: look at the strengths first.`];
}

/**
 * @param {PairCounts} counts
 * @param {readonly Strength[]} strengths
 * @returns {string[]}
 */
function cautionsOfStrengths(counts, strengths) {
  const cautions = [];
  const groups = joinedGroups(counts);
  if (groups.length > 1) {
    const named = groups.map((group) => listedNames(group.map((value) => counts.values[value] ?? ""))).join("; ");
    cautions.push(`No votes join these groups, so that strengths can't be compared between them: ${named}.`);
  }
  const loose = strengths.filter(({ isBounded }) => !isBounded).map(({ value }) => value);
  if (loose.length > 0) {
    cautions.push(
      `Some of ${listedNames(loose)} never lost, or never won: their strengths have no bounds, and are shown as if each pair ` +
        "had been tied once more.",
    );
  }
  return cautions;
}

/**
 * @param {readonly Ballot[]} ballots
 * @param {number | null} alpha
 * @returns {string[]}
 */
function cautionsOfRaters(ballots, alpha) {
  const cautions = [];
  for (const rater of [...new Set(ballots.map((ballot) => ballot.rater))].sort()) {
    const own = ballots.filter((ballot) => ballot.rater === rater);
    const number = own.filter(({ pressed }) => pressed === "left" || pressed === "right").length;
    for (const side of SIDES) {
      const times = own.filter(({ pressed }) => pressed === side).length;
      if (number > 0 && (times - number / 2) / (Math.sqrt(number) / 2) > HABIT_DEVIATIONS) {
        cautions.push(
          `${rater} preferred the ${side} side ${times} times of ${number}: sides are drawn by lot, so that this is a habit and ` +
            "not an opinion.",
        );
      }
    }
  }
  if (alpha !== null && alpha < LEAST_ALPHA) {
    cautions.push(`The raters hardly agree (alpha ${alpha.toFixed(2)}): they see different things, or nothing to choose from.`);
  }
  return cautions;
}

/**
 * @param {CountedVotes} counted
 * @returns {string[]}
 */
function cautionsOfVotes({ axis, ballots, gone }) {
  const cautions = [];
  const bad = ballots.filter(({ pressed }) => pressed === "both_bad").length;
  if (2 * bad > ballots.length) {
    cautions.push(`${bad} of ${ballots.length} votes say that both images are bad: the better of two bad ones is still bad.`);
  }
  const criteria = [...new Set(ballots.map(({ criterion }) => criterion))].sort().map(nameOfCriterion);
  if (criteria.length > 1) cautions.push(`Votes on ${criteria.length} questions are counted together here: ${listedNames(criteria)}.`);
  const mixed = ballots.filter(({ isPure }) => !isPure).length;
  if (mixed > 0) cautions.push(`${countOf(mixed, "vote")} on images that differ in more than ${axis}.`);
  if (gone > 0) cautions.push(`${countOf(gone, "vote")} about jobs that the plan no longer holds, and not counted.`);
  return cautions;
}

/**
 * @param {readonly string[]} names
 * @returns {string}
 */
function listedNames(names) {
  const shown = names.slice(0, MOST_NAMES_LISTED).join(", ");
  return names.length > MOST_NAMES_LISTED ? `${shown} and ${names.length - MOST_NAMES_LISTED} more` : shown;
}
