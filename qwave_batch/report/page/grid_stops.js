"use strict";

/**
 * The names of what can have the focus, by which it is found again when rows and columns have changed.
 *
 * @typedef {object} StopKeys
 * @property {readonly string[]} rows
 * @property {readonly string[]} columns
 * @property {ReadonlyMap<string, number>} rowNumbers
 * @property {ReadonlyMap<string, number>} columnNumbers
 * @property {readonly [string, string]} axes names of the super-axes
 */

/**
 * @param {GridLayout} layout
 * @param {ChosenAxes} axes
 * @returns {StopKeys}
 */
function keysOfStops(layout, axes) {
  const rows = layout.pivot.rows.map((heading) => keyOfHeading(axes.superrows, axes.rows, heading));
  const columns = layout.pivot.columns.map((heading) => keyOfHeading(axes.supercols, axes.cols, heading));
  return stopKeys(rows, columns, [axes.superrows.name, axes.supercols.name]);
}

/**
 * @param {readonly string[]} rows
 * @param {readonly string[]} columns
 * @param {readonly string[]} axes
 * @returns {StopKeys}
 */
function stopKeys(rows, columns, axes) {
  return {
    rows,
    columns,
    rowNumbers: new Map(rows.map((key, number) => [key, number])),
    columnNumbers: new Map(columns.map((key, number) => [key, number])),
    axes: [axes[0] ?? NONE, axes[1] ?? NONE],
  };
}

/**
 * @param {Axis} outer
 * @param {Axis} inner
 * @param {Heading} heading
 * @returns {string}
 */
function keyOfHeading(outer, inner, heading) {
  return JSON.stringify([outer.name, keyOfValue(outer, heading.outer), inner.name, keyOfValue(inner, heading.inner)]);
}

/**
 * @param {GridLayout} layout
 * @param {StopKeys} keys
 * @param {GridStop} stop
 * @returns {string}
 */
function keyOfStop(layout, keys, stop) {
  switch (stop.part) {
    case "cell": {
      const entry = entriesAt(layout, stop.row, stop.column)[stop.at];
      return keyOfCell(keys, stop.row, stop.column, entry);
    }
    case "row":
      return `row\n${keys.rows[stop.row]}`;
    case "column":
      return `column\n${keys.columns[stop.column]}`;
    case "superrow":
      return `superrow\n${keys.rows[layout.rowGroups[stop.group]?.first ?? 0]}`;
    case "supercolumn":
      return `supercolumn\n${keys.columns[layout.columnGroups[stop.group]?.first ?? 0]}`;
  }
}

/**
 * @param {StopKeys} keys
 * @param {number} row
 * @param {number} column
 * @param {Entry | undefined} entry
 * @returns {string}
 */
function keyOfCell(keys, row, column, entry) {
  return `cell\n${keys.rows[row]}\n${keys.columns[column]}\n${entry === undefined ? "" : keyOfJob(entry.job)}`;
}

/**
 * @param {GridLayout} layout
 * @param {StopKeys} keys
 * @param {string} key
 * @returns {GridStop | null} null if it is there no more
 */
function stopWithKey(layout, keys, key) {
  const [part, first = "", second = "", job = ""] = key.split("\n"); // JSON has no line ends
  const row = keys.rowNumbers.get(first);
  const column = keys.columnNumbers.get(part === "cell" ? second : first);
  if (part === "cell" && row !== undefined && column !== undefined) {
    const at = entriesAt(layout, row, column).findIndex((entry) => keyOfJob(entry.job) === job);
    return at === -1 ? null : { part, row, column, at };
  }
  if (part === "row" && row !== undefined) return { part, row };
  if (part === "column" && column !== undefined) return { part, column };
  if (part === "superrow" && row !== undefined && layout.bandHeight > 0) {
    return { part, group: groupHolding(layout.rowGroups, row) };
  }
  if (part === "supercolumn" && column !== undefined) return { part, group: groupHolding(layout.columnGroups, column) };
  return null;
}

/**
 * @param {readonly HeadingGroup[]} groups
 * @param {number} number of a row or column
 * @returns {number} the number of its group
 */
function groupHolding(groups, number) {
  return groups.findIndex((group) => group.first <= number && number <= group.last);
}

/**
 * Return where a cell or heading stands; a heading is in sight with the part of the grid that it is the heading of.
 *
 * @param {GridLayout} layout
 * @param {GridStop} stop
 * @returns {{left: number, top: number, right: number, bottom: number}} NaN along the side that does not matter
 */
function boxOfStop(layout, stop) {
  const { rowStarts, columnStarts, rowGroups, columnGroups, bandHeight } = layout;
  const box = { left: NaN, top: NaN, right: NaN, bottom: NaN };
  switch (stop.part) {
    case "cell": {
      const { left, top } = cellPlace(layout, stop.row, stop.column, stop.at);
      return { left: left - CELL_GAP, top: top - CELL_GAP, right: left + layout.stepX, bottom: top + layout.stepY };
    }
    case "row": {
      const top = rowStarts[stop.row] ?? 0;
      return { ...box, top, bottom: top + Math.min(rowHeight(layout, stop.row), layout.stepY) };
    }
    case "superrow": {
      const top = rowStarts[rowGroups[stop.group]?.first ?? 0] ?? 0;
      return { ...box, top: top - bandHeight, bottom: top };
    }
    case "column":
      return { ...box, left: columnStarts[stop.column] ?? 0, right: columnStarts[stop.column + 1] ?? 0 };
    case "supercolumn": {
      const { first = 0, last = 0 } = columnGroups[stop.group] ?? {};
      return { ...box, left: columnStarts[first] ?? 0, right: columnStarts[last + 1] ?? 0 };
    }
  }
}
