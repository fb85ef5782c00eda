"use strict";

const BAR_WIDTH = 180;
const BAR_HEIGHT = 20;
const BAR_MARGIN = 5;

/**
 * Draw an estimate and its interval on a scale; the numbers stand beside it, so that it is hidden from screen readers.
 *
 * @param {object} bar
 * @param {number} bar.estimate
 * @param {Interval | null} bar.interval
 * @param {number} bar.even the place of the line that says: no difference
 * @param {(value: number) => number} bar.scale from 0, at the left, to 1
 * @returns {SVGSVGElement}
 */
function intervalBar({ estimate, interval, even, scale }) {
  const x = (/** @type {number} */ value) => BAR_MARGIN + Math.min(1, Math.max(0, scale(value))) * (BAR_WIDTH - 2 * BAR_MARGIN);
  const middle = BAR_HEIGHT / 2;
  const isClear = interval !== null && (interval.low > even || interval.high < even);
  return svg(
    "svg",
    { class: `interval-bar${isClear ? " is-clear" : ""}`, viewBox: `0 0 ${BAR_WIDTH} ${BAR_HEIGHT}`, width: BAR_WIDTH, height: BAR_HEIGHT, "aria-hidden": "true" },
    svg("line", { class: "bar-track", x1: BAR_MARGIN, x2: BAR_WIDTH - BAR_MARGIN, y1: middle, y2: middle }),
    svg("line", { class: "bar-even", x1: x(even), x2: x(even), y1: 2, y2: BAR_HEIGHT - 2 }),
    interval && svg("line", { class: "bar-interval", x1: x(interval.low), x2: x(interval.high), y1: middle, y2: middle }),
    svg("circle", { class: "bar-estimate", cx: x(estimate), cy: middle, r: 4 }),
  );
}

/**
 * @param {ReadonlyArray<number | null>} values
 * @returns {(value: number) => number} on which equal factors are equally far apart, and 1 lies in the middle
 */
function factorScale(values) {
  const logs = values.flatMap((value) => (value !== null && value > 0 ? [Math.abs(Math.log(value))] : []));
  const most = Math.max(Math.LN2, ...logs);
  return (value) => 0.5 + Math.log(Math.max(value, Number.MIN_VALUE)) / (2 * most);
}
