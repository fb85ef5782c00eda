"use strict";

/**
 * Charts whose rows have a label on the left, shapes on a common axis, and a number on the right. Labels are text of the
 * page, which wraps and is never cut; only the shapes are SVG, stretched to the width that is left.
 *
 * @typedef {object} ChartRow
 * @property {string} label
 * @property {string} value seen on the right; empty for none
 * @property {SVGElement[]} shapes in a box of 100 by `CHART_ROW_HEIGHT`
 *
 * @typedef {{at: number, text: string}} ChartTick its place on the axis, 0 to 100
 */

const CHART_ROW_HEIGHT = 24;

/**
 * @param {string} name of the whole chart, for those who do not see it
 * @param {ChartRow[]} rows
 * @param {ChartTick[]} ticks
 * @param {string} unit below the axis
 * @returns {HTMLElement}
 */
function chartOfRows(name, rows, ticks, unit) {
  const chart = el("div", { class: "chart", role: "img", "aria-label": name });
  for (const row of rows) {
    const plot = plotOf("plot", CHART_ROW_HEIGHT);
    plot.append(...ticks.map(({ at }) => svg("line", { class: "tick-line", x1: at, x2: at, y1: 0, y2: CHART_ROW_HEIGHT })));
    plot.append(...row.shapes);
    const label = el("span", { class: "chart-label user-text" }, row.label);
    chart.append(el("div", { class: "chart-row" }, label, plot, el("span", { class: "chart-value" }, row.value)));
  }
  chart.append(el("div", { class: "chart-row" }, axisOfTicks(ticks)));
  if (unit !== "") chart.append(el("div", { class: "chart-row" }, el("span", { class: "chart-unit" }, unit)));
  return chart;
}

/**
 * @param {string} kind its class
 * @param {number} height of its box, which is 100 wide
 * @returns {SVGElement} a drawing that is stretched to its place; the chart around it has the name
 */
function plotOf(kind, height) {
  return svg("svg", { class: kind, viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
}

/**
 * @param {ChartTick[]} ticks
 * @returns {HTMLElement}
 */
function axisOfTicks(ticks) {
  const axis = el("div", { class: "chart-axis" });
  for (const { at, text } of ticks) {
    const tick = el("span", { class: "tick" }, text);
    tick.style.left = `${at}%`;
    if (at > 90) {
      tick.style.transform = `translateX(-${at}%)`; // a long number at the edge stays on a narrow page
    }
    axis.append(tick);
  }
  return axis;
}

/**
 * @param {string} series the class of its colour
 * @param {number} x
 * @param {number} width
 * @param {number} y
 * @param {number} height
 * @returns {SVGElement}
 */
function chartBar(series, x, width, y = 3, height = CHART_ROW_HEIGHT - 6) {
  return svg("rect", { class: series, x, width: Math.max(0, width), y, height });
}

/**
 * Return round numbers from 0 to at least `most`.
 *
 * @param {number} most
 * @param {number} count of steps, about
 * @returns {number[]}
 */
function roundSteps(most, count = 4) {
  if (!(most > 0)) return [0, 1];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((each) => each * power >= rough * (1 - 1e-9)) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, number) => number * step);
}

/**
 * Return the ticks of an axis that begins at 0, and the value at its end.
 *
 * @param {number} most
 * @param {(value: number) => string} textOf
 */
function linearAxis(most, textOf) {
  const steps = roundSteps(most);
  const end = steps.at(-1) ?? 1;
  return { end, ticks: steps.map((value) => ({ at: (100 * value) / end, text: textOf(value) })) };
}

/**
 * Return what an axis says that is too short for two of 1, 2, 5 and their tens.
 *
 * @param {number} least
 * @param {number} most
 * @returns {number[]} round numbers between them; the least alone where those would read alike
 */
function stepsBetween(least, most) {
  const step = roundSteps(most - least)[1] ?? 1;
  const first = Math.ceil(least / step - 1e-9);
  const values = Array.from({ length: Math.max(0, Math.floor(most / step + 1e-9) - first + 1) }, (_, number) => (first + number) * step);
  return new Set(values.map(shortNumber)).size === values.length && values.length > 0 ? values : [least];
}

/**
 * Return a logarithmic axis: its ticks, and where a value stands on it.
 *
 * @param {number} least above 0
 * @param {number} most
 */
function logAxis(least, most) {
  const low = Math.log(least);
  const span = Math.max(1e-9, Math.log(most) - low);
  /** @param {number} value */
  const placeOf = (value) => (100 * (Math.log(value) - low)) / span;
  const firsts = span > Math.log(2000) ? [1] : span > Math.log(40) ? [1, 3] : [1, 2, 5];
  /** @type {number[]} */
  const values = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power += 1) {
    for (const first of firsts) {
      const value = first * 10 ** power;
      if (value >= least * (1 - 1e-9) && value <= most * (1 + 1e-9)) values.push(value);
    }
  }
  const told = values.length > 1 ? values : stepsBetween(least, most);
  return { ticks: told.map((value) => ({ at: placeOf(value), text: shortNumber(value) })), placeOf };
}

/**
 * @param {number} value
 * @returns {string} with three digits that count, and separators of thousands
 */
function shortNumber(value) {
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 3 }).format(value);
}

/**
 * @param {number} value
 * @returns {string}
 */
function roundedNumber(value) {
  return new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(value);
}

/**
 * @param {number} usd
 * @returns {string}
 */
function usdText(usd) {
  const cents = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return `$${usd < 1 ? shortNumber(usd) : new Intl.NumberFormat("en", cents).format(usd)}`;
}
