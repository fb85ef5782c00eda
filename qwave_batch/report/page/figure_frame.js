"use strict";

/**
 * A figure: a caption, a chart, and the table of its numbers behind a button.
 *
 * @typedef {string | number | null} TableValue
 *
 * @typedef {object} FigureParts
 * @property {string} id
 * @property {string} title
 * @property {string} note under the title
 * @property {Array<{series: string, text: string}>} legend
 * @property {HTMLElement[]} charts
 * @property {string[]} head of the table
 * @property {TableValue[][]} rows
 */

/** Figures whose table is shown; it stays so when the numbers change. */
const shownTables = new Set();

/**
 * @param {FigureParts} parts
 * @returns {HTMLElement}
 */
function figureOf(parts) {
  const captionId = `figure-${parts.id}`;
  const tableId = `${captionId}-table`;
  const table = el("div", { class: "figure-table", id: tableId, tabindex: 0, role: "region" }, tableOf(parts));
  table.setAttribute("aria-label", `Numbers of: ${parts.title}`);
  const button = el("button", { type: "button", "aria-controls": tableId, "data-keeps-focus": captionId }, "Show table");
  /** @param {boolean} isShown */
  const showTable = (isShown) => {
    table.hidden = !isShown;
    button.setAttribute("aria-expanded", String(isShown));
    if (isShown) shownTables.add(parts.id);
    else shownTables.delete(parts.id);
  };
  button.addEventListener("click", () => showTable(table.hidden === true));
  showTable(shownTables.has(parts.id));
  return el(
    "figure",
    { class: "figure", "aria-labelledby": captionId },
    el("figcaption", {}, el("h2", { id: captionId }, parts.title), el("p", { class: "figure-note" }, parts.note)),
    parts.legend.length > 0 && legendOf(parts.legend),
    ...parts.charts,
    button,
    table,
  );
}

/**
 * @param {FigureParts["legend"]} legend
 * @returns {HTMLElement}
 */
function legendOf(legend) {
  const entries = legend.map(({ series, text }) => {
    const swatch = svg("svg", { class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true" });
    swatch.append(svg("rect", { class: series, x: 0.5, y: 0.5, width: 9, height: 9 }));
    return el("li", {}, swatch, el("span", { class: "user-text" }, text));
  });
  return el("ul", { class: "legend" }, ...entries);
}

/**
 * @param {FigureParts} parts
 * @returns {HTMLTableElement}
 */
function tableOf({ title, head, rows }) {
  const body = el("tbody");
  for (const [first, ...others] of rows) {
    const cells = others.map((value) => el("td", { class: typeof value === "string" && "user-text" }, tableText(value)));
    body.append(el("tr", {}, el("th", { scope: "row", class: "user-text" }, tableText(first ?? null)), ...cells));
  }
  return el(
    "table",
    { class: "numbers" },
    el("caption", { class: "visually-hidden" }, title),
    el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
    body,
  );
}

/**
 * @param {TableValue} value
 * @returns {string}
 */
function tableText(value) {
  if (value === null) return "–";
  return typeof value === "string" ? value : shortTableNumber(value);
}

/**
 * @param {number} value
 * @returns {string}
 */
function shortTableNumber(value) {
  const digits = Number.isInteger(value) ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 };
  return new Intl.NumberFormat("en", digits).format(value);
}
