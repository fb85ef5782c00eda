"use strict";

/**
 * The page Chains while it is shown: the grid's surface with a row for each chain and a column for each stage.
 *
 * @typedef {{surface: GridSurface, toolbar: GridToolbar, nothing: HTMLElement, watcher: ResizeObserver}} ShownChains
 */

/** @type {ShownChains | null} */
let shownChains = null;

/** Where the page was left, for when it is shown again. */
let leftChainsAt = { top: 0, left: 0, active: "" };

/** Parts of the view that change what the page shows. */
const CHAIN_KEYS = ["q", "size", "compare", "score", "showscore", "sort"];

/** The room of the arrow from an image to the next one. */
const ARROW_PX = 16;

/** @type {SurfaceActions} */
const CHAIN_ACTIONS = {
  openHeading: (surface, stop) => openChainCard(surface, stop),
  moveHeading: null,
  buttonOf: (stop) => (stop.part === "row" ? compareChainButton() : null),
  pressButton: (surface, stop) => {
    const chain = stop.part === "row" ? chainOfRow(surface, stop.row) : undefined;
    if (chain !== undefined) compareChain(chain, lastOf(chain));
  },
  takeKey: (surface, stop, event) => {
    const chain = chainOfRow(surface, stop.row);
    const job = jobOfCell(surface, stop);
    if (job === undefined || chain === undefined || !event.shiftKey) return false;
    if (event.key === "C") compareChain(chain, job);
    else if (event.key === "S") compareSiblings(job);
    else return false;
    return true;
  },
};

/** @param {HTMLElement} main */
function showChains(main) {
  const surface = new GridSurface("Chains", CHAIN_ACTIONS);
  const toolbar = chainToolbar();
  const nothing = el("div", { class: "empty", hidden: true }, el("p"), el("button", { type: "button", onclick: clearFilters }, "Clear filters"));
  const watcher = new ResizeObserver(oncePerFrame(refreshChains));
  main.append(toolbar.root, nothing, surface.root);
  surface.root.classList.add("chains");
  shownChains = { surface, toolbar, nothing, watcher };
  listenToGrid(surface);
  surface.activeKey = leftChainsAt.active;
  refreshChains();
  surface.root.scrollTo(leftChainsAt.left, leftChainsAt.top);
  surface.draw();
  watcher.observe(surface.root);
}

function hideChains() {
  if (shownChains === null) return;
  const { surface, watcher } = shownChains;
  leftChainsAt = { top: surface.root.scrollTop, left: surface.root.scrollLeft, active: surface.activeKey };
  watcher.disconnect();
  shownChains = null;
}

/** Show the report and the view as they are now. */
function refreshChains() {
  if (shownChains === null) return;
  const { surface, toolbar, nothing } = shownChains;
  const { chains } = lineageInReport();
  const pivot = chainPivotOf(chains, visibleInView(), scoreOrder());
  toolbar.refresh();
  toolbar.showCount(pivot.rows.length);
  surface.root.hidden = pivot.jobs === 0;
  showWhetherEmpty(nothing, pivot.jobs);
  const axes = { rows: chainAxis(chains), cols: chainStageAxis(), superrows: NO_AXIS, supercols: NO_AXIS };
  const score = shownScore();
  const measures = {
    width: surface.root.clientWidth - surface.headingWidthFor(axes),
    hasBands: false, hasSupercolumns: false, hasColumns: true, hasRows: true, between: ARROW_PX,
  };
  const look = { side: CELL_SIDES.get(chosenSize()) ?? 0, caption: chainCaptions(), score };
  surface.root.style.setProperty("--cell-side", `${look.side}px`);
  const layout = layoutOf(pivot, { side: look.side, caption: CAPTION_PX }, measures);
  surface.show({ layout, axes, look, means: score === -1 ? null : meansOf(pivot, score) });
}

/** @returns {GridToolbar} */
function chainToolbar() {
  const parts = filterTools();
  const scores = scoreTools();
  const size = sizeChoice();
  const { count, show } = countLine();
  const root = el(
    "div",
    { class: "grid-toolbar" },
    parts.root,
    scores.root,
    el("div", { class: "toolbar grid-tools" }, count, size.root, pickTools()),
  );
  const refresh = () => {
    for (const each of [parts, size, scores]) each.refresh();
  };
  return { root, refresh, showCount: (shown) => show(shown, lineageInReport().chains.length, "chains") };
}

/**
 * Return what stands below an image: what its stage has chosen for it. What earlier stages chose stands there.
 *
 * @returns {(entry: Entry) => string}
 */
function chainCaptions() {
  const inherited = stages().map((stage) => `${stage}.`);
  const rest = tellingAxes(new Set(["prompt", "prompt_id", "stage", "tag", "folder"])).filter(({ name }) =>
    !inherited.some((beginning) => name.startsWith(beginning)));
  return ({ job, place, image }) => {
    const parent = parentOf(job);
    const id = promptOf(job, place).id;
    const values = rest.flatMap((axis) =>
      axis.valuesOf(job, place).filter((value) => value !== NO_VALUE).map((value) => tellingValue(axis, value)));
    if (parent !== undefined && promptOf(parent).id !== id) values.unshift(id);
    if (place.repeat > 0) values.push(`#${place.repeat + 1}`);
    if (image !== undefined && job.images.length > 1) values.push(`${image + 1}/${job.images.length}`);
    return values.map((value) => beginningOf(value, 60)).join(" · ");
  };
}

/**
 * @param {Axis} axis
 * @param {number} value
 * @returns {string} its label; a number with the name of its axis, since columns do not say it
 */
function tellingValue(axis, value) {
  const key = axis.keyOf(value);
  return /^[\d.+-]+$|^true$|^false$/.test(key) ? `${axis.name} ${key}` : key;
}

registerPage({ id: "chains", title: "Chains", show: showChains, hide: hideChains, isOffered: () => stages().length > 0 });

onView((changed) => {
  const keys = [...CHAIN_KEYS, ...gridFilters.map((filter) => filter.key)];
  if (keys.some((key) => changed.has(key))) refreshChains();
});
onReport(refreshChains);
onPicks(refreshChains);
