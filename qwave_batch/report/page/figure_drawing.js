"use strict";

/**
 * What each figure shows; a figure without numbers is null. Rows of single folders stand in the charts, those of all
 * folders together in the tables too.
 */

const SHOWN_ROWS = 40;

/**
 * @template {{folder: number | null}} Row
 * @param {FiguresData} data
 * @param {Row[]} rows
 * @param {(row: Row) => string | null} nameOf rows of a name stand one below the other
 * @returns {Row[]}
 */
function chartedRows(data, rows, nameOf) {
  const single = rows.filter((row) => data.folders.length === 1 || row.folder !== null);
  const names = [...new Set(single.map(nameOf))];
  return single.sort((one, other) => names.indexOf(nameOf(one)) - names.indexOf(nameOf(other))).slice(0, SHOWN_ROWS);
}

/**
 * @param {FiguresData} data
 * @param {number | null} folder
 * @returns {string}
 */
function folderText(data, folder) {
  return folder === null ? (data.folders.length === 1 ? (data.folders[0] ?? "") : "all") : (data.folders[folder] ?? "");
}

/**
 * @param {FiguresData} data
 * @param {string} name
 * @param {number | null} folder
 * @returns {string}
 */
function nameWithFolder(data, name, folder) {
  return data.folders.length === 1 ? name : `${name} · ${folderText(data, folder)}`;
}

/**
 * @param {number | null} folder
 * @returns {string} the class of a folder's colour
 */
function folderSeries(folder) {
  return `series-${((folder ?? 0) % 8) + 1}`;
}

/**
 * @param {FiguresData} data
 * @returns {FigureParts["legend"]}
 */
function folderLegend(data) {
  return data.folders.length === 1 ? [] : data.folders.map((text, folder) => ({ series: folderSeries(folder), text }));
}

/** @typedef {"model" | "stage"} FigureGroup what the rows of a figure are about */

const GROUP_TITLES = { model: "Model", stage: "Stage", tag: "Tag" };

/**
 * @param {FiguresData} data
 * @param {FigureGroup} of
 * @returns {FigureParts | null}
 */
function latencyFigure(data, of) {
  const { edges, relative_error: error } = data.latency;
  const rows = of === "model" ? data.latency.rows : (data.stages?.latency ?? []);
  /** @param {LatencyData} row */
  const nameOf = (row) => row[of] ?? "";
  const shown = chartedRows(data, rows, nameOf);
  if (shown.length === 0 || edges.length < 2) return null;
  const axis = logAxis(edges[0] ?? 1, edges.at(-1) ?? 1);
  const chartRows = shown.map((row) => ({
    label: nameWithFolder(data, nameOf(row), row.folder),
    value: `${shortNumber(row.p50)} s`,
    shapes: latencyShapes(row, edges, axis.placeOf),
  }));
  const told = shown.map((row) => `${nameWithFolder(data, nameOf(row), row.folder)} ${shortNumber(row.p50)} s`);
  return {
    id: of === "model" ? "latency" : `latency-${of}`,
    title: `Latency by ${of}`,
    note: "Seconds from submit to the end of the task. The line is the median, the bar the middle half of all jobs.",
    legend: folderLegend(data),
    charts: [chartOfRows(`Medians: ${told.join(", ")}`, chartRows, axis.ticks, "seconds")],
    head: [GROUP_TITLES[of], "Folder", "Jobs", "Least", "5 %", "25 %", "Median", "75 %", "95 %", "Greatest", "Off by at most"],
    rows: rows.map((row) => [
      nameOf(row), folderText(data, row.folder), row.count, row.least, row.p05, row.p25, row.p50, row.p75, row.p95,
      row.greatest, error === 0 ? "exact" : `${(100 * error).toFixed(1)} %`,
    ]),
  };
}

/**
 * @param {LatencyData} row
 * @param {number[]} edges
 * @param {(value: number) => number} placeOf
 * @returns {SVGElement[]}
 */
function latencyShapes(row, edges, placeOf) {
  const most = Math.max(...row.histogram, 1);
  const base = CHART_ROW_HEIGHT - 4;
  const bars = row.histogram.map((count, bin) => {
    const left = placeOf(edges[bin] ?? 1);
    const height = (count / most) * (base - 1);
    return chartBar(`${folderSeries(row.folder)} soft`, left, placeOf(edges[bin + 1] ?? 1) - left, base - height, height);
  });
  const half = chartBar("ink", placeOf(row.p25), placeOf(row.p75) - placeOf(row.p25), base, 2.5);
  const median = svg("line", { class: "mark", x1: placeOf(row.p50), x2: placeOf(row.p50), y1: 1, y2: base });
  return [...bars, half, median];
}

const OUTCOMES = /** @type {const} */ (["completed", "failed", "refused", "cancelled", "unknown", "skipped", "pending"]);

/**
 * @param {FiguresData} data
 * @param {FigureGroup | "tag"} of
 * @returns {FigureParts | null}
 */
function outcomeFigure(data, of) {
  const all = { model: data.outcomes.by_model, tag: data.outcomes.by_tag, stage: data.stages?.outcomes ?? [] }[of];
  /** @param {OutcomeData} row */
  const nameOf = (row) => row[of] ?? "no tag";
  const rows = all.some((row) => of !== "tag" || row.tag !== null) ? chartedRows(data, all, nameOf) : [];
  if (rows.length === 0) return null;
  const chartRows = rows.map((row) => ({
    label: nameWithFolder(data, nameOf(row), row.folder),
    value: `${roundedNumber(row.failed + row.refused)} of ${roundedNumber(row.jobs)}`,
    shapes: outcomeShapes(row),
  }));
  const seen = OUTCOMES.filter((status) => rows.some((row) => row[status] > 0));
  const told = rows.map((row) => `${nameWithFolder(data, nameOf(row), row.folder)} ${row.failed + row.refused} of ${row.jobs}`);
  const ticks = [0, 25, 50, 75, 100].map((at) => ({ at, text: `${at} %` }));
  return {
    id: `outcomes-${of}`,
    title: `Failures and refusals by ${of}`,
    note: of === "tag" ? "Jobs by status. A job with two tags counts in both. On the right: failed and refused." :
      "Jobs by status. On the right: failed and refused.",
    legend: seen.map((status) => ({ series: `status-${status}`, text: status })),
    charts: [chartOfRows(`Failed or refused: ${told.join(", ")}`, chartRows, ticks, "")],
    head: [GROUP_TITLES[of], "Folder", "Jobs", ...OUTCOMES],
    rows: all.map((row) => [nameOf(row), folderText(data, row.folder), row.jobs, ...OUTCOMES.map((status) => row[status])]),
  };
}

/**
 * @param {OutcomeData} row
 * @returns {SVGElement[]}
 */
function outcomeShapes(row) {
  let left = 0;
  return OUTCOMES.filter((status) => row[status] > 0).map((status) => {
    const width = (100 * row[status]) / row.jobs;
    left += width;
    return chartBar(`status-${status}`, left - width, width);
  });
}

/**
 * @param {FiguresData} data
 * @returns {FigureParts | null}
 */
function errorFigure(data) {
  /** @type {Map<string, {code: string, status: string, jobs: number}>} */
  const found = new Map();
  for (const { code, status, folder, jobs } of data.outcomes.by_error) {
    if (folder !== null) continue;
    const entry = found.get(`${status} ${code}`) ?? { code, status, jobs: 0 };
    found.set(`${status} ${code}`, { ...entry, jobs: entry.jobs + jobs });
  }
  const rows = [...found.values()].sort((one, other) => other.jobs - one.jobs).slice(0, SHOWN_ROWS);
  if (rows.length === 0) return null;
  const axis = linearAxis(Math.max(...rows.map((row) => row.jobs)), roundedNumber);
  const chartRows = rows.map(({ code, status, jobs }) => ({
    label: code,
    value: roundedNumber(jobs),
    shapes: [chartBar(`status-${status}`, 0, (100 * jobs) / axis.end)],
  }));
  return {
    id: "errors",
    title: "Reasons",
    note: "Jobs by the code of their error.",
    legend: OUTCOMES.filter((status) => rows.some((row) => row.status === status)).map((status) => ({
      series: `status-${status}`, text: status,
    })),
    charts: [chartOfRows(rows.map(({ code, jobs }) => `${code} ${jobs}`).join(", "), chartRows, wholeTicks(axis.ticks), "jobs")],
    head: ["Code", "Status", "Model", "Folder", "Jobs", "Example"],
    rows: data.outcomes.by_error.map((row) => [
      row.code, row.status, row.model, folderText(data, row.folder), row.jobs, row.message,
    ]),
  };
}

/**
 * Drop ticks between whole numbers.
 *
 * @param {ChartTick[]} ticks
 * @returns {ChartTick[]}
 */
function wholeTicks(ticks) {
  return ticks.filter((tick, number) => number === 0 || tick.text !== ticks[number - 1]?.text);
}

/**
 * @param {FiguresData} data
 * @param {FigureGroup} of
 * @returns {FigureParts | null}
 */
function costFigure(data, of) {
  const all = of === "model" ? data.costs : (data.stages?.costs ?? []);
  /** @param {CostData} row */
  const nameOf = (row) => row[of] ?? "";
  const rows = chartedRows(data, all.filter((row) => row.usd_per_image !== null), nameOf);
  if (!rows.some((row) => row.usd > 0)) return null;
  const axis = linearAxis(Math.max(...rows.map((row) => row.usd_per_image ?? 0)), usdText);
  const chartRows = rows.map((row) => ({
    label: nameWithFolder(data, nameOf(row), row.folder),
    value: `${usdText(row.usd_per_image ?? 0)}, ${usdText(row.usd)} in all`,
    shapes: [chartBar(folderSeries(row.folder), 0, (100 * (row.usd_per_image ?? 0)) / axis.end)],
  }));
  return {
    id: of === "model" ? "cost" : `cost-${of}`,
    title: `Cost by ${of}`,
    note: "USD per image, with all that was paid, failed jobs too.",
    legend: folderLegend(data),
    charts: [chartOfRows(chartRows.map((row) => `${row.label} ${row.value}`).join("; "), chartRows, axis.ticks, "per image")],
    head: [GROUP_TITLES[of], "Folder", "USD", "Jobs", "Completed", "Images", "USD per image", "USD per completed job"],
    rows: all.map((row) => [
      nameOf(row), folderText(data, row.folder), row.usd, row.jobs, row.completed, row.images, row.usd_per_image,
      row.usd_per_completed,
    ]),
  };
}

/**
 * @param {FiguresData} data
 * @returns {FigureParts | null}
 */
function limitFigure(data) {
  const waits = data.limits.flatMap((run) =>
    (run.waits ?? []).map((wait) => ({ label: nameWithFolder(data, `wait: ${wait.kind.replace("_", " ")}`, run.folder), value: wait.seconds, folder: run.folder })),
  );
  const calls = data.limits.flatMap((run) =>
    (run.throttled ?? []).map(({ calls: kind, model, count }) => ({
      label: nameWithFolder(data, `429 on ${kind}${model === null ? "s" : ` of ${model}`}`, run.folder), value: count, folder: run.folder,
    })),
  );
  if (data.limits.length === 0) return null;
  const isRecorded = data.limits.some((run) => run.waits !== null);
  const nothing = isRecorded ? "It met no limit and waited for nothing." : "It was of a version that did not record limits.";
  return {
    id: "limits",
    title: "Limits met and waits",
    note: `Of the newest run. ${waits.length + calls.length === 0 ? nothing : ""}`.trim(),
    legend: [],
    charts: [limitChart(waits, "seconds in which a submit had to wait"), limitChart(calls, "calls")].filter((chart) => chart !== null),
    head: ["What", "Folder", "Number"],
    rows: data.limits.flatMap((run) => limitRows(data, run)),
  };
}

/**
 * @param {Array<{label: string, value: number, folder: number}>} rows
 * @param {string} unit
 * @returns {HTMLElement | null}
 */
function limitChart(rows, unit) {
  if (rows.length === 0) return null;
  const axis = linearAxis(Math.max(...rows.map((row) => row.value)), shortNumber);
  const chartRows = rows.map(({ label, value, folder }) => ({
    label, value: shortNumber(value), shapes: [chartBar(folderSeries(folder), 0, (100 * value) / axis.end)],
  }));
  return chartOfRows(rows.map(({ label, value }) => `${label} ${shortNumber(value)}`).join(", "), chartRows, axis.ticks, unit);
}

/**
 * @param {FiguresData} data
 * @param {LimitData} run
 * @returns {TableValue[][]}
 */
function limitRows(data, run) {
  const folder = folderText(data, run.folder);
  return [
    ["submits sent", folder, run.submits],
    ["polls sent", folder, run.polls],
    ["downloads", folder, run.downloads],
    ["retried among them", folder, run.retried],
    ...(run.throttled ?? []).map(({ calls, model, count }) => [`429 on ${calls}${model === null ? "" : ` of ${model}`}`, folder, count]),
    ...(run.waits ?? []).map(({ kind, seconds }) => [`seconds of waiting: ${kind.replace("_", " ")}`, folder, seconds]),
  ];
}
