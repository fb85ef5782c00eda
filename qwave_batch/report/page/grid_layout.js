"use strict";

/**
 * Where everything stands, in pixels from the corner between the headings. Pure.
 *
 * @typedef {object} GridLayout
 * @property {Pivot} pivot
 * @property {CellSize} size
 * @property {number} stepX from one cell to the one beside it
 * @property {number} stepY from one line of cells to the next
 * @property {number[]} spans how many cells of a column stand side by side
 * @property {number[]} columnStarts of all columns, and the end of the last
 * @property {number[]} rowStarts of all rows, and the end of the last; a band stands at the end of the row above
 * @property {number[]} lines of cells in each row
 * @property {HeadingGroup[]} rowGroups the super-rows
 * @property {HeadingGroup[]} columnGroups
 * @property {number} bandHeight of the heading of a super-row; 0 if there are none
 * @property {Measures} measures
 *
 * @typedef {{first: number, last: number, value: number}} HeadingGroup
 * @typedef {object} CellSize
 * @property {number} side of the square that holds the pictures
 * @property {number} caption the height of what stands below it; 0 for nothing
 *
 * @typedef {object} Measures
 * @property {number} width of the view without the headings of rows
 * @property {boolean} hasBands headings of super-rows
 * @property {boolean} hasSupercolumns
 * @property {boolean} hasRows whether rows have headings
 * @property {boolean} hasColumns
 * @property {number} [between] what stands between columns besides the usual gap
 */

const CELL_GAP = 8;
const BAND_PX = 36;

/**
 * @param {Pivot} pivot
 * @param {CellSize} size
 * @param {Measures} measures
 * @returns {GridLayout}
 */
function layoutOf(pivot, size, measures) {
  const stepX = size.side + CELL_GAP;
  const stepY = size.side + size.caption + CELL_GAP;
  const gap = CELL_GAP + (measures.between ?? 0);
  const spans = spansOf(pivot, Math.floor((measures.width - gap * pivot.columns.length) / stepX));
  const columnStarts = [0];
  for (const span of spans) columnStarts.push((columnStarts.at(-1) ?? 0) + span * stepX + gap);
  const lines = pivot.cells.map((cells) =>
    cells.reduce((most, cell) => Math.max(most, Math.ceil(cell.entries.length / (spans[cell.column] ?? 1))), 1),
  );
  const bandHeight = measures.hasBands ? BAND_PX : 0;
  const rowGroups = groupsOf(pivot.rows);
  const startsGroup = new Set(rowGroups.map((group) => group.first));
  const rowStarts = [bandHeight];
  for (const [row, count] of lines.entries()) {
    const band = startsGroup.has(row + 1) ? bandHeight : 0;
    rowStarts.push((rowStarts.at(-1) ?? 0) + count * stepY + CELL_GAP + band);
  }
  const columnGroups = groupsOf(pivot.columns);
  return { pivot, size, stepX, stepY, spans, columnStarts, rowStarts, lines, rowGroups, columnGroups, bandHeight, measures };
}

/**
 * Return how many jobs of a place stand side by side: all where there is room, else as many as fit, alike in columns.
 *
 * @param {Pivot} pivot
 * @param {number} fitting cells beside each other in the view
 * @returns {number[]}
 */
function spansOf(pivot, fitting) {
  const most = pivot.columns.map(() => 1);
  for (const cells of pivot.cells) {
    for (const { column, entries } of cells) most[column] = Math.max(most[column] ?? 1, entries.length);
  }
  const room = Math.max(1, fitting);
  if (room < most.length) return most.map((count) => Math.min(room, Math.ceil(Math.sqrt(count))));
  let widest = 1;
  /** @param {number} limit */
  const needed = (limit) => most.reduce((total, count) => total + Math.min(count, limit), 0);
  while (needed(widest + 1) <= room && needed(widest) < needed(widest + 1)) widest += 1;
  return most.map((count) => Math.min(count, widest));
}

/**
 * @param {readonly Heading[]} headings
 * @returns {HeadingGroup[]}
 */
function groupsOf(headings) {
  /** @type {HeadingGroup[]} */
  const groups = [];
  for (const [number, { outer }] of headings.entries()) {
    const last = groups.at(-1);
    if (last?.value === outer) last.last = number;
    else groups.push({ first: number, last: number, value: outer });
  }
  return groups;
}

/**
 * @param {GridLayout} layout
 * @param {number} row
 * @returns {number} the height of its cells
 */
function rowHeight(layout, row) {
  return (layout.lines[row] ?? 1) * layout.stepY + CELL_GAP;
}

/**
 * Return where a cell stands.
 *
 * @param {GridLayout} layout
 * @param {number} row
 * @param {number} column
 * @param {number} at its number in its place
 */
function cellPlace(layout, row, column, at) {
  const span = layout.spans[column] ?? 1;
  return {
    left: (layout.columnStarts[column] ?? 0) + CELL_GAP + (at % span) * layout.stepX,
    top: (layout.rowStarts[row] ?? 0) + CELL_GAP + Math.floor(at / span) * layout.stepY,
  };
}

/**
 * Return the cells of a line of a row from left to right.
 *
 * @param {GridLayout} layout
 * @param {number} row
 * @param {number} line
 * @returns {Array<{column: number, at: number}>}
 */
function cellsOfLine(layout, row, line) {
  return (layout.pivot.cells[row] ?? []).flatMap(({ column, entries }) => {
    const span = layout.spans[column] ?? 1;
    const count = Math.min(span, entries.length - line * span);
    return Array.from({ length: Math.max(0, count) }, (_, number) => ({ column, at: line * span + number }));
  });
}

/**
 * @param {GridLayout} layout
 * @param {number} row
 * @param {number} column
 * @returns {Entry[]}
 */
function entriesAt(layout, row, column) {
  return cellInColumn(layout.pivot.cells[row] ?? [], column)?.entries ?? [];
}

/**
 * @param {readonly PivotCell[]} cells of a row, in the order of columns
 * @param {number} column
 * @returns {PivotCell | undefined}
 */
function cellInColumn(cells, column) {
  let low = 0;
  let high = cells.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cells[middle]?.column ?? 0) < column) low = middle + 1;
    else high = middle;
  }
  return cells[low]?.column === column ? cells[low] : undefined;
}

/**
 * @param {GridLayout} layout
 * @returns {Job[]} all jobs row by row
 */
function jobsInOrder(layout) {
  return layout.pivot.cells.flatMap((cells) => cells.flatMap(({ entries }) => entries.map((entry) => entry.job)));
}
