"use strict";

/** @typedef {{side: number, caption: (entry: Entry) => string}} CellLook */

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
  const drawn = `${look.side} ${job.status} ${job.error} ${job.images.map((image) => `${image.hash}${image.thumb}`)}`;
  if (drawnCells.get(cell) !== drawn) {
    drawnCells.set(cell, drawn);
    forgetPictures(cell);
    content.replaceChildren(...(job.images.length > 0 ? picturesOf(job, look.side) : stateOf(job)));
    setBox(content, { width: look.side, height: look.side });
    cell.className = `cell is-${job.images.length > 0 ? "shown" : job.status}`;
  }
  caption.textContent = text;
  cell.dataset["jobId"] = job.id;
  setProperty(cell, "aria-label", [nameOfJob(job, place), text].filter(Boolean).join(", "));
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
 * @param {Job} job
 * @param {number} side
 * @returns {Node[]}
 */
function picturesOf(job, side) {
  const across = Math.ceil(Math.sqrt(job.images.length));
  const room = side / across - (across > 1 ? PICTURE_GAP : 0);
  return job.images.map((image, number) => {
    const name = job.images.length > 1 ? `image ${number + 1} of ${job.images.length}` : "image";
    return pictureOf(image, name, room);
  });
}

/**
 * @param {ImageData_} image
 * @param {string} name
 * @param {number} room the side of the square that it is fitted into
 * @returns {HTMLImageElement}
 */
function pictureOf(image, name, room) {
  const scale = room / Math.max(image.width, image.height, 1);
  const picture = el("img", { alt: name, decoding: "async", draggable: "false" });
  setBox(picture, {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
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
  const reason = reasonOf(job);
  return [
    el("span", { class: "cell-sign", "aria-hidden": "true" }, STATE_SIGNS.get(job.status) ?? ""),
    el("span", { class: "cell-word" }, job.status),
    el("span", { class: "cell-reason user-text" }, beginningOf(reason, 160)),
  ];
}

/**
 * @param {string} text
 * @param {number} most UTF-16 units
 * @returns {string} its beginning, without half a character at the end
 */
function beginningOf(text, most) {
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
