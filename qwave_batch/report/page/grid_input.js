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
    const target = /** @type {Element} */ (event.target);
    const stop = surface.stopAt(target);
    if (stop === null) return;
    if (stop.part !== "cell" && target.closest("button") !== null) return surface.actions.pressButton?.(surface, stop);
    surface.focusOn(stop);
    if (stop.part === "cell") openCell(surface, stop, pictureNumber(event.target));
    else surface.actions.openHeading(surface, stop);
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
 * @param {number} picture which of those that it shows; -1 for none
 */
function openCell(surface, stop, picture) {
  const entry = entryOfCell(surface, stop);
  if (entry !== undefined) openLightbox(entry.job, Math.max(0, picture) + (entry.image ?? 0), jobsInOrder(surface.given().layout));
}

/**
 * @param {GridSurface} surface
 * @param {CellStop} stop
 * @returns {Entry | undefined}
 */
function entryOfCell(surface, stop) {
  return entriesAt(surface.given().layout, stop.row, stop.column)[stop.at];
}

/**
 * @param {GridSurface} surface
 * @param {CellStop} stop
 * @returns {Job | undefined}
 */
function jobOfCell(surface, stop) {
  return entryOfCell(surface, stop)?.job;
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
  const entry = entryOfCell(surface, stop);
  if (entry === undefined || event.ctrlKey) return false;
  if (surface.actions.takeKey?.(surface, stop, event)) return true;
  if (event.key === "Enter") openCell(surface, stop, 0);
  else if (event.key === "c") toggleCompared(entry.job, entry.image);
  else return takePickKey(event, entry.job, entry.image);
  return true;
}

/**
 * @param {GridSurface} surface
 * @param {HeadingStop} stop
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key does something with the heading
 */
function takeHeadingKey(surface, stop, event) {
  const { openHeading, moveHeading: move } = surface.actions;
  const isAcross = stop.part === "column" || stop.part === "supercolumn";
  const [back, on] = isAcross ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  if (event.key === "Enter") openHeading(surface, stop);
  else if (move === null || !event.shiftKey || (event.key !== back && event.key !== on)) return false;
  else if (move(surface, stop, event.key === back ? -1 : 1)) {
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
