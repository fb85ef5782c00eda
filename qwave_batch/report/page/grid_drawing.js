"use strict";

/**
 * What is drawn of the grid at the moment.
 *
 * @typedef {object} Drawing
 * @property {Map<string, HTMLElement>} nodes cells and headings by the key of their stop
 * @property {Map<string, HTMLElement>} rows by key
 * @property {WeakMap<Element, string>} keys of cells and headings
 * @property {WeakMap<Element, number>} generations of cells: which content of the surface they were filled from
 */

/** So much is drawn on each side of what is seen. */
const MARGIN_PX = 300;
/** A row that is higher is drawn from the first line that is seen on: elements have a greatest height. */
const TALL_PX = 1_000_000;

/** @returns {Drawing} */
function newDrawing() {
  return { nodes: new Map(), rows: new Map(), keys: new WeakMap(), generations: new WeakMap() };
}

/**
 * Draw what is seen of a surface, with as many as possible of the nodes that are there.
 *
 * @param {GridSurface} surface
 */
function drawGrid(surface) {
  const { layout } = surface.given();
  const seen = surface.seen();
  const before = surface.drawing;
  surface.drawing = { ...before, nodes: new Map(), rows: new Map() };
  const columns = numbersSeen(layout.columnStarts, seen.left, seen.right, activeColumn(surface));
  drawColumnHeadings(surface, before, seen, columns);
  /** @type {HTMLElement[]} */
  const nodes = [];
  for (const row of numbersSeen(layout.rowStarts, seen.top, seen.bottom, activeRow(surface))) {
    const group = groupHolding(layout.rowGroups, row);
    if (layout.bandHeight > 0 && layout.rowGroups[group]?.first === row) nodes.push(drawBand(surface, before, seen, group));
    nodes.push(drawRow(surface, before, seen, row, columns));
  }
  for (const [key, node] of before.nodes) if (!surface.drawing.nodes.has(key)) forgetPictures(node);
  setChildren(surface.body, nodes);
  drawStrip(surface, seen);
}

/**
 * @param {readonly number[]} starts
 * @param {number} from
 * @param {number} to
 * @param {number | null} also the number of what must be there wherever it is
 * @returns {number[]} ascending
 */
function numbersSeen(starts, from, to, also) {
  if (starts.length < 2) return [];
  const first = partAt(starts, from - MARGIN_PX);
  const last = partAt(starts, to + MARGIN_PX);
  const numbers = Array.from({ length: last - first + 1 }, (_, number) => first + number);
  if (also !== null && also < first) numbers.unshift(also);
  if (also !== null && also > last) numbers.push(also);
  return numbers;
}

/**
 * @param {GridSurface} surface
 * @returns {number | null}
 */
function activeRow({ active, input }) {
  if (active?.part === "superrow") return input?.layout.rowGroups[active.group]?.first ?? null;
  return active?.part === "cell" || active?.part === "row" ? active.row : null;
}

/**
 * @param {GridSurface} surface
 * @returns {number | null}
 */
function activeColumn({ active, input }) {
  if (active?.part === "supercolumn") return input?.layout.columnGroups[active.group]?.first ?? null;
  return active?.part === "cell" || active?.part === "column" ? active.column : null;
}

/**
 * Return the node of a heading, the one that is there if it says the same.
 *
 * @param {GridSurface} surface
 * @param {Drawing} before
 * @param {GridStop} stop
 * @param {HeadingFacts} facts
 * @returns {HTMLElement}
 */
function headingNode(surface, before, stop, facts) {
  const key = keyOfStop(surface.given().layout, surface.keys, stop);
  const known = before.nodes.get(key);
  const isSame = known?.getAttribute("aria-label") === headingName(facts.axis, facts.value, facts.mean);
  const node = known !== undefined && isSame ? known : newHeading(surface, stop, facts);
  surface.drawing.nodes.set(key, node);
  surface.drawing.keys.set(node, key);
  return node;
}

/**
 * @param {GridSurface} surface
 * @param {GridStop} stop
 * @param {HeadingFacts} facts
 * @returns {HTMLElement}
 */
function newHeading({ actions }, stop, facts) {
  const node = headingOf({ ...facts, isFixed: actions.moveHeading === null });
  const button = stop.part === "cell" ? null : (actions.buttonOf?.(stop) ?? null);
  if (button !== null) node.querySelector(".heading-text")?.append(button);
  return node;
}

/**
 * @param {GridSurface} surface
 * @param {Drawing} before
 * @param {Seen} seen
 * @param {readonly number[]} columns
 */
function drawColumnHeadings(surface, before, seen, columns) {
  const { layout, axes, means } = surface.given();
  const { columnStarts, columnGroups, pivot } = layout;
  const groups = new Set(columns.map((column) => groupHolding(columnGroups, column)));
  const supers = axes.supercols === NO_AXIS ? [] : [...groups].flatMap((group) => {
    const { first, last, value } = /** @type {HeadingGroup} */ (columnGroups[group]);
    const node = headingNode(surface, before, { part: "supercolumn", group }, { axis: axes.supercols, value, role: "columnheader" });
    setProperty(node, "aria-colindex", first + 1);
    setProperty(node, "aria-colspan", last - first + 1);
    // no wider than what is seen and as much beside it: elements have a greatest width
    const left = Math.max(columnStarts[first] ?? 0, seen.left - TALL_PX);
    const right = Math.min(columnStarts[last + 1] ?? 0, seen.right + TALL_PX);
    setBox(node, { left: left - seen.shiftX, width: right - left });
    return [node];
  });
  const own = axes.cols === NO_AXIS ? [] : columns.map((column) => {
    const value = pivot.columns[column]?.inner ?? NO_VALUE;
    const node = headingNode(surface, before, { part: "column", column }, { axis: axes.cols, value, role: "columnheader", mean: means?.columns[column] });
    const left = columnStarts[column] ?? 0;
    setProperty(node, "aria-colindex", column + 1);
    setBox(node, { left: left - seen.shiftX, width: (columnStarts[column + 1] ?? 0) - left });
    return node;
  });
  setChildren(surface.supercolumns, supers);
  setChildren(surface.columns, own);
}

/**
 * @param {GridSurface} surface
 * @param {Drawing} before
 * @param {Seen} seen
 * @param {number} group
 * @returns {HTMLElement} the row that holds the heading of a super-row
 */
function drawBand(surface, before, seen, group) {
  const { layout, axes } = surface.given();
  const { first, value } = /** @type {HeadingGroup} */ (layout.rowGroups[group]);
  const heading = headingNode(surface, before, { part: "superrow", group }, { axis: axes.superrows, value, role: "rowheader" });
  const band = heading.parentElement ?? el("div", { role: "row", class: "grid-band" }, heading);
  setBox(band, { top: (layout.rowStarts[first] ?? 0) - layout.bandHeight - seen.shiftY });
  return band;
}

/**
 * Say above the rows which super-row they belong to, when its own heading is out of sight.
 *
 * @param {GridSurface} surface
 * @param {Seen} seen
 */
function drawStrip(surface, seen) {
  const { layout, axes } = surface.given();
  const group = layout.rowGroups[groupHolding(layout.rowGroups, partAt(layout.rowStarts, seen.top + layout.bandHeight))];
  const top = group === undefined ? 0 : (layout.rowStarts[group.first] ?? 0) - layout.bandHeight;
  surface.strip.hidden = layout.bandHeight === 0 || group === undefined || top >= seen.top;
  if (surface.strip.hidden || group === undefined) return;
  const text = headingText(axes.superrows, group.value);
  if (surface.strip.textContent !== text.textContent) surface.strip.replaceChildren(text);
}

/**
 * @param {GridSurface} surface
 * @param {Drawing} before
 * @param {Seen} seen
 * @param {number} row
 * @param {readonly number[]} columns
 * @returns {HTMLElement}
 */
function drawRow(surface, before, seen, row, columns) {
  const { layout, axes, means } = surface.given();
  const key = surface.keys.rows[row] ?? "";
  const node = before.rows.get(key) ?? el("div", { role: "row", class: "grid-row" });
  surface.drawing.rows.set(key, node);
  const start = layout.rowStarts[row] ?? 0;
  const end = start + rowHeight(layout, row);
  const isTall = end - start > TALL_PX;
  const top = isTall ? Math.min(Math.max(start, seen.top - MARGIN_PX), end) : start;
  const bottom = isTall ? Math.max(top, Math.min(end, seen.bottom + MARGIN_PX)) : end;
  setBox(node, { top: top - seen.shiftY, height: bottom - top });
  setProperty(node, "aria-rowindex", row + 1);
  const value = layout.pivot.rows[row]?.inner ?? NO_VALUE;
  const facts = /** @type {HeadingFacts} */ ({ axis: axes.rows, value, role: "rowheader", mean: means?.rows[row] });
  const heading = axes.rows === NO_AXIS ? [] : [headingNode(surface, before, { part: "row", row }, facts)];
  const cells = cellsSeen(surface, seen, row, columns).map(({ column, at }) => {
    const cell = drawCell(surface, before, row, column, at);
    const box = cellPlace(layout, row, column, at);
    setBox(cell, { left: box.left - seen.shiftX, top: box.top - top });
    return cell;
  });
  setChildren(node, [...heading, ...cells]);
  return node;
}

/**
 * @param {GridSurface} surface
 * @param {Seen} seen
 * @param {number} row
 * @param {readonly number[]} columns
 * @returns {Array<{column: number, at: number}>} the cells of a row that are to be drawn, in order
 */
function cellsSeen(surface, seen, row, columns) {
  const { layout } = surface.given();
  const start = layout.rowStarts[row] ?? 0;
  const firstLine = Math.max(0, Math.floor((seen.top - MARGIN_PX - start) / layout.stepY));
  const lastLine = Math.floor((seen.bottom + MARGIN_PX - start) / layout.stepY);
  const { active } = surface;
  const cells = layout.pivot.cells[row] ?? [];
  /** @type {Array<{column: number, at: number}>} */
  const found = [];
  for (const column of columns) {
    const entries = cellInColumn(cells, column)?.entries ?? [];
    const span = layout.spans[column] ?? 1;
    const last = Math.min(entries.length, (lastLine + 1) * span) - 1;
    const numbers = Array.from({ length: Math.max(0, last - firstLine * span + 1) }, (_, number) => firstLine * span + number);
    if (active?.part === "cell" && active.row === row && active.column === column) {
      if (active.at < (numbers[0] ?? Infinity)) numbers.unshift(active.at);
      else if (active.at > (numbers.at(-1) ?? -1)) numbers.push(active.at);
    }
    for (const at of numbers) found.push({ column, at });
  }
  return found;
}

/**
 * @param {GridSurface} surface
 * @param {Drawing} before
 * @param {number} row
 * @param {number} column
 * @param {number} at
 * @returns {HTMLElement}
 */
function drawCell(surface, before, row, column, at) {
  const { layout, look } = surface.given();
  const entry = /** @type {Entry} */ (entriesAt(layout, row, column)[at]);
  const key = keyOfCell(surface.keys, row, column, entry);
  const { nodes, keys, generations } = surface.drawing;
  const cell = before.nodes.get(key) ?? emptyCell();
  nodes.set(key, cell);
  if (generations.get(cell) === surface.generation) return cell;
  generations.set(cell, surface.generation);
  keys.set(cell, key);
  setProperty(cell, "aria-colindex", column + 1);
  fillCell(cell, entry, look);
  return cell;
}
