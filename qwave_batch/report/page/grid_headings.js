"use strict";

/**
 * The heading of a row, a column, or several of them.
 *
 * @typedef {object} HeadingFacts
 * @property {Axis} axis
 * @property {number} value
 * @property {"rowheader" | "columnheader"} role
 * @property {string} [mean] of the score that is shown, with its name
 * @property {boolean} [isFixed] whether it can't be moved
 */

const EMPTY_LABEL = "(empty)";
/** The longest text that a heading shows before the rest is cut off by its height: setting a long one takes time. */
const HEADING_TEXT = 400;

/**
 * Make a heading. Its name is the whole label; what is seen of it is its beginning.
 *
 * @param {HeadingFacts} facts
 * @returns {HTMLElement}
 */
function headingOf(facts) {
  const { axis, value, role, mean = "", isFixed = false } = facts;
  return el(
    "div",
    { role, class: "heading", tabindex: -1, draggable: String(!isFixed), "aria-haspopup": "dialog", "aria-label": headingName(axis, value, mean) },
    headingText(axis, value, mean),
    el("span", { class: "heading-sign", "aria-hidden": "true" }, "⋯"),
  );
}

/**
 * @param {Axis} axis
 * @param {number} value
 * @param {string} [mean]
 * @returns {HTMLElement} what is seen of a heading
 */
function headingText(axis, value, mean = "") {
  const above = subtitleOf(axis, value);
  return el(
    "div",
    { class: "heading-text" },
    above !== "" && el("span", { class: "heading-above user-text" }, beginningOf(above, 80)),
    el("span", { class: "heading-label user-text" }, beginningOf(axis.labelOf(value), HEADING_TEXT) || EMPTY_LABEL),
    mean !== "" && el("span", { class: "heading-mean" }, mean),
  );
}

/**
 * @param {Axis} axis
 * @param {number} value
 * @param {string} [mean]
 * @returns {string}
 */
function headingName(axis, value, mean = "") {
  const name = axis.nameOf(value).trim() || EMPTY_LABEL;
  return mean === "" ? name : `${name}, ${mean}`;
}

/**
 * @param {Axis} axis
 * @param {number} value
 * @returns {string} what stands in small type above a label that alone says too little: the id of a prompt, or the axis
 */
function subtitleOf(axis, value) {
  if (axis.aboveOf !== undefined) return axis.aboveOf(value);
  if (axis.name === "prompt") return axis.labelOf(value) === axis.keyOf(value) ? "" : axis.keyOf(value);
  return axis.name === "model" || value === NO_VALUE ? "" : axis.name;
}

/**
 * What can be done with a heading.
 *
 * @typedef {object} HeadingPlace
 * @property {Axis} axis
 * @property {number} value
 * @property {boolean} isAcross whether it is one of columns
 * @property {readonly number[]} siblings the values beside it, itself among them, as they stand
 */

/**
 * Show the whole text of a heading, and what can be done with it.
 *
 * @param {HeadingPlace} heading
 */
function openHeadingCard(heading) {
  const { axis, value, isAcross, siblings } = heading;
  const at = siblings.indexOf(value);
  const isSorted = !isAcross && chosenSort() !== "";
  const [back, on] = isAcross ? ["Move left", "Move right"] : ["Move up", "Move down"];
  /**
   * @param {string} text
   * @param {boolean} isPossible
   * @param {() => void} act
   */
  const action = (text, isPossible, act) =>
    el("button", { type: "button", disabled: !isPossible, onclick: () => { card.close(); act(); } }, text);
  const hidden = { axis: axis.name, value: keyOfValue(axis, value) };
  const above = subtitleOf(axis, value);
  const card = el(
    "dialog",
    { class: "card", "aria-label": axis.name },
    el("p", { class: "card-above user-text" }, above || axis.name),
    el("div", { class: "card-text user-text", tabindex: 0, role: "group", "aria-label": "Whole text" }, axis.labelOf(value) || EMPTY_LABEL),
    isSorted && el("p", { class: "card-above" }, "Rows are sorted by the score that is shown."),
    el(
      "div",
      { class: "card-actions" },
      action(back, at > 0 && !isSorted, () => moveHeading(heading, -1)),
      action(on, at + 1 < siblings.length && !isSorted, () => moveHeading(heading, 1)),
      action("Move first", at > 0 && !isSorted, () => moveHeading(heading, -Infinity)),
      action("Hide", true, () => hideValue(hidden)),
      el("button", { type: "button", class: "primary", onclick: () => card.close() }, "Close"),
    ),
  );
  showCard(card);
}

/**
 * Move a heading among its siblings.
 *
 * @param {HeadingPlace} heading
 * @param {number} by -1, 1, or -Infinity for the first place
 * @returns {boolean} whether there was a place to move to
 */
function moveHeading({ axis, value, isAcross, siblings }, by) {
  const at = siblings.indexOf(value);
  const to = Math.max(0, at + by);
  if (!isAcross && chosenSort() !== "") {
    announce("Rows are sorted by their score.");
    return false;
  }
  if (to === at || to >= siblings.length) return false;
  const next = siblings[by > 0 ? to + 1 : to];
  const before = next === undefined ? undefined : keyOfValue(axis, next);
  moveValue({ axis: axis.name, value: keyOfValue(axis, value), before });
  return true;
}

/**
 * Show a dialog until it is closed; a click beside it closes it too.
 *
 * @param {HTMLDialogElement} card
 */
function showCard(card) {
  card.addEventListener("close", () => card.remove());
  card.addEventListener("click", (event) => {
    if (event.target === card) card.close();
  });
  byId("main").append(card);
  card.showModal();
}

/** Show what is hidden or was moved, to be undone. */
function openArrangementCard() {
  /** @param {AxisValue} each */
  const item = (each) => {
    const label = each.value ?? (each.axis === "tag" ? "no tag" : NONE);
    const button = el("button", { type: "button", onclick: () => { showValue(each); line.remove(); } }, "Show");
    setProperty(button, "aria-label", `Show ${label}`);
    const line = el("li", {}, el("span", { class: "user-text" }, `${each.axis}: ${beginningOf(label, 80)}`), button);
    return line;
  };
  const hidden = hiddenValues();
  const card = el(
    "dialog",
    { class: "card", "aria-label": "Hidden and moved" },
    el("p", { class: "card-above" }, hidden.length > 0 ? "Hidden" : "Nothing is hidden"),
    el("ul", { class: "card-list", tabindex: hidden.length > 0 ? 0 : false }, ...hidden.map(item)),
    el(
      "div",
      { class: "card-actions" },
      el("button", { type: "button", disabled: hidden.length === 0, onclick: () => { card.close(); setView({ hide: null }); } }, "Show all"),
      el("button", { type: "button", disabled: movedValues().length === 0, onclick: () => { card.close(); setView({ order: null }); } }, "Original order"),
      el("button", { type: "button", class: "primary", onclick: () => card.close() }, "Close"),
    ),
  );
  showCard(card);
}
