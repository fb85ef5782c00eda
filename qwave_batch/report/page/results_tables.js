"use strict";

/**
 * @param {readonly WinRate[]} rates
 * @param {readonly PairOutlook[]} outlook
 * @returns {HTMLElement}
 */
function winRateTable(rates, outlook) {
  const rows = rates.map((rate, at) => {
    const boot = rate.boot_low === null || rate.boot_high === null ? null : { low: rate.boot_low, high: rate.boot_high };
    const bar = intervalBar({ estimate: rate.rate, interval: widestInterval(rate, boot), even: 0.5, scale: (value) => value });
    return [
      valueName(rate.value), valueName(rate.against), percent(rate.rate), percent(rate.low), percent(rate.high), bar,
      outlookText(outlook[at]), percent(rate.boot_low), percent(rate.boot_high),
      wholeNumber(rate.wins), wholeNumber(rate.losses), wholeNumber(rate.ties), wholeNumber(rate.prompts),
    ];
  });
  const heads = [
    "Value", "Against", "Win rate", "Low", "High", "", "Verdict", "Bootstrap low", "Bootstrap high", "Wins", "Losses", "Ties", "Prompts",
  ];
  return numberTable("Win rates", heads, rows);
}

/**
 * @param {readonly Strength[]} strengths
 * @returns {HTMLElement}
 */
function strengthTable(strengths) {
  const scale = factorScale(strengths.flatMap(({ strength, low, high }) => [strength, low, high]));
  const hasGroups = strengths.some(({ group }) => group > 0);
  const rows = strengths.map(({ value, strength, low, high, group, isBounded }) => {
    const interval = low === null && high === null ? null : { low: low ?? 0, high: high ?? Infinity };
    const bar = intervalBar({ estimate: strength, interval, even: 1, scale });
    const cells = [valueName(value), factor(strength) + (isBounded ? "" : " *"), boundText(low, interval), boundText(high, interval), bar];
    return hasGroups ? [...cells, wholeNumber(group + 1)] : cells;
  });
  return numberTable("Strengths", ["Value", "Strength", "Low", "High", "", ...(hasGroups ? ["Group"] : [])], rows);
}

/**
 * @param {number | null} bound
 * @param {Interval | null} interval
 * @returns {string} of an interval that is open on one side, there is one bound only
 */
function boundText(bound, interval) {
  return bound === null && interval !== null ? "open" : factor(bound);
}

/**
 * @param {Array<{tag: string, result: VoteResult}>} tags
 * @returns {HTMLElement}
 */
function tagTable(tags) {
  const rows = tags.map(({ tag, result }) => {
    const [best] = result.strengths;
    return [valueName(tag), wholeNumber(result.votes), wholeNumber(result.prompts), valueName(best?.value ?? ""), factor(best?.strength ?? null)];
  });
  return numberTable("By tag", ["Tag", "Votes", "Prompts", "Strongest", "Strength"], rows);
}

const TEXT_HEADS = new Set(["Against", "Verdict", "Strongest"]);

/**
 * Make a table that scrolls sideways in itself where the window is narrow.
 *
 * @param {string} caption its name
 * @param {readonly string[]} heads empty for a drawing
 * @param {ReadonlyArray<ReadonlyArray<Child>>} rows the first cell names the row
 * @returns {HTMLElement}
 */
function numberTable(caption, heads, rows) {
  const classOf = (/** @type {number} */ column) => TEXT_HEADS.has(heads[column] ?? "") && "is-text";
  const head = el("tr", {}, ...heads.map((text, at) => (text === "" ? el("td") : el("th", { scope: "col", class: classOf(at) }, text))));
  const body = rows.map(([name, ...cells]) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((cell, at) => el("td", { class: classOf(at + 1) }, cell))),
  );
  return el(
    "div",
    { class: "table-scroll", tabindex: 0, role: "group", "aria-label": `${caption}, scrolls sideways` },
    el("table", { class: "numbers" }, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...body)),
  );
}

/**
 * @param {Interval} wilsons
 * @param {Interval | null} boot
 * @returns {Interval} the more careful one at each end
 */
function widestInterval(wilsons, boot) {
  return { low: Math.min(wilsons.low, boot?.low ?? 1), high: Math.max(wilsons.high, boot?.high ?? 0) };
}

/**
 * @param {PairOutlook | undefined} outlook
 * @returns {string}
 */
function outlookText(outlook) {
  if (outlook === undefined) return "";
  if (outlook.outcome === "better") return "better";
  if (outlook.outcome === "equal") return "about equal";
  return `open: ${wholeNumber(outlook.votes)} more on ${countOf(outlook.prompts, "prompt")}`;
}

/**
 * @param {string} name
 * @returns {HTMLElement}
 */
function valueName(name) {
  return el("span", { class: "user-text value-name", title: name }, name);
}

/**
 * @param {number | null} share
 * @returns {string}
 */
function percent(share) {
  return share === null || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(1)} %`;
}

/**
 * @param {number | null} value
 * @returns {string}
 */
function factor(value) {
  return value === null ? "–" : value.toLocaleString("en", { maximumSignificantDigits: 3, useGrouping: false });
}

/**
 * @param {number} value
 * @returns {string}
 */
function wholeNumber(value) {
  return value.toLocaleString("en");
}
