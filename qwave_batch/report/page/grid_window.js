"use strict";

/**
 * The part of something long that is seen. Browsers limit the height of an element (the least to about 8.9 million
 * pixels), so what is longer scrolls in a shorter element, faster than the wheel turns.
 *
 * @typedef {object} ScrollSpan
 * @property {number} length of the element that scrolls
 * @property {(scroll: number) => number} placeAt which place of the content is at the start of the view
 * @property {(place: number) => number} scrollAt
 */

const LONGEST_PX = 8_000_000;

/**
 * @param {number} total the length of the content
 * @param {number} seen the length of the view
 * @returns {ScrollSpan}
 */
function scrollSpan(total, seen) {
  if (total <= LONGEST_PX) return { length: total, placeAt: (scroll) => scroll, scrollAt: (place) => place };
  const faster = (total - seen) / (LONGEST_PX - seen);
  return {
    length: LONGEST_PX,
    placeAt: (scroll) => Math.min(scroll * faster, total - seen),
    scrollAt: (place) => Math.min(place, total - seen) / faster,
  };
}

/**
 * Return the number of the part that holds a place.
 *
 * @param {ArrayLike<number>} starts of the parts, ascending, and behind them the end of the last
 * @param {number} place
 * @returns {number} the first or the last for a place outside
 */
function partAt(starts, place) {
  let low = 0;
  let high = Math.max(0, starts.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Make `parent` hold `wanted` in this order, and nothing else. What is there already is not moved, so that it keeps the
 * focus and its pictures.
 *
 * @param {Element} parent
 * @param {readonly Element[]} wanted
 */
function setChildren(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/**
 * @param {HTMLElement} element
 * @param {{[property in "left" | "top" | "width" | "height"]?: number}} box
 */
function setBox(element, box) {
  for (const [property, value] of Object.entries(box)) {
    const text = `${value}px`;
    const name = /** @type {keyof typeof box} */ (property);
    if (element.style[name] !== text) element.style[name] = text;
  }
}
