"use strict";

/**
 * Which jobs stand in which row and column: the rules that `qwave_batch/report/pivot.py` follows as well. Pure.
 *
 * A filter selects places, and a job has several where it folded with others. A heading is there if a visible place
 * stands under it; headings are in the order of the index, and those of places without a value come last. An order by a
 * score sorts the rows of each super-row by all their jobs, and the jobs of each cell.
 *
 * @typedef {object} PivotSide what rows or columns go along
 * @property {number} count of values
 * @property {(job: Job, place: PlaceData) => readonly number[]} valuesOf
 * @property {(value: number) => number} rankOf where a value stands among the others; at most `count`
 * @property {(value: number) => boolean} isHidden
 *
 * @typedef {{superrows: PivotSide, rows: PivotSide, supercols: PivotSide, cols: PivotSide}} PivotSides
 *
 * @typedef {object} Heading a row or a column
 * @property {number} outer the value of the super-axis
 * @property {number} inner the value of the axis
 *
 * @typedef {object} Entry
 * @property {Job} job
 * @property {PlaceData} place the first of its places that put it there
 * @property {boolean} [isRepeated] whether it stands in the row above too
 * @property {number} [image] the only one of its images that is shown there; all are without it
 * @typedef {{column: number, entries: Entry[]}} PivotCell
 *
 * @typedef {object} Pivot
 * @property {Heading[]} rows
 * @property {Heading[]} columns
 * @property {PivotCell[][]} cells of each row, in the order of columns; there is none without jobs
 * @property {number} jobs how many are seen, each counted once
 *
 * @typedef {(jobs: readonly Job[]) => number | null} JobOrder what jobs are sorted by, the least first; those that have
 *   nothing to be sorted by come last
 */

/** @type {PivotSide} */
const NO_SIDE = { count: 1, valuesOf: () => [0], rankOf: () => 0, isHidden: () => false };

/**
 * @param {readonly Job[]} jobs
 * @param {PivotSides} sides
 * @param {(job: Job, place: PlaceData) => boolean} isVisible
 * @param {JobOrder | null} [order] null for that of the index
 * @returns {Pivot}
 */
function pivotOf(jobs, sides, isVisible, order = null) {
  const rows = headingCollector(sides.superrows, sides.rows);
  const columns = headingCollector(sides.supercols, sides.cols);
  /** @type {Map<number, Map<number, Entry[]>>} */
  const found = new Map();
  /** @type {Set<number>} */
  const seen = new Set();
  for (const job of jobs) {
    for (const place of job.places) {
      if (!isVisible(job, place)) continue;
      const across = columns.codesOf(job, place);
      for (const row of across.length === 0 ? [] : rows.codesOf(job, place)) {
        for (const column of across) addEntry(found, row, column, { job, place });
        seen.add(job.index);
      }
    }
  }
  /** @type {Set<number>} */
  const columnCodes = new Set();
  for (const cells of found.values()) for (const column of cells.keys()) columnCodes.add(column);
  const rowCodes = order === null ? ascending(found.keys()) : rowsInOrder(found, rows.groupOf, order);
  const inOrder = ascending(columnCodes);
  const columnNumbers = new Map(inOrder.map((code, number) => [code, number]));
  if (order !== null) for (const cells of found.values()) for (const entries of cells.values()) sortEntries(entries, order);
  return {
    rows: rowCodes.map(rows.headingOf),
    columns: inOrder.map(columns.headingOf),
    cells: rowCodes.map((code) => cellsInOrder(found.get(code) ?? new Map(), columnNumbers)),
    jobs: seen.size,
  };
}

/**
 * @param {Map<number, Map<number, Entry[]>>} found
 * @param {number} row
 * @param {number} column
 * @param {Entry} entry
 */
function addEntry(found, row, column, entry) {
  const cells = found.get(row) ?? new Map();
  if (cells.size === 0) found.set(row, cells);
  const entries = cells.get(column);
  if (entries === undefined) cells.set(column, [entry]);
  else if (entries.at(-1)?.job !== entry.job) entries.push(entry); // the places of a job come one after the other
}

/**
 * Give every heading a number by which headings are sorted.
 *
 * @param {PivotSide} outer
 * @param {PivotSide} inner
 */
function headingCollector(outer, inner) {
  /** @type {Map<number, Heading>} */
  const headings = new Map();
  const step = inner.count + 1;
  /**
   * @param {Job} job
   * @param {PlaceData} place
   */
  const codesOf = (job, place) => {
    /** @type {number[]} */
    const codes = [];
    for (const outerValue of outer.valuesOf(job, place)) {
      if (outer.isHidden(outerValue)) continue;
      for (const innerValue of inner.valuesOf(job, place)) {
        if (inner.isHidden(innerValue)) continue;
        const code = outer.rankOf(outerValue) * step + inner.rankOf(innerValue);
        if (!headings.has(code)) headings.set(code, { outer: outerValue, inner: innerValue });
        codes.push(code);
      }
    }
    return codes;
  };
  /** @param {number} code */
  const headingOf = (code) => /** @type {Heading} */ (headings.get(code));
  /** @param {number} code */
  const groupOf = (code) => Math.floor(code / step);
  return { codesOf, headingOf, groupOf };
}

/**
 * @param {ReadonlyMap<number, ReadonlyMap<number, Entry[]>>} found
 * @param {(code: number) => number} groupOf the place of a row's super-row
 * @param {JobOrder} order
 * @returns {number[]} the codes of rows
 */
function rowsInOrder(found, groupOf, order) {
  const keys = new Map([...found].map(([code, cells]) => [code, order(jobsOnce([...cells.values()].flat()))]));
  return ascending(found.keys()).sort((one, other) =>
    groupOf(one) - groupOf(other) || compareKeys(keys.get(one) ?? null, keys.get(other) ?? null));
}

/**
 * @param {readonly Entry[]} entries
 * @returns {Job[]} their jobs, each once, in the order of the index: so that sums over them are the same everywhere
 */
function jobsOnce(entries) {
  return [...new Set(entries.map(({ job }) => job))].sort((one, other) => one.index - other.index);
}

/**
 * @param {Entry[]} entries
 * @param {JobOrder} order
 */
function sortEntries(entries, order) {
  if (entries.length < 2) return;
  const keys = new Map(entries.map(({ job }) => [job, order([job])]));
  entries.sort((one, other) => compareKeys(keys.get(one.job) ?? null, keys.get(other.job) ?? null));
}

/**
 * @param {number | null} one
 * @param {number | null} other
 * @returns {number}
 */
function compareKeys(one, other) {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * @param {ReadonlyMap<number, Entry[]>} cells
 * @param {ReadonlyMap<number, number>} numbers
 * @returns {PivotCell[]}
 */
function cellsInOrder(cells, numbers) {
  return ascending(cells.keys()).map((code) => ({ column: numbers.get(code) ?? 0, entries: cells.get(code) ?? [] }));
}

/**
 * @param {Iterable<number>} numbers
 * @returns {number[]}
 */
function ascending(numbers) {
  return [...numbers].sort((one, other) => one - other);
}
