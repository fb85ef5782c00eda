"use strict";

/**
 * Where the arrow keys lead. Pure.
 *
 * @typedef {{part: "cell", row: number, column: number, at: number}} CellStop
 * @typedef {{part: "row", row: number} | {part: "column", column: number} | {part: "superrow", group: number}
 *   | {part: "supercolumn", group: number}} HeadingStop
 * @typedef {CellStop | HeadingStop} GridStop what can have the focus: a cell, or a heading by its number
 */

/**
 * @param {GridLayout} layout
 * @param {GridStop} stop
 * @param {string} key of the keyboard, as events name it, with `Control+` before it if that is pressed
 * @param {number} goal the place from the left that the way up and down keeps to
 * @param {number} page the height of the view
 * @returns {GridStop | null} null where the key leads nowhere
 */
function stopAfter(layout, stop, key, goal, page) {
  if (key === "Control+Home") return cellNear(layout, 0, 0, 0);
  if (key === "Control+End") return lastCell(layout);
  switch (stop.part) {
    case "cell":
      return stopAfterCell(layout, stop, key, goal, page);
    case "row":
      return stopAfterRow(layout, stop.row, key);
    case "superrow":
      return stopAfterSuperrow(layout, stop.group, key);
    case "column":
      return stopAfterColumn(layout, stop.column, key);
    case "supercolumn":
      return stopAfterSupercolumn(layout, stop.group, key);
  }
}

/**
 * @param {GridLayout} layout
 * @param {CellStop} stop
 * @param {string} key
 * @param {number} goal
 * @param {number} page
 * @returns {GridStop | null}
 */
function stopAfterCell(layout, stop, key, goal, page) {
  const line = Math.floor(stop.at / (layout.spans[stop.column] ?? 1));
  const beside = cellsOfLine(layout, stop.row, line);
  const number = beside.findIndex((cell) => cell.column === stop.column && cell.at === stop.at);
  /** @param {number} wanted */
  const cellBeside = (wanted) => {
    const cell = beside.at(wanted);
    return cell === undefined ? null : /** @type {CellStop} */ ({ part: "cell", row: stop.row, ...cell });
  };
  switch (key) {
    case "ArrowLeft":
      if (number > 0) return cellBeside(number - 1);
      if (layout.measures.hasRows) return { part: "row", row: stop.row };
      return layout.measures.hasBands ? { part: "superrow", group: stop.row } : null; // each row is its own super-row
    case "ArrowRight":
      return number + 1 < beside.length ? cellBeside(number + 1) : null;
    case "Home":
      return cellBeside(0);
    case "End":
      return cellBeside(-1);
    case "ArrowUp":
      return cellAbove(layout, stop.row, line, goal) ?? headingAbove(layout, stop.column);
    case "ArrowDown":
      return cellBelow(layout, stop.row, line, goal);
    case "PageUp":
    case "PageDown": {
      const top = cellPlace(layout, stop.row, stop.column, stop.at).top + (key === "PageUp" ? -page : page);
      const row = partAt(layout.rowStarts, top);
      return cellNear(layout, row, Math.floor((top - (layout.rowStarts[row] ?? 0)) / layout.stepY), goal);
    }
  }
  return null;
}

/**
 * @param {GridLayout} layout
 * @param {number} column
 * @returns {GridStop | null}
 */
function headingAbove(layout, column) {
  if (layout.measures.hasColumns) return { part: "column", column };
  return layout.measures.hasSupercolumns ? { part: "supercolumn", group: column } : null; // each column is its own
}

/**
 * @param {GridLayout} layout
 * @param {number} row
 * @param {string} key
 * @returns {GridStop | null}
 */
function stopAfterRow(layout, row, key) {
  const last = layout.pivot.rows.length - 1;
  const group = layout.rowGroups.findIndex((each) => each.first <= row && row <= each.last);
  if (key === "ArrowRight") return cellNear(layout, row, 0, 0);
  if (key === "Home") return { part: "row", row: 0 };
  if (key === "End") return { part: "row", row: last };
  if (key === "ArrowDown" && row < last) {
    const entersGroup = layout.bandHeight > 0 && layout.rowGroups[group]?.last === row;
    return entersGroup ? { part: "superrow", group: group + 1 } : { part: "row", row: row + 1 };
  }
  if (key !== "ArrowUp") return null;
  if (layout.bandHeight > 0 && layout.rowGroups[group]?.first === row) return { part: "superrow", group };
  return row > 0 ? { part: "row", row: row - 1 } : null;
}

/**
 * @param {GridLayout} layout
 * @param {number} group
 * @param {string} key
 * @returns {GridStop | null}
 */
function stopAfterSuperrow(layout, group, key) {
  const { first = 0 } = layout.rowGroups[group] ?? {};
  const { hasRows } = layout.measures;
  if (key === "ArrowDown" && hasRows) return { part: "row", row: first };
  if (key === "ArrowDown" || key === "ArrowRight") return cellNear(layout, first, 0, 0);
  return key === "ArrowUp" && hasRows && first > 0 ? { part: "row", row: first - 1 } : null;
}

/**
 * @param {GridLayout} layout
 * @param {number} column
 * @param {string} key
 * @returns {GridStop | null}
 */
function stopAfterColumn(layout, column, key) {
  const last = layout.pivot.columns.length - 1;
  if (key === "ArrowDown") return cellNear(layout, 0, 0, layout.columnStarts[column] ?? 0);
  if (key === "ArrowLeft" && column > 0) return { part: "column", column: column - 1 };
  if (key === "ArrowRight" && column < last) return { part: "column", column: column + 1 };
  if (key === "Home") return { part: "column", column: 0 };
  if (key === "End") return { part: "column", column: last };
  if (key !== "ArrowUp" || !layout.measures.hasSupercolumns) return null;
  return { part: "supercolumn", group: layout.columnGroups.findIndex((each) => each.first <= column && column <= each.last) };
}

/**
 * @param {GridLayout} layout
 * @param {number} group
 * @param {string} key
 * @returns {GridStop | null}
 */
function stopAfterSupercolumn(layout, group, key) {
  const last = layout.columnGroups.length - 1;
  const { first = 0 } = layout.columnGroups[group] ?? {};
  if (key === "ArrowDown" && layout.measures.hasColumns) return { part: "column", column: first };
  if (key === "ArrowDown") return cellNear(layout, 0, 0, layout.columnStarts[first] ?? 0);
  if (key === "ArrowLeft" && group > 0) return { part: "supercolumn", group: group - 1 };
  return key === "ArrowRight" && group < last ? { part: "supercolumn", group: group + 1 } : null;
}

/**
 * @param {GridLayout} layout
 * @param {number} row
 * @param {number} line
 * @param {number} goal
 * @returns {CellStop | null} the cell of the next line above that has any
 */
function cellAbove(layout, row, line, goal) {
  if (line > 0) return cellNear(layout, row, line - 1, goal);
  return row > 0 ? cellNear(layout, row - 1, Infinity, goal) : null;
}

/**
 * @param {GridLayout} layout
 * @param {number} row
 * @param {number} line
 * @param {number} goal
 * @returns {CellStop | null}
 */
function cellBelow(layout, row, line, goal) {
  if (line + 1 < (layout.lines[row] ?? 1)) return cellNear(layout, row, line + 1, goal);
  return row + 1 < layout.pivot.rows.length ? cellNear(layout, row + 1, 0, goal) : null;
}

/**
 * Return the cell of a line that stands nearest to a place from the left. Every line of a row holds a cell: a row has as
 * many lines as its fullest place.
 *
 * @param {GridLayout} layout
 * @param {number} row
 * @param {number} line taken to the nearest that the row has
 * @param {number} goal
 * @returns {CellStop | null} null in a grid without rows
 */
function cellNear(layout, row, line, goal) {
  const cells = cellsOfLine(layout, row, Math.max(0, Math.min(line, (layout.lines[row] ?? 1) - 1)));
  let nearest = null;
  let least = Infinity;
  for (const cell of cells) {
    const distance = Math.abs(cellPlace(layout, row, cell.column, cell.at).left - goal);
    if (distance < least) [nearest, least] = [cell, distance];
  }
  return nearest === null ? null : { part: "cell", row, ...nearest };
}

/**
 * @param {GridLayout} layout
 * @returns {CellStop | null}
 */
function lastCell(layout) {
  return cellNear(layout, layout.pivot.rows.length - 1, Infinity, Number.MAX_SAFE_INTEGER);
}

/**
 * Return what stands where something stood that is there no more.
 *
 * @param {GridLayout} layout
 * @param {GridStop} stop
 * @param {number} goal
 * @returns {GridStop | null} null if there is nothing of its kind
 */
function stopNear(layout, stop, goal) {
  const { pivot, measures, rowGroups, columnGroups } = layout;
  switch (stop.part) {
    case "cell":
      return cellNear(layout, Math.min(stop.row, pivot.rows.length - 1), 0, goal);
    case "row":
      return measures.hasRows ? headingNear("row", stop.row, pivot.rows.length) : null;
    case "column":
      return measures.hasColumns ? headingNear("column", stop.column, pivot.columns.length) : null;
    case "superrow":
      return measures.hasBands ? headingNear("superrow", stop.group, rowGroups.length) : null;
    case "supercolumn":
      return measures.hasSupercolumns ? headingNear("supercolumn", stop.group, columnGroups.length) : null;
  }
}

/**
 * @param {HeadingStop["part"]} part
 * @param {number} number
 * @param {number} count
 * @returns {HeadingStop | null}
 */
function headingNear(part, number, count) {
  const near = Math.min(number, count - 1);
  if (near < 0) return null;
  if (part === "row") return { part, row: near };
  return part === "column" ? { part, column: near } : { part, group: near };
}
