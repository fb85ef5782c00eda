"use strict";

/** Scores and what they cost, as the page Figures shows them; a chart for each score. */

/** Charts of a figure; its table has all scores. */
const SHOWN_SCORES = 12;
const SCATTER_HEIGHT = 60;

/**
 * @param {FiguresData} data
 * @returns {FigureParts | null}
 */
function scoreFigure(data) {
  const { outputs, rows } = data.scores ?? { outputs: [], rows: [] };
  if (rows.length === 0) return null;
  return {
    id: "score",
    title: "Scores by model",
    note: `Means over images. The line is an interval of 95 % over prompts.${rows.some(hasFewPrompts) ? ` Fewer than ${MANY_PROMPTS} prompts say little about others.` : ""}`,
    legend: folderLegend(data),
    charts: [el("div", { class: "score-charts" }, ...outputs.slice(0, SHOWN_SCORES).map((output, number) =>
      headedChart(output, scoreChart(data, output, chartedRows(data, rows.filter((row) => row.score === number), (row) => row.model)))))],
    head: ["Score", "Better", "Model", "Folder", "Images", "Prompts", "Mean", "Low", "High"],
    rows: rows.map((row) => [
      outputs[row.score]?.name ?? "", outputs[row.score]?.better ?? "–", row.model, folderText(data, row.folder), row.images, row.prompts,
      row.mean, row.low, row.high,
    ]),
  };
}

const MANY_PROMPTS = 10;

/**
 * @param {ScoreRowData} row
 * @returns {boolean}
 */
function hasFewPrompts({ prompts }) {
  return prompts !== null && prompts < MANY_PROMPTS;
}

/**
 * @param {ScoreData} output
 * @param {HTMLElement} chart
 * @returns {HTMLElement}
 */
function headedChart(output, chart) {
  return el(
    "div",
    { class: "score-chart" },
    el("h3", {}, el("span", { class: "user-text" }, output.name), directionText(output) !== "" && el("span", { class: "score-direction" }, ` ${directionText(output)}`)),
    chart,
  );
}

/**
 * @param {FiguresData} data
 * @param {ScoreData} output
 * @param {ScoreRowData[]} rows
 * @returns {HTMLElement}
 */
function scoreChart(data, output, rows) {
  const axis = spanAxis(rows.flatMap((row) => [row.mean, row.low ?? row.mean, row.high ?? row.mean]), output);
  const chartRows = rows.map((row) => ({
    label: nameWithFolder(data, row.model, row.folder),
    value: scoreText(row.mean),
    shapes: scoreShapes(row, axis.placeOf),
  }));
  const told = chartRows.map(({ label, value }) => `${label} ${value}`);
  return chartOfRows(`${output.name}: ${told.join(", ")}`, chartRows, axis.ticks, output.unit);
}

/**
 * @param {ScoreRowData} row
 * @param {(value: number) => number} placeOf
 * @returns {SVGElement[]} the mean as a bold mark, and its interval as a line with ends
 */
function scoreShapes(row, placeOf) {
  const at = placeOf(row.mean);
  const middle = CHART_ROW_HEIGHT / 2;
  /** @param {string} kind @param {number} x1 @param {number} x2 @param {number} y1 @param {number} y2 */
  const line = (kind, x1, x2, y1, y2) => svg("line", { class: kind, x1, x2, y1, y2 });
  const mean = line(`mean ${folderSeries(row.folder)}`, at, at, 4, CHART_ROW_HEIGHT - 4);
  if (row.low === null || row.high === null) return [mean];
  const [low, high] = [placeOf(row.low), placeOf(row.high)];
  return [
    line("mark", low, high, middle, middle), line("mark", low, low, middle - 3, middle + 3),
    line("mark", high, high, middle - 3, middle + 3), mean,
  ];
}

/** Numbers beyond it stand at the edge of a chart. */
const HUGE = 1e300;

/**
 * Return an axis that holds some values, and 0 where that is not far away: its ticks, and where a value stands on it.
 *
 * @param {readonly number[]} values
 * @param {{low: number | null, high: number | null}} range
 */
function spanAxis(values, { low, high }) {
  const held = values.map((value) => Math.min(HUGE, Math.max(-HUGE, value)));
  let [least, most] = [Math.min(...held), Math.max(...held)];
  if (least === most) {
    const room = Math.abs(least) / 10 || 1;
    least = low === null ? least - room : Math.min(low, least);
    most = high === null ? most + room : Math.max(high, most);
  }
  if (least > 0 && least < most / 2) least = 0;
  if (most < 0 && most > least / 2) most = 0;
  const step = roundSteps(Math.max(most - least, 1 / HUGE))[1] ?? 1;
  const from = Math.floor(least / step + 1e-9) * step;
  const count = Math.max(1, Math.ceil((most - from) / step - 1e-9));
  /** @param {number} value */
  const placeOf = (value) => Math.min(100, Math.max(0, (100 * (value - from)) / (count * step)));
  const ticks = Array.from({ length: count + 1 }, (_, number) => from + number * step);
  return { placeOf, ticks: ticks.map((value) => ({ at: placeOf(value), text: scoreText(Math.abs(value) < step / 1e6 ? 0 : value) })) };
}

/**
 * @param {FiguresData} data
 * @returns {FigureParts | null}
 */
function scorePerDollarFigure(data) {
  const { outputs, priced } = data.scores ?? { outputs: [], priced: [] };
  const charts = outputs.slice(0, SHOWN_SCORES).flatMap((output, number) => {
    const rows = chartedRows(data, priced.filter((row) => row.score === number), (row) => row.model);
    return rows.length === 0 ? [] : [headedChart(output, scatterOf(data, output, rows))];
  });
  if (charts.length === 0) return null;
  return {
    id: "score-per-dollar",
    title: "Score and cost",
    note: "The mean score of a model beside USD per image, with all that was paid for images. What scoring costs is not in it.",
    legend: folderLegend(data),
    charts: [el("div", { class: "score-charts" }, ...charts)],
    head: ["Score", "Better", "Model", "Folder", "Mean", "USD per image", "Score per USD"],
    rows: priced.map((row) => [
      outputs[row.score]?.name ?? "", outputs[row.score]?.better ?? "–", row.model, folderText(data, row.folder), row.mean, row.usd_per_image, row.per_usd,
    ]),
  };
}

/**
 * Draw models as numbered points, and name them below, so that no name stands in the way of another.
 *
 * @param {FiguresData} data
 * @param {ScoreData} output
 * @param {PricedScoreData[]} rows
 * @returns {HTMLElement}
 */
function scatterOf(data, output, rows) {
  const across = linearAxis(Math.max(...rows.map((row) => row.usd_per_image)) * 1.05, usdText);
  const up = spanAxis(rows.flatMap((row) => [row.mean, row.low ?? row.mean, row.high ?? row.mean]), output);
  const plot = plotOf("plot tall", SCATTER_HEIGHT);
  /** @param {number} value */
  const y = (value) => SCATTER_HEIGHT * (1 - up.placeOf(value) / 100);
  for (const { at } of up.ticks) plot.append(svg("line", { class: "tick-line", x1: 0, x2: 100, y1: SCATTER_HEIGHT * (1 - at / 100), y2: SCATTER_HEIGHT * (1 - at / 100) }));
  const field = el("div", { class: "scatter-field" }, plot);
  rows.forEach((row, number) => {
    const x = (100 * row.usd_per_image) / across.end;
    if (row.low !== null && row.high !== null) plot.append(svg("line", { class: "mark", x1: x, x2: x, y1: y(row.low), y2: y(row.high) }));
    const point = el("span", { class: `scatter-point ${folderSeries(row.folder)}` }, String(number + 1));
    point.style.left = `${x}%`;
    point.style.bottom = `${up.placeOf(row.mean)}%`;
    field.append(point);
  });
  const labels = el("div", { class: "rate-labels" });
  for (const { at, text } of up.ticks) {
    const label = el("span", { class: "rate-label" }, text);
    label.style.bottom = `${at}%`;
    labels.append(label);
  }
  const told = rows.map((row) => `${nameWithFolder(data, row.model, row.folder)} ${scoreText(row.mean)} for ${usdText(row.usd_per_image)}`);
  const chart = el(
    "div",
    { class: "rate", role: "img", "aria-label": `${output.name}: ${told.join(", ")}` },
    labels, field, el("span"), el("div", {}, axisOfTicks(across.ticks), el("div", { class: "chart-unit" }, "USD per image")),
  );
  const names = rows.map((row, number) =>
    el("li", {}, el("span", { class: `scatter-point ${folderSeries(row.folder)}`, "aria-hidden": "true" }, String(number + 1)),
      el("span", { class: "user-text" }, nameWithFolder(data, row.model, row.folder)),
      el("span", { class: "scatter-value" }, perDollarText(row))));
  return el("div", { class: "scatter" }, chart, el("ol", { class: "scatter-names" }, ...names));
}

/**
 * @param {PricedScoreData} row
 * @returns {string}
 */
function perDollarText(row) {
  const beside = `${scoreText(row.mean)} for ${usdText(row.usd_per_image)}`;
  return row.per_usd === null ? beside : `${beside}, ${scoreText(row.per_usd)} per USD`;
}
