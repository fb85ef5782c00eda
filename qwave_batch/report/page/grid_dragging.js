"use strict";

/**
 * Let headings be dragged to the place of another one beside them; keys and the card of a heading move it too.
 *
 * @param {GridSurface} surface
 */
function letHeadingsBeDragged(surface) {
  const { root } = surface;
  /** @type {HeadingStop | null} */
  let dragged = null;
  /** @type {Element | null} */
  let marked = null;
  /** @param {Element | null} heading where the dragged one would be dropped */
  const mark = (heading) => {
    marked?.classList.remove("is-drop");
    marked = heading;
    heading?.classList.add("is-drop");
  };
  root.addEventListener("dragstart", (event) => {
    const stop = surface.stopAt(/** @type {Element} */ (event.target));
    if (stop === null || stop.part === "cell") return;
    dragged = stop;
    surface.focusOn(stop); // so that it stays in the tree, wherever it is dragged
    event.dataTransfer?.setData("text/plain", surface.nodeOf(stop)?.getAttribute("aria-label") ?? "");
  });
  root.addEventListener("dragover", (event) => {
    const heading = /** @type {Element} */ (event.target).closest(".heading");
    const canDrop = dragged !== null && stepsToHeading(surface, dragged, heading) !== 0;
    mark(canDrop ? heading : null);
    if (canDrop) event.preventDefault();
  });
  root.addEventListener("drop", (event) => {
    const steps = dragged === null ? 0 : stepsToHeading(surface, dragged, /** @type {Element} */ (event.target));
    if (dragged === null || steps === 0) return;
    event.preventDefault();
    moveHeading(headingPlace(surface.given(), dragged), steps);
  });
  root.addEventListener("dragend", () => {
    dragged = null;
    mark(null);
  });
}

/**
 * @param {GridSurface} surface
 * @param {HeadingStop} from
 * @param {Element | null} to
 * @returns {number} how many places a heading stands behind another one; 0 where they do not stand beside each other
 */
function stepsToHeading(surface, from, to) {
  const stop = surface.stopAt(to);
  if (stop === null || stop.part === "cell" || stop.part !== from.part) return 0;
  const { siblings, value } = headingPlace(surface.given(), from);
  const at = siblings.indexOf(headingPlace(surface.given(), stop).value);
  return at === -1 ? 0 : at - siblings.indexOf(value);
}
