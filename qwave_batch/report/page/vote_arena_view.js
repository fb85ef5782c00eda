"use strict";

/**
 * Two images side by side with a question. Nothing here tells them apart: they come up at the same moment, in frames of
 * one size, under neutral names and addresses, and no attribute says more.
 *
 * @typedef {object} ArenaParts
 * @property {HTMLElement} element
 * @property {HTMLElement} question
 * @property {HTMLElement} status
 * @property {HTMLElement} progress
 * @property {HTMLElement} prompt
 * @property {HTMLElement} pair
 * @property {HTMLElement[]} contents of both frames
 * @property {Zoom} zoom of both
 * @property {HTMLElement} answers
 * @property {HTMLButtonElement} undo
 * @property {HTMLElement} notice
 * @property {HTMLElement} end
 */

const SIDES = /** @type {const} */ (["left", "right"]);
/** Wider images than this are larger one above the other where the window is narrow. */
const LEAST_STACKED_RATIO = 0.9;
const SIDE_NAMES = { left: "Left image", right: "Right image" };

/**
 * @param {(winner: Winner) => void} onAnswer
 * @param {() => void} onUndo
 * @returns {ArenaParts}
 */
function arenaParts(onAnswer, onUndo) {
  const zoom = newZoom();
  const contents = SIDES.map(() => el("div", { class: "zoom-content" }));
  const buttons = ANSWERS.map(({ winner, name, key, sign }) =>
    el(
      "button",
      { type: "button", class: `vote-answer ${winner}`, disabled: true, "aria-keyshortcuts": key, onclick: () => onAnswer(winner) },
      el("span", {}, name),
      el("kbd", { "aria-hidden": "true" }, sign),
    ),
  );
  const undo = el("button", { type: "button", class: "plain", "aria-keyshortcuts": UNDO_KEY, onclick: onUndo }, "Undo ", el("kbd", { "aria-hidden": "true" }, UNDO_KEY));
  const progress = el("span", { class: "vote-progress-done" });
  const parts = {
    question: el("h2", { class: "vote-question" }),
    status: el("p", { class: "vote-status", role: "status" }),
    progress,
    prompt: el("div", { class: "vote-prompt" }),
    pair: el("div", { class: "vote-pair" }, ...contents.map((content, at) => zoomedFrame(content, SIDES[at] ?? "", zoom))),
    contents,
    zoom,
    answers: el("div", { class: "vote-answers" }, ...buttons),
    undo,
    notice: el("div", { "aria-live": "polite" }),
    end: el("div", { class: "vote-end", hidden: true }),
  };
  const element = el(
    "section",
    { class: "vote-arena", "aria-label": "Vote", tabindex: -1 },
    el("div", { class: "vote-head" }, parts.question, undo, parts.status),
    el("div", { class: "vote-progress", "aria-hidden": "true" }, progress),
    parts.notice,
    parts.end,
    parts.prompt,
    parts.pair,
    parts.answers,
  );
  return { element, ...parts };
}

/**
 * @param {HTMLElement} content
 * @param {string} side seen where the frames do not stand side by side
 * @param {Zoom} zoom
 * @returns {HTMLElement}
 */
function zoomedFrame(content, side, zoom) {
  const frame = el("div", { class: "vote-frame zoom-frame" }, content, el("span", { class: "vote-side", "aria-hidden": "true" }, side));
  attachZoom(frame, content, zoom, () => {
    const image = content.querySelector("img");
    return image === null ? 1 : image.naturalWidth / Math.max(1, containedWidth(image));
  });
  return frame;
}

/**
 * @param {HTMLImageElement} image
 * @returns {number} how wide it is drawn, where it is not magnified
 */
function containedWidth(image) {
  return Math.min(image.clientWidth, (image.clientHeight * image.naturalWidth) / Math.max(1, image.naturalHeight));
}

/**
 * @param {ArenaParts} parts
 * @param {VoteQuestion} question
 */
function showQuestion(parts, question) {
  parts.element.classList.remove("is-over");
  parts.end.hidden = true;
  parts.question.textContent = CRITERIA[question.criterion]?.question ?? `${nameOfCriterion(question.criterion)}: which image is better?`;
  parts.prompt.replaceChildren(...promptShown(question.pair));
  enableAnswers(parts, false);
}

/**
 * @param {ImagePair} pair
 * @returns {HTMLElement[]} the text; where the axis changes it both texts, in an order that says nothing of the sides
 */
function promptShown(pair) {
  const texts = [...new Set(pair.prompts.map((prompt) => promptNumbered(prompt).text))].sort();
  const shown = texts.map((text) => el("p", { class: "user-text vote-prompt-text", dir: "auto" }, text));
  const whole = el("button", { type: "button", class: "plain", "aria-expanded": "false", hidden: true }, "Whole prompt");
  const box = el("div", { class: "vote-prompt-box" }, ...shown);
  whole.addEventListener("click", () => {
    const isWhole = box.classList.toggle("is-whole");
    whole.setAttribute("aria-expanded", String(isWhole));
    if (isWhole) box.tabIndex = 0; // a long one is scrolled by keys
    else box.removeAttribute("tabindex");
  });
  requestAnimationFrame(() => {
    whole.hidden = shown.every((text) => text.scrollHeight <= text.clientHeight + 1);
  });
  const note = texts.length > 1 && el("p", { class: "hint" }, "Each image was made from one of these prompts, in no particular order:");
  return [note, box, whole].filter((each) => each !== false);
}

/**
 * @param {ArenaParts} parts
 * @param {boolean} isEnabled
 */
function enableAnswers(parts, isEnabled) {
  const had = parts.answers.contains(document.activeElement);
  for (const button of parts.answers.querySelectorAll("button")) button.disabled = !isEnabled;
  if (had && !isEnabled) parts.element.focus({ preventScroll: true }); // a disabled button would lose the keys
}

/**
 * Show both images at once, when both are there; until then none is seen, of the former pair least of all.
 *
 * @param {ArenaParts} parts
 * @param {VoteQuestion} question
 * @param {() => boolean} isWanted still
 * @returns {Promise<boolean>} whether they are shown
 */
async function showImages(parts, question, isWanted) {
  for (const content of parts.contents) content.replaceChildren();
  zoomTo(parts.zoom, 1);
  for (const addresses of addressesOf(question)) {
    const images = addresses.map((src, at) => el("img", { alt: SIDE_NAMES[SIDES[at] ?? "left"], src, draggable: "false" }));
    try {
      await Promise.all(images.map((image) => image.decode()));
    } catch {
      continue; // the file is gone, or is no image
    }
    if (!isWanted()) return true;
    parts.pair.classList.toggle("is-stacked", images.every((image) => image.naturalWidth >= LEAST_STACKED_RATIO * image.naturalHeight));
    parts.contents.forEach((content, at) => content.replaceChildren(...images.slice(at, at + 1)));
    return true;
  }
  return false;
}

/**
 * @param {VoteQuestion} question
 * @returns {string[][]} of both images: the originals or, where one is gone, the thumbnails of both
 */
function addressesOf({ left, right }) {
  const images = [left, right].flatMap(({ job, image }) => job.images[image] ?? []);
  const both = [images.map(fullAddress)];
  if (images.every((image) => image.thumb)) both.push(images.map(thumbAddress));
  return both;
}

/** @type {HTMLImageElement[]} asked for next; they stay in memory while they are named here */
let preloadedImages = [];

/** @param {VoteQuestion | undefined} question */
function preloadImages(question) {
  const addresses = question === undefined ? [] : (addressesOf(question)[0] ?? []);
  preloadedImages = addresses.map((src) => el("img", { src, alt: "" }));
}

/**
 * @param {ArenaParts} parts
 * @param {number} count
 * @param {number} skipped
 */
function showEnd(parts, count, skipped) {
  parts.element.classList.add("is-over");
  for (const content of parts.contents) content.replaceChildren();
  parts.prompt.replaceChildren();
  parts.question.textContent = "That was all";
  const left = skipped > 0 ? ` ${countOf(skipped, "pair")} could not be shown.` : "";
  const results = el("a", { href: "#page=results", onclick: goToResults }, "Results");
  parts.end.replaceChildren(
    el("p", {}, `All ${count.toLocaleString("en")} questions are answered.${left} `, "Labels and numbers: ", results),
    el("p", { class: "hint" }, "The votes are in this browser only. Export them, and add the file to the run folder."),
  );
  parts.end.hidden = false;
  parts.element.focus({ preventScroll: true });
}

/** @param {Event} event */
function goToResults(event) {
  event.preventDefault(); // the rest of the view stays
  setView({ page: "results" });
}
