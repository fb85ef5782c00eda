"use strict";

/** @typedef {Map<string, string>} FieldTexts the texts of a job's fields by their names, in the order in which they are shown */

/** Of up to four fields beside each other. */
const SCROLLING_FIELD = { characters: 80, lines: 4 };

/**
 * Return a table of what differs between compared images.
 *
 * @param {readonly ComparedImage[]} compared
 * @returns {HTMLElement}
 */
function differencesTable(compared) {
  const place = el("div", { class: "differences" });
  const draw = (/** @type {ReadonlyArray<DetailData | null>} */ details) =>
    place.replaceChildren(
      differencesOf(compared, compared.map((each, index) => fieldsOf(each, details[index] ?? null))),
      ...pairScores(compared, details),
    );
  draw([]);
  Promise.all(compared.map(({ job }) => detailsOf(job).catch(() => null))).then(draw);
  return place;
}

/**
 * @param {readonly ComparedImage[]} compared
 * @param {readonly FieldTexts[]} fields of each
 * @returns {HTMLElement}
 */
function differencesOf(compared, fields) {
  const names = [...new Set(fields.flatMap((each) => [...each.keys()]))];
  const differing = names.filter((name) => new Set(fields.map((each) => each.get(name))).size > 1);
  if (differing.length === 0) return el("p", { class: "compare-hint" }, compared.length > 1 ? "Nothing else differs." : "");
  return el(
    "table",
    { class: "difference-table" },
    el("caption", {}, "What differs"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Field"), ...compared.map(({ job, image }) =>
      el("th", { scope: "col", class: "user-text" }, comparedName(job, image))))),
    el("tbody", {}, ...differing.map((name) =>
      el("tr", {}, el("th", { scope: "row" }, name), ...fields.map((each) =>
        el("td", {}, userText(each.get(name) ?? "—", SCROLLING_FIELD)))))),
  );
}

/**
 * @param {ComparedImage} compared
 * @param {DetailData | null} detail
 * @returns {FieldTexts}
 */
function fieldsOf({ job, image }, detail) {
  /** @type {FieldTexts} */
  const fields = new Map();
  const picture = job.images[image];
  const place = job.places[0];
  if (report.data.folders.length > 1) fields.set("folder", report.data.folders[job.folder]?.label ?? "");
  fields.set("prompt", promptOf(job).text).set("model", modelOf(job)).set("status", job.status);
  report.data.axes.forEach(({ name, values }, number) => {
    const value = values[place?.axes[number] ?? NO_VALUE];
    if (value !== undefined) fields.set(`axis ${name}`, value);
  });
  for (const [name, value] of Object.entries(detail?.request ?? {})) {
    if (name !== "prompt" && name !== "model") fields.set(`request ${name}`, typeof value === "string" ? value : JSON.stringify(value));
  }
  if (picture !== undefined) fields.set("size", `${picture.width} × ${picture.height}`);
  fields.set("cost", costText(job.cost));
  if (job.seconds !== null) fields.set("time", secondsText(job.seconds));
  for (const [name, text] of scoreFields(picture, detail?.images[image]?.scores ?? [])) fields.set(name, text);
  return fields;
}

/**
 * @param {ImageData_ | undefined} picture
 * @param {readonly ScoreDetail[]} remarks
 * @returns {FieldTexts} its scores, and what scorers said beside them
 */
function scoreFields(picture, remarks) {
  /** @type {FieldTexts} */
  const fields = new Map();
  knownScores().forEach((score, number) => {
    const value = picture === undefined ? null : scoreOf(picture, number);
    const direction = directionText(score);
    if (value !== null) fields.set(`score ${score.name}${direction === "" ? "" : ` (${direction})`}`, scoreText(value));
  });
  for (const { scorer, details, error } of remarks) {
    if (error !== null) fields.set(`${scorer}: no score`, `${error.code}: ${error.message}`);
    for (const [name, value] of isPlainObject(details) ? Object.entries(details) : []) {
      fields.set(`${scorer}: ${name}`, linesOfDetail(value));
    }
  }
  return fields;
}

/**
 * @param {unknown} value
 * @returns {string} a line for each entry of a list
 */
function linesOfDetail(value) {
  if (Array.isArray(value)) return value.map(lineOfDetail).join("\n");
  return lineOfDetail(value);
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function lineOfDetail(value) {
  if (isFlatObject(value)) return Object.entries(value).map(([name, each]) => `${name}: ${plainText(each)}`).join(" · ");
  return value !== null && typeof value === "object" ? JSON.stringify(value) : plainText(value);
}

/**
 * @param {readonly ComparedImage[]} compared
 * @param {ReadonlyArray<DetailData | null>} details of each
 * @returns {HTMLElement[]} a line for each score that scorers gave to two of them as a pair
 */
function pairScores(compared, details) {
  return compared.flatMap((first, index) =>
    (details[index]?.images[first.image]?.pairs ?? []).flatMap(({ other, scores }) => {
      const second = compared.find(({ job, image }) =>
        job.id === other.job_id && image === other.image && job.folder === first.job.folder);
      if (second === undefined) return [];
      const names = `${comparedName(first.job, first.image)} beside ${comparedName(second.job, second.image)}`;
      return Object.entries(scores).map(([name, value]) => el("p", { class: "pair-score user-text" }, `${name}: ${scoreText(value)} for ${names}`));
    }),
  );
}
