"use strict";

/**
 * Draw a part of the page anew; what had the focus in it has it afterwards too. Elements are known again by
 * `data-keeps-focus`.
 *
 * @param {Element} part
 * @param {() => void} draw
 * @returns {boolean} whether the focus was in the part and has a place there again
 */
function redrawKeepingFocus(part, draw) {
  const focused = document.activeElement;
  const key = focused !== null && part.contains(focused) ? focused.getAttribute("data-keeps-focus") : null;
  draw();
  const again = key === null ? null : part.querySelector(`[data-keeps-focus="${CSS.escape(key)}"]`);
  if (again instanceof HTMLElement) again.focus();
  return again !== null;
}
