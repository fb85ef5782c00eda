"use strict";

/** The sides of the squares that cells show their pictures in. */
const CELL_SIDES = new Map([
  ["small", 96],
  ["medium", 160],
  ["large", 256],
]);
const CAPTION_PX = 20;
/** Parts of the view that change what the grid shows. */
const GRID_KEYS = ["rows", "cols", "superrows", "supercols", "q", "hide", "order", "size"];

/**
 * The page Grid while it is shown.
 *
 * @typedef {object} ShownGrid
 * @property {GridSurface} surface
 * @property {GridToolbar} toolbar
 * @property {HTMLElement} nothing what stands there when nothing is to be seen
 * @property {ResizeObserver} watcher
 */

/** @type {ShownGrid | null} */
let shownGrid = null;

/** Where the grid was left, for when its page is shown again. */
let leftAt = { top: 0, left: 0, active: "" };

/** @returns {string} */
function chosenSize() {
  const size = viewValue("size");
  return CELL_SIDES.has(size) ? size : "medium";
}

/** @param {HTMLElement} main */
function showGrid(main) {
  const surface = new GridSurface();
  const toolbar = gridToolbar();
  const clear = el("button", { type: "button", onclick: clearFilters }, "Clear filters");
  const nothing = el("div", { class: "empty", hidden: true }, el("p", {}, "No job matches the filters."), clear);
  const watcher = new ResizeObserver(oncePerFrame(refreshGrid));
  main.append(toolbar.root, nothing, surface.root);
  shownGrid = { surface, toolbar, nothing, watcher };
  listenToGrid(surface);
  surface.activeKey = leftAt.active;
  refreshGrid();
  surface.root.scrollTo(leftAt.left, leftAt.top);
  surface.draw();
  watcher.observe(surface.root);
}

function hideGrid() {
  if (shownGrid === null) return;
  const { surface, watcher } = shownGrid;
  leftAt = { top: surface.root.scrollTop, left: surface.root.scrollLeft, active: surface.activeKey };
  watcher.disconnect();
  shownGrid = null;
}

/** Show the report and the view as they are now. */
function refreshGrid() {
  if (shownGrid === null) return;
  const { surface, toolbar, nothing } = shownGrid;
  const axes = chosenAxes();
  const hidden = hiddenValues();
  const moves = movedValues();
  /** @param {Role} role */
  const side = (role) => sideOf(axes[role], hidden, moves);
  const sides = { rows: side("rows"), cols: side("cols"), superrows: side("superrows"), supercols: side("supercols") };
  const pivot = pivotOf(report.jobs, sides, visibleInView());
  toolbar.refresh();
  toolbar.showCount(pivot.jobs);
  surface.root.hidden = pivot.jobs === 0;
  nothing.hidden = pivot.jobs > 0;
  const caption = captionsFor(axes);
  const size = { side: CELL_SIDES.get(chosenSize()) ?? 0, caption: caption === null ? 0 : CAPTION_PX };
  const measures = {
    width: surface.root.clientWidth - surface.headingWidthFor(axes),
    hasBands: axes.superrows !== NO_AXIS,
    hasSupercolumns: axes.supercols !== NO_AXIS,
    hasColumns: axes.cols !== NO_AXIS,
    hasRows: axes.rows !== NO_AXIS,
  };
  const look = { side: size.side, caption: caption ?? (() => "") };
  surface.show({ layout: layoutOf(pivot, size, measures), axes, look });
}

/**
 * Return what tells the jobs of a place from each other: their values of the axes that the grid does not go along.
 *
 * @param {ChosenAxes} axes
 * @returns {((entry: Entry) => string) | null} null where there is nothing to say
 */
function captionsFor(axes) {
  const chosen = new Set(Object.values(axes).map((axis) => axis.name));
  const rest = varyingAxes().filter((axis) => axis.name !== "tag" && !chosen.has(axis.name));
  const repeats = report.jobs.some((job) => job.places.some((place) => place.repeat > 0));
  if (rest.length === 0 && !repeats) return null;
  return ({ job, place }) => {
    const values = rest.flatMap((axis) => axis.valuesOf(job, place).filter((value) => value !== NO_VALUE).map(axis.keyOf));
    if (repeats) values.push(`#${place.repeat + 1}`);
    return values.map((value) => beginningOf(value, 60)).join(" · ");
  };
}

/** @param {GridSurface} surface */
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
    if (stop !== null && stop.part !== "cell") openHeading(surface, stop);
  });
}

/**
 * @param {GridSurface} surface
 * @param {KeyboardEvent} event
 */
function onGridKey(surface, event) {
  const stop = surface.active;
  if (stop === null || event.altKey || event.metaKey || event.target === surface.root) return;
  if (event.shiftKey) {
    if (stop.part !== "cell" && moveByKey(surface, stop, event.key)) event.preventDefault();
    return;
  }
  if (event.key === "Enter" && stop.part !== "cell") {
    event.preventDefault();
    openHeading(surface, stop);
    return;
  }
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
 * @param {GridSurface} surface
 * @param {Exclude<GridStop, CellStop>} stop
 */
function openHeading(surface, stop) {
  const place = headingPlace(surface.given(), stop);
  openHeadingCard(place);
}

/**
 * @param {GridSurface} surface
 * @param {Exclude<GridStop, CellStop>} stop
 * @param {string} key
 * @returns {boolean} whether the key moves the heading
 */
function moveByKey(surface, stop, key) {
  const place = headingPlace(surface.given(), stop);
  const [back, on] = place.isAcross ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  if (key !== back && key !== on) return false;
  if (!moveHeading(place, key === back ? -1 : 1)) return true;
  surface.focusOn(/** @type {GridStop} */ (surface.active));
  announce(`moved ${key.slice("Arrow".length).toLowerCase()}`);
  return true;
}

/**
 * @param {SurfaceInput} input
 * @param {Exclude<GridStop, CellStop>} stop
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

registerPage({ id: "grid", title: "Grid", show: showGrid, hide: hideGrid });

onView((changed) => {
  const keys = [...GRID_KEYS, ...gridFilters.map((filter) => filter.key)];
  if (keys.some((key) => changed.has(key))) refreshGrid();
});

onReport(refreshGrid);
