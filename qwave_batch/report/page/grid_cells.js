"use strict";

/** @typedef {{side: number, caption: (entry: Entry) => string, score: number}} CellLook `score` is -1 for none */

/** How a cell without image looks; told apart without colour too. */
const STATE_SIGNS = new Map([
  ["failed", "✕"],
  ["refused", "⊘"],
  ["skipped", "»"],
  ["cancelled", "■"],
  ["unknown", "?"],
  ["pending", "…"],
]);

const PICTURE_GAP = 2;

/** @type {WeakMap<Element, string>} what the pictures of a cell were drawn from */
const drawnCells = new WeakMap();

/** @returns {HTMLElement} a cell that is still empty */
function emptyCell() {
  return el(
    "div",
    { role: "gridcell", tabindex: -1 },
    el("div", { class: "cell-content" }),
    el("div", { class: "cell-marks" }),
    el("div", { class: "cell-caption" }),
  );
}

/**
 * Make a cell show a job. Pictures that it shows already stay as they are.
 *
 * @param {HTMLElement} cell
 * @param {Entry} entry
 * @param {CellLook} look
 */
function fillCell(cell, entry, look) {
  const { job, place } = entry;
  const [content, marks, caption] = /** @type {HTMLElement[]} */ ([...cell.children]);
  if (content === undefined || marks === undefined || caption === undefined) return;
  const text = look.caption(entry);
  const drawn = `${look.side} ${job.status} ${job.error} ${entry.image} ${job.images.map((image) => `${image.hash}${image.thumb}`)}`;
  if (drawnCells.get(cell) !== drawn) {
    drawnCells.set(cell, drawn);
    forgetPictures(cell);
    content.replaceChildren(...(job.images.length > 0 ? picturesOf(entry, look.side) : stateOf(job)));
    setBox(cell, { width: look.side });
    setBox(content, { height: look.side });
    cell.className = `cell is-${job.images.length > 0 ? "shown" : job.status}`;
  }
  const score = look.score === -1 ? "" : scoreBelow(job, look.score);
  caption.replaceChildren(...[text !== "" && el("span", { class: "cell-caption-text" }, text), score !== "" && el("span", { class: "score-below" }, score)].filter((part) => part instanceof Node));
  cell.dataset["jobId"] = job.id;
  cell.classList.toggle("is-repeated", entry.isRepeated === true);
  cell.toggleAttribute("data-parent", job.parents !== undefined);
  const compared = isCompared(job);
  cell.classList.toggle("is-compared", compared);
  marks.replaceChildren(...[pickedMarks(job), compared && el("span", { class: "compared-mark" }, "compare")].filter((mark) => mark instanceof Node));
  const name = [nameOfJob(job, place), text, look.score === -1 ? "" : scoreName(job, look.score), pickedName(job), compared ? "to compare" : ""];
  setProperty(cell, "aria-label", name.filter((part) => part !== "").join(", "));
}

/**
 * Stop what a cell still loads.
 *
 * @param {HTMLElement} cell
 */
function forgetPictures(cell) {
  for (const picture of cell.querySelectorAll("img")) if (!picture.complete) picture.removeAttribute("src");
}

/**
 * @param {Entry} entry
 * @param {number} side
 * @returns {Node[]}
 */
function picturesOf({ job: { images }, image: only }, side) {
  const shown = only === undefined ? images : images.slice(only, only + 1);
  const room = roomOfEach(shown, side);
  return shown.map((image, at) => {
    const number = at + (only ?? 0);
    return pictureOf(image, images.length > 1 ? `image ${number + 1} of ${images.length}` : "image", room);
  });
}

/**
 * Divide a square among images that are seen as large as can be, in as many columns as is best for the first.
 *
 * @param {readonly ImageData_[]} images
 * @param {number} side
 * @returns {{width: number, height: number}}
 */
function roomOfEach(images, side) {
  const rooms = images.map((_, number) => {
    const [across, down] = [number + 1, Math.ceil(images.length / (number + 1))];
    return { width: (side - (across - 1) * PICTURE_GAP) / across, height: (side - (down - 1) * PICTURE_GAP) / down };
  });
  const { width = 1, height = 1 } = images[0] ?? {};
  /** @param {{width: number, height: number}} room */
  const scale = (room) => Math.min(room.width / width, room.height / height);
  return rooms.reduce((best, room) => (scale(room) > scale(best) ? room : best), { width: 0, height: 0 });
}

/**
 * @param {ImageData_} image
 * @param {string} name
 * @param {{width: number, height: number}} room that it is fitted into
 * @returns {HTMLImageElement}
 */
function pictureOf(image, name, room) {
  const scale = Math.min(room.width / Math.max(image.width, 1), room.height / Math.max(image.height, 1));
  const picture = el("img", { alt: name, decoding: "async", draggable: "false" });
  setBox(picture, {
    width: Math.max(1, Math.floor(image.width * scale)),
    height: Math.max(1, Math.floor(image.height * scale)),
  });
  if (image.tiny !== "") {
    const data = tinyAddress(image.tiny).slice("data:".length);
    picture.style.backgroundImage = `url(data:${data})`; // nothing else can be loaded by it
    picture.onload = () => (picture.style.backgroundImage = ""); // it would be seen through what is transparent
  }
  picture.src = thumbAddress(image);
  return picture;
}

/**
 * @param {Job} job
 * @returns {Node[]} what stands where there is no image
 */
function stateOf(job) {
  return [
    el("span", { class: "cell-sign", "aria-hidden": "true" }, STATE_SIGNS.get(job.status) ?? ""),
    el("span", { class: "cell-word" }, job.status),
    el("span", { class: "cell-reason user-text" }, beginningOf(shortReason(job), 160)),
  ];
}

/** Of errors whose message is too long for a cell. */
const SHORT_REASONS = new Map([["not_picked", "not picked"], ["left_out_by_where", "left out by where"]]);

/**
 * @param {Job} job
 * @returns {string} why it has no image, as far as a cell has room; its name has all of it, with the code
 */
function shortReason(job) {
  const error = report.data.errors[job.error ?? -1];
  const parent = parentOf(job);
  if (error?.code === "parent_failed" && parent !== undefined) return `${stageOf(parent)} ${parent.status}`;
  return SHORT_REASONS.get(error?.code ?? "") ?? error?.message ?? "";
}

/**
 * @param {string} text
 * @param {number} most UTF-16 units
 * @returns {string} its beginning, without half a character at the end
 */
function beginningOf(text, most) {
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
