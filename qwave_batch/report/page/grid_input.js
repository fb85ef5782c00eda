"use strict";

/**
 * Take keys and clicks in the grid.
 *
 * @param {GridSurface} surface
 */
function listenToGrid(surface) {
  surface.root.addEventListener("keydown", (event) => onGridKey(surface, event));
  surface.root.addEventListener("focusin", (event) => {
    const stop = surface.stopAt(/** @type {Element} */ (event.target));
    if (stop === null || keyOfStop(surface.given().layout, surface.keys, stop) === surface.activeKey) return;
    surface.setActive(stop);
    setGoal(surface);
    surface.draw();
  });
  surface.root.addEventListener("click", (event) => {
    const stop = surface.stopAt(/** @type {Element} */ (event.target));
    if (stop === null) return;
    surface.focusOn(stop);
    if (stop.part === "cell") openCell(surface, stop, Math.max(0, pictureNumber(event.target)));
    else openHeadingCard(headingPlace(surface.given(), stop));
  });
}

/**
 * @param {EventTarget | null} target
 * @returns {number} which picture of its cell it is; -1 for none
 */
function pictureNumber(target) {
  return target instanceof HTMLImageElement ? [...(target.parentElement?.children ?? [])].indexOf(target) : -1;
}

/**
 * @param {GridSurface} surface
 * @param {CellStop} stop
 * @param {number} image
 */
function openCell(surface, stop, image) {
  const job = jobOfCell(surface, stop);
  if (job !== undefined) openLightbox(job, image, jobsInOrder(surface.given().layout));
}

/**
 * @param {GridSurface} surface
 * @param {CellStop} stop
 * @returns {Job | undefined}
 */
function jobOfCell(surface, stop) {
  return entriesAt(surface.given().layout, stop.row, stop.column)[stop.at]?.job;
}

/**
 * @param {GridSurface} surface
 * @param {KeyboardEvent} event
 */
function onGridKey(surface, event) {
  const stop = surface.active;
  if (stop === null || event.altKey || event.metaKey || surface.stopAt(/** @type {Element} */ (event.target)) === null) return;
  const isTaken = stop.part === "cell" ? takeCellKey(surface, stop, event) : takeHeadingKey(surface, stop, event);
  if (isTaken) event.preventDefault();
  else if (!event.shiftKey) goByKey(surface, stop, event);
}

/**
 * @param {GridSurface} surface
 * @param {CellStop} stop
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key does something with the cell
 */
function takeCellKey(surface, stop, event) {
  const job = jobOfCell(surface, stop);
  if (job === undefined || event.ctrlKey) return false;
  if (event.key === "Enter") openCell(surface, stop, 0);
  else if (event.key === "c") toggleCompared(job);
  else return takePickKey(event, job);
  return true;
}

/**
 * @param {GridSurface} surface
 * @param {HeadingStop} stop
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key does something with the heading
 */
function takeHeadingKey(surface, stop, event) {
  const heading = headingPlace(surface.given(), stop);
  const [back, on] = heading.isAcross ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  if (event.key === "Enter") openHeadingCard(heading);
  else if (!event.shiftKey || (event.key !== back && event.key !== on)) return false;
  else if (moveHeading(heading, event.key === back ? -1 : 1)) {
    if (surface.active !== null) surface.focusOn(surface.active);
    announce(`moved ${event.key.slice("Arrow".length).toLowerCase()}`);
  }
  return true;
}

/**
 * @param {GridSurface} surface
 * @param {GridStop} stop
 * @param {KeyboardEvent} event
 */
function goByKey(surface, stop, event) {
  const key = event.ctrlKey ? `Control+${event.key}` : event.key;
  const { top, bottom } = surface.seen();
  const next = stopAfter(surface.given().layout, stop, key, surface.goal, bottom - top);
  if (next !== null) surface.focusOn(next);
  if (next !== null && !["ArrowUp", "ArrowDown", "PageUp", "PageDown"].includes(key)) setGoal(surface);
  if (next !== null || key.startsWith("Arrow") || key.startsWith("Page")) event.preventDefault();
}

/** @param {GridSurface} surface */
function setGoal(surface) {
  if (surface.active?.part === "cell") surface.goal = boxOfStop(surface.given().layout, surface.active).left + CELL_GAP;
}

/**
 * @param {SurfaceInput} input
 * @param {HeadingStop} stop
 * @returns {HeadingPlace}
 */
function headingPlace({ layout, axes }, stop) {
  const { rowGroups, columnGroups, pivot } = layout;
  /**
   * @param {readonly HeadingGroup[]} groups
   * @param {readonly Heading[]} headings
   * @param {number} number
   */
  const inGroup = (groups, headings, number) => {
    const group = groups[groupHolding(groups, number)];
    const siblings = headings.slice(group?.first, (group?.last ?? 0) + 1).map((heading) => heading.inner);
    return { value: headings[number]?.inner ?? NO_VALUE, siblings };
  };
  /**
   * @param {readonly HeadingGroup[]} groups
   * @param {number} number
   */
  const ofGroups = (groups, number) => ({ value: groups[number]?.value ?? NO_VALUE, siblings: groups.map((group) => group.value) });
  switch (stop.part) {
    case "row":
      return { axis: axes.rows, isAcross: false, ...inGroup(rowGroups, pivot.rows, stop.row) };
    case "column":
      return { axis: axes.cols, isAcross: true, ...inGroup(columnGroups, pivot.columns, stop.column) };
    case "superrow":
      return { axis: axes.superrows, isAcross: false, ...ofGroups(rowGroups, stop.group) };
    case "supercolumn":
      return { axis: axes.supercols, isAcross: true, ...ofGroups(columnGroups, stop.group) };
  }
}
