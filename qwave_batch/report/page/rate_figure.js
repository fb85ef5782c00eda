"use strict";

/** Height of the chart of images a minute, in the units of its box, which is 100 wide. */
const RATE_HEIGHT = 60;

/**
 * Draw images a minute over the time of work: sessions stand one behind the other, with a line for the gap between two.
 *
 * @param {FiguresData} data
 * @returns {FigureParts | null}
 */
function rateFigure(data) {
  const sessions = data.rate.sessions;
  if (sessions.length === 0) return null;
  const folders = [...new Set(sessions.map((session) => session.folder))];
  return {
    id: "rate",
    title: "Images a minute",
    note: `Over the time of work.${sessions.length > folders.length ? " A dotted line is a time of more than ten minutes without an image." : ""}`,
    legend: folderLegend(data),
    charts: folders.map((folder) => rateChart(data, folder)),
    head: ["Session", "Folder", "From", "To", "Images", "Images a minute"],
    rows: sessions.map((session, number) => [
      String(number + 1), folderText(data, session.folder), sessionInstant(session.started_at), sessionInstant(session.ended_at),
      session.images, session.images_per_minute,
    ]),
  };
}

/**
 * @param {FiguresData} data
 * @param {number} folder
 * @returns {HTMLElement}
 */
function rateChart(data, folder) {
  const sessions = data.rate.sessions.filter((session) => session.folder === folder);
  const total = sessions.reduce((sum, session) => sum + secondsOf(session), 0);
  const steps = rateSteps(sessions, total);
  const vertical = linearAxis(Math.max(...steps.map((step) => step.rate)), shortNumber);
  const plot = plotOf("plot tall", RATE_HEIGHT);
  for (const { at } of vertical.ticks) {
    const y = RATE_HEIGHT - (at / 100) * RATE_HEIGHT;
    plot.append(svg("line", { class: "tick-line", x1: 0, x2: 100, y1: y, y2: y }));
  }
  for (const { left, right, rate } of steps) {
    const height = (rate / vertical.end) * RATE_HEIGHT;
    plot.append(chartBar(folderSeries(folder), left, right - left, RATE_HEIGHT - height, height));
  }
  let begin = 0;
  for (const session of sessions.slice(0, -1)) {
    begin += (100 * secondsOf(session)) / total;
    plot.append(svg("line", { class: "gap-line", x1: begin, x2: begin, y1: 0, y2: RATE_HEIGHT }));
  }
  const labels = el("div", { class: "rate-labels" });
  for (const { at, text } of vertical.ticks) {
    const label = el("span", { class: "rate-label" }, text);
    label.style.bottom = `${at}%`;
    labels.append(label);
  }
  const told = sessions.map((session) => `${roundedNumber(session.images)} images, ${shortNumber(session.images_per_minute)} a minute`);
  const name = `${folderText(data, folder)}: ${told.join("; ")}`;
  return el("div", { class: "rate", role: "img", "aria-label": name }, labels, plot, el("span"), rateAxis(total));
}

/**
 * @param {number} total seconds
 * @returns {HTMLElement}
 */
function rateAxis(total) {
  const [length, unit] = total > 7200 ? [3600, "h"] : total > 120 ? [60, "min"] : [1, "s"];
  const end = total / length;
  const ticks = roundSteps(end, 4).filter((value) => value <= end).map((value) => ({
    at: (100 * value) / end, text: `${shortNumber(value)} ${unit}`,
  }));
  return axisOfTicks(ticks);
}

/**
 * @param {SessionData[]} sessions
 * @param {number} total seconds
 */
function rateSteps(sessions, total) {
  let begin = 0;
  return sessions.flatMap((session) => {
    const lasts = secondsOf(session);
    const steps = session.counts.map((count, number) => {
      const from = Math.min(lasts, number * session.bin_seconds);
      const to = Math.min(lasts, from + session.bin_seconds);
      const seconds = Math.max(to - from, session.bin_seconds / 4); // what is left of the last bin tells little
      return { left: (100 * (begin + from)) / total, right: (100 * (begin + to)) / total, rate: (60 * count) / seconds };
    });
    begin += lasts;
    return steps;
  });
}

/**
 * @param {SessionData} session
 * @returns {number} at least a second
 */
function secondsOf(session) {
  return Math.max(1, (Date.parse(session.ended_at) - Date.parse(session.started_at)) / 1000);
}

/**
 * @param {string} instant
 * @returns {string}
 */
function sessionInstant(instant) {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}
