"use strict";

/** The sides of the squares that cells show their pictures in. */
const CELL_SIDES = new Map([
  ["small", 96],
  ["medium", 160],
  ["large", 256],
]);
const CAPTION_PX = 20;
/** Parts of the view that change what the grid shows. */
const GRID_KEYS = ["rows", "cols", "superrows", "supercols", "q", "hide", "order", "size", "compare", "score", "showscore", "sort"];

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

/** @type {SurfaceActions} */
const GRID_ACTIONS = {
  openHeading: (surface, stop) => openHeadingCard(headingPlace(surface.given(), stop)),
  moveHeading: (surface, stop, by) => moveHeading(headingPlace(surface.given(), stop), by),
};

/** @returns {string} */
function chosenSize() {
  const size = viewValue("size");
  return CELL_SIDES.has(size) ? size : "medium";
}

/** @param {HTMLElement} main */
function showGrid(main) {
  const surface = new GridSurface("Images", GRID_ACTIONS);
  const toolbar = gridToolbar();
  const clear = el("button", { type: "button", onclick: clearFilters }, "Clear filters");
  const nothing = el("div", { class: "empty", hidden: true }, el("p"), clear);
  const watcher = new ResizeObserver(oncePerFrame(refreshGrid));
  main.append(toolbar.root, nothing, surface.root);
  shownGrid = { surface, toolbar, nothing, watcher };
  listenToGrid(surface);
  letHeadingsBeDragged(surface);
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
  const pivot = pivotOf(report.jobs, sides, visibleInView(), scoreOrder());
  toolbar.refresh();
  toolbar.showCount(pivot.jobs);
  surface.root.hidden = pivot.jobs === 0;
  showWhetherEmpty(nothing, pivot.jobs);
  const caption = captionsFor(axes);
  const score = shownScore();
  const hasCaption = caption !== null || score !== -1;
  const size = { side: CELL_SIDES.get(chosenSize()) ?? 0, caption: hasCaption ? CAPTION_PX : 0 };
  const measures = {
    width: surface.root.clientWidth - surface.headingWidthFor(axes),
    hasBands: axes.superrows !== NO_AXIS,
    hasSupercolumns: axes.supercols !== NO_AXIS,
    hasColumns: axes.cols !== NO_AXIS,
    hasRows: axes.rows !== NO_AXIS,
  };
  const look = { side: size.side, caption: caption ?? (() => ""), score };
  surface.show({ layout: layoutOf(pivot, size, measures), axes, look, means: score === -1 ? null : meansOf(pivot, score) });
}

/**
 * @param {HTMLElement} nothing
 * @param {number} shown jobs that are seen
 */
function showWhetherEmpty(nothing, shown) {
  const [text, clear] = /** @type {HTMLElement[]} */ ([...nothing.children]);
  const isEmpty = report.jobs.length === 0;
  nothing.hidden = shown > 0;
  if (text !== undefined) text.textContent = isEmpty ? "There are no jobs yet." : "No job matches the filters.";
  if (clear !== undefined) clear.hidden = isEmpty;
}

/**
 * Return what tells the jobs of a place from each other: their values of the axes that the grid does not go along.
 *
 * @param {ChosenAxes} axes
 * @returns {((entry: Entry) => string) | null} null where there is nothing to say
 */
function captionsFor(axes) {
  const chosen = new Set(Object.values(axes).map((axis) => axis.name));
  if (stages().length > 0) chosen.add(chosen.has("prompt") ? "prompt_id" : "prompt"); // the one says all that the other does
  const rest = tellingAxes(chosen.add("tag"));
  const repeats = report.jobs.some((job) => job.places.some((place) => place.repeat > 0));
  if (rest.length === 0 && !repeats) return null;
  return ({ job, place }) => {
    const values = rest.flatMap((axis) => axis.valuesOf(job, place).filter((value) => value !== NO_VALUE).map(axis.keyOf));
    if (repeats) values.push(`#${place.repeat + 1}`);
    return values.map((value) => beginningOf(value, 60)).join(" · ");
  };
}

/**
 * Give the focus to a cell of a job: the one that had it, or else the first.
 *
 * @param {GridSurface} surface
 * @param {Job} job
 */
function focusJob(surface, job) {
  const { cells } = surface.given().layout.pivot;
  const { active } = surface;
  /** @param {Entry} entry */
  const isOfJob = (entry) => keyOfJob(entry.job) === keyOfJob(job);
  if (active?.part === "cell" && jobOfCell(surface, active)?.index === job.index) return surface.focusOn(active);
  for (const [row, line] of cells.entries()) {
    for (const { column, entries } of line) {
      const at = entries.findIndex(isOfJob);
      if (at !== -1) return surface.focusOn({ part: "cell", row, column, at });
    }
  }
}

registerPage({ id: "grid", title: "Grid", show: showGrid, hide: hideGrid });

onView((changed) => {
  const keys = [...GRID_KEYS, ...gridFilters.map((filter) => filter.key)];
  if (keys.some((key) => changed.has(key))) refreshGrid();
});

onReport(refreshGrid);
onPicks(refreshGrid);
/** @returns {GridSurface | null} the one of the page that is shown */
function shownSurface() {
  return (shownGrid ?? shownChains)?.surface ?? null;
}

offerLightboxOrder(() => {
  const surface = shownSurface();
  return surface === null ? report.jobs : jobsInOrder(surface.given().layout);
});
onLightboxClosed((job) => {
  const surface = shownSurface();
  if (surface === null) focusBeforeLightbox?.focus();
  else focusJob(surface, job);
});
