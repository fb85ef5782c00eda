"use strict";

/**
 * The grid in the page's tree: only what is seen, and a margin, is in it.
 *
 * @typedef {object} SurfaceInput
 * @property {GridLayout} layout
 * @property {ChosenAxes} axes
 * @property {CellLook} look
 * @property {ScoreMeans | null} means of the score that is shown
 *
 * @typedef {object} SurfaceActions what is done with a surface besides looking at it
 * @property {(surface: GridSurface, stop: HeadingStop) => void} openHeading
 * @property {((surface: GridSurface, stop: HeadingStop, by: number) => boolean) | null} moveHeading by -1 or 1; null where
 *   headings stay where they are; returns whether there was a place to move to
 * @property {(stop: HeadingStop) => HTMLElement | null} [buttonOf] a button that a heading has
 * @property {(surface: GridSurface, stop: HeadingStop) => void} [pressButton]
 * @property {((surface: GridSurface, stop: CellStop, event: KeyboardEvent) => boolean)} [takeKey] returns whether a key on a
 *   cell did something
 *
 * @typedef {object} Seen the part of the layout that is seen, and how far it is from where the tree has it
 * @property {number} left
 * @property {number} top
 * @property {number} right
 * @property {number} bottom
 * @property {number} shiftX
 * @property {number} shiftY
 */

const COLUMN_HEADING_PX = 56;
/** Of a mean below the two lines of a column's heading. */
const COLUMN_MEAN_PX = 18;
const SUPERCOLUMN_HEADING_PX = 32;
const ROW_HEADING_PX = 208;
const NARROW_ROW_HEADING_PX = 104;
const NARROW_PX = 640;

class GridSurface {
  /**
   * @param {string} name for those who do not see it
   * @param {SurfaceActions} actions
   */
  constructor(name, actions) {
    this.actions = actions;
    this.corner = el("div", { class: "grid-corner", "aria-hidden": "true" });
    this.supercolumns = el("div", { role: "row", class: "heading-row super" });
    this.columns = el("div", { role: "row", class: "heading-row" });
    this.strip = el("div", { class: "grid-strip", "aria-hidden": "true" });
    this.head = el("div", { class: "grid-head" }, this.corner, this.supercolumns, this.columns, this.strip);
    this.body = el("div", { class: "grid-body" });
    this.root = el("div", { role: "grid", "aria-label": name, class: "grid" }, this.head, this.body);
    /** @type {SurfaceInput | null} */
    this.input = null;
    this.across = scrollSpan(0, 0);
    this.down = scrollSpan(0, 0);
    this.headHeight = 0;
    this.headingWidth = 0;
    /** Counts what was shown, so that a cell is filled once for each. */
    this.generation = 0;
    this.keys = stopKeys([], [], []);
    this.drawing = newDrawing();
    /** @type {GridStop | null} what Tab leads to */
    this.active = null;
    this.activeKey = "";
    /** The place from the left that the way up and down keeps to. */
    this.goal = 0;
    this.root.addEventListener("scroll", oncePerFrame(() => this.root.isConnected && this.draw()));
  }

  /** @returns {SurfaceInput} */
  given() {
    if (this.input === null) throw new Error("the grid has nothing to show yet");
    return this.input;
  }

  /**
   * Show other content. The row and the column at the corner of the view stay there where they still exist, and what
   * has the focus keeps it.
   *
   * @param {SurfaceInput} input
   */
  show(input) {
    const anchor = this.input && this.anchor();
    const before = this.active;
    this.input = input;
    this.generation += 1;
    this.keys = keysOfStops(input.layout, input.axes);
    this.measure();
    setProperty(this.root, "aria-rowcount", input.layout.pivot.rows.length);
    setProperty(this.root, "aria-colcount", input.layout.pivot.columns.length);
    if (anchor !== null) this.restore(anchor);
    const kept = stopWithKey(input.layout, this.keys, this.activeKey);
    this.setActive(kept ?? (before && stopNear(input.layout, before, this.goal)) ?? cellNear(input.layout, 0, 0, 0));
    this.draw();
  }

  /**
   * @param {ChosenAxes} axes
   * @returns {number} how wide the headings of rows are
   */
  headingWidthFor(axes) {
    if (axes.rows === NO_AXIS) return 0;
    return this.root.clientWidth < NARROW_PX ? NARROW_ROW_HEADING_PX : ROW_HEADING_PX;
  }

  measure() {
    const { layout, axes, means } = this.given();
    const supercolumns = axes.supercols === NO_AXIS ? 0 : SUPERCOLUMN_HEADING_PX;
    const columns = axes.cols === NO_AXIS ? 0 : COLUMN_HEADING_PX + (means === null || axes.cols.name === "model" ? 0 : COLUMN_MEAN_PX);
    this.headHeight = supercolumns + columns;
    this.headingWidth = this.headingWidthFor(axes);
    this.across = scrollSpan(layout.columnStarts.at(-1) ?? 0, this.root.clientWidth - this.headingWidth);
    this.down = scrollSpan(layout.rowStarts.at(-1) ?? 0, this.root.clientHeight - this.headHeight);
    const width = this.headingWidth + this.across.length;
    setBox(this.head, { width, height: this.headHeight });
    setBox(this.body, { width, height: this.down.length });
    setBox(this.supercolumns, { height: supercolumns });
    setBox(this.columns, { height: columns });
    setBox(this.corner, { width: this.headingWidth, height: this.headHeight });
    this.corner.style.marginBottom = `${-this.headHeight}px`;
    this.supercolumns.hidden = supercolumns === 0;
    this.columns.hidden = columns === 0;
    this.corner.hidden = this.headHeight === 0 || this.headingWidth === 0;
    this.corner.textContent = columns === 0 ? "" : `${axes.rows.name} ↓ ${axes.cols.name} →`;
    for (const [name, value] of [["head", this.headHeight], ["band", layout.bandHeight], ["heading-width", this.headingWidth]]) {
      this.root.style.setProperty(`--grid-${name}`, `${value}px`);
    }
  }

  /** @returns {Seen} */
  seen() {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.root;
    const left = this.across.placeAt(scrollLeft);
    const top = this.down.placeAt(scrollTop);
    return {
      left,
      top,
      right: left + clientWidth - this.headingWidth,
      bottom: top + clientHeight - this.headHeight,
      shiftX: left - scrollLeft - this.headingWidth,
      shiftY: top - scrollTop,
    };
  }

  /** Draw what is seen now. */
  draw() {
    const had = this.root.contains(document.activeElement) && document.activeElement !== this.root;
    drawGrid(this);
    const node = this.active && this.nodeOf(this.active);
    for (const other of this.root.querySelectorAll('[tabindex="0"]')) if (other !== node) other.setAttribute("tabindex", "-1");
    node?.setAttribute("tabindex", "0");
    const lost = had && !this.root.contains(document.activeElement);
    if (lost) node?.focus({ preventScroll: true });
  }

  /** @param {GridStop | null} stop */
  setActive(stop) {
    this.active = stop;
    this.activeKey = stop === null ? "" : keyOfStop(this.given().layout, this.keys, stop);
  }

  /**
   * @param {GridStop} stop
   * @returns {HTMLElement | null}
   */
  nodeOf(stop) {
    return this.drawing.nodes.get(keyOfStop(this.given().layout, this.keys, stop)) ?? null;
  }

  /**
   * @param {Element | null} node
   * @returns {GridStop | null} the cell or heading that a node belongs to
   */
  stopAt(node) {
    const key = this.drawing.keys.get(node?.closest('[role="gridcell"], .heading') ?? this.root);
    return key === undefined ? null : stopWithKey(this.given().layout, this.keys, key);
  }

  /**
   * Bring something into view and give it the focus.
   *
   * @param {GridStop} stop
   */
  focusOn(stop) {
    this.setActive(stop);
    this.scrollTo(stop);
    this.draw();
    this.nodeOf(stop)?.focus({ preventScroll: true });
  }

  /** @param {GridStop} stop */
  scrollTo(stop) {
    const { layout } = this.given();
    const seen = this.seen();
    const box = boxOfStop(layout, stop);
    const left = nearestScroll(seen.left, seen.right, box.left, box.right);
    const top = nearestScroll(seen.top + layout.bandHeight, seen.bottom, box.top, box.bottom) - layout.bandHeight;
    if (left !== seen.left) this.root.scrollLeft = this.across.scrollAt(left);
    if (top !== seen.top) this.root.scrollTop = this.down.scrollAt(top);
  }

  /** What stands at the corner of the view, by name, and how far it is scrolled over. */
  anchor() {
    const { layout } = this.given();
    const { left, top } = this.seen();
    const row = partAt(layout.rowStarts, top);
    const column = partAt(layout.columnStarts, left);
    return {
      row: this.root.scrollTop > 0 ? this.keys.rows[row] : undefined,
      column: this.root.scrollLeft > 0 ? this.keys.columns[column] : undefined,
      down: top - (layout.rowStarts[row] ?? 0),
      right: left - (layout.columnStarts[column] ?? 0),
    };
  }

  /** @param {ReturnType<GridSurface["anchor"]>} anchor */
  restore({ row, column, down, right }) {
    const { layout } = this.given();
    const rowNow = row === undefined ? undefined : this.keys.rowNumbers.get(row);
    const columnNow = column === undefined ? undefined : this.keys.columnNumbers.get(column);
    if (rowNow !== undefined) this.root.scrollTop = this.down.scrollAt((layout.rowStarts[rowNow] ?? 0) + down);
    if (columnNow !== undefined) this.root.scrollLeft = this.across.scrollAt((layout.columnStarts[columnNow] ?? 0) + right);
  }
}

/**
 * Return the nearest start of the view at which a part is seen; its beginning where it is longer than the view.
 *
 * @param {number} start of the view
 * @param {number} end of the view
 * @param {number} from the start of the part
 * @param {number} to
 * @returns {number}
 */
function nearestScroll(start, end, from, to) {
  if (from < start || to - from > end - start) return from;
  return to > end ? start + to - end : start;
}

/**
 * @param {() => void} act
 * @returns {() => void} a listener after which `act` is called once, before the next frame is painted
 */
function oncePerFrame(act) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      act();
    });
  };
}
