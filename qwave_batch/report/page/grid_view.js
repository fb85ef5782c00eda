"use strict";

/**
 * What the fragment says of the grid. Axes: `rows`, `cols`, `superrows`, `supercols`. Size of cells: `size`. Values that
 * are hidden: `hide=AXIS:VALUE,...`. Values that were moved: `order=AXIS:VALUE:BEFORE,...`, one move after the other,
 * to the end where BEFORE is missing. Parts are percent-encoded, and `-` is no value. Names that the report does not
 * know are passed over: the address may be older than the report.
 *
 * @typedef {"rows" | "cols" | "superrows" | "supercols"} Role
 * @typedef {{axis: string, value: string | null}} AxisValue a value by its key; null for none
 * @typedef {{[role in Role]: Axis}} ChosenAxes
 * @typedef {AxisValue & {before: string | null | undefined}} Move
 */

const NONE = "none";

/** @type {readonly {role: Role, label: string}[]} */
const ROLES = [
  { role: "rows", label: "Rows" },
  { role: "cols", label: "Columns" },
  { role: "superrows", label: "Super-rows" },
  { role: "supercols", label: "Super-columns" },
];

/** @type {Axis} the axis of a role that goes along none */
const NO_AXIS = { name: NONE, count: 1, valuesOf: () => [0], labelOf: () => "", nameOf: () => "", keyOf: () => "" };

/**
 * Return the axes that the grid goes along, as the fragment says. Where it names only one of rows and columns, the other
 * one is another.
 *
 * @returns {ChosenAxes}
 */
function chosenAxes() {
  /** @param {Role} role */
  const named = (role) => (viewValue(role) === NONE ? NO_AXIS : axisNamed(viewValue(role)));
  const [rows, cols] = [named("rows"), named("cols")];
  const otherwise = defaultAxes(varyingAxes());
  return {
    rows: rows ?? (cols?.name === otherwise.rows.name ? otherwise.cols : otherwise.rows),
    cols: cols ?? (rows?.name === otherwise.cols.name ? otherwise.rows : otherwise.cols),
    superrows: named("superrows") ?? NO_AXIS,
    supercols: named("supercols") ?? NO_AXIS,
  };
}

/**
 * Return prompts down and models across, or stages where there are any, or what varies: the most values down, the fewest
 * across.
 *
 * @param {readonly Axis[]} varying
 * @returns {{rows: Axis, cols: Axis}}
 */
function defaultAxes(varying) {
  /** @param {string} name */
  const named = (name) => varying.find((axis) => axis.name === name);
  const few = varying.filter((axis) => !["prompt", "prompt_id", "tag"].includes(axis.name));
  const cols = named("stage") ?? named("model") ?? few.toSorted((one, other) => one.count - other.count)[0] ?? NO_AXIS;
  const many = varying.filter((axis) => axis.name !== cols.name);
  const most = many.toSorted((one, other) => other.count - one.count)[0] ?? axisNamed("prompt") ?? NO_AXIS;
  return { rows: axisNamed("prompt_id") ?? named("prompt") ?? most, cols };
}

/**
 * @param {Axis} axis
 * @param {readonly AxisValue[]} hidden
 * @param {readonly Move[]} moves
 * @returns {PivotSide}
 */
function sideOf(axis, hidden, moves) {
  if (axis === NO_AXIS) return NO_SIDE;
  const gone = new Set(hidden.filter((each) => each.axis === axis.name).map((each) => each.value));
  const ranks = ranksOf(axis, moves.filter((move) => move.axis === axis.name));
  return {
    count: axis.count,
    valuesOf: axis.valuesOf,
    rankOf: (value) => ranks?.get(value) ?? (value === NO_VALUE ? axis.count : value),
    isHidden: (value) => gone.size > 0 && gone.has(keyOfValue(axis, value)),
  };
}

/**
 * @param {Axis} axis
 * @param {number} value
 * @returns {string | null}
 */
function keyOfValue(axis, value) {
  return value === NO_VALUE ? null : axis.keyOf(value);
}

/**
 * @param {Axis} axis
 * @param {readonly Move[]} moves
 * @returns {ReadonlyMap<number, number> | null} null where nothing was moved
 */
function ranksOf(axis, moves) {
  if (moves.length === 0) return null;
  const values = [...Array.from({ length: axis.count }, (_, value) => value), NO_VALUE];
  const numbers = new Map(values.map((value) => [keyOfValue(axis, value), value]));
  for (const move of moves) {
    const value = numbers.get(move.value);
    const before = move.before === undefined ? undefined : numbers.get(move.before);
    if (value === undefined || (move.before !== undefined && before === undefined) || value === before) continue;
    values.splice(values.indexOf(value), 1);
    values.splice(before === undefined ? values.length : values.indexOf(before), 0, value);
  }
  return new Map(values.map((value, rank) => [value, rank]));
}

/** @returns {AxisValue[]} */
function hiddenValues() {
  return listed("hide").flatMap(([axis, value]) => (axis && value !== undefined ? [{ axis, value }] : []));
}

/** @returns {Move[]} */
function movedValues() {
  return listed("order").flatMap(([axis, value, before]) => (axis && value !== undefined ? [{ axis, value, before }] : []));
}

/** @param {AxisValue} value */
function hideValue(value) {
  setView({ hide: written([...hiddenValues(), value].map((each) => [each.axis, each.value])) });
}

/** @param {AxisValue} value */
function showValue(value) {
  const left = hiddenValues().filter((each) => each.axis !== value.axis || each.value !== value.value);
  setView({ hide: written(left.map((each) => [each.axis, each.value])) });
}

/** @param {Move} move */
function moveValue(move) {
  const moves = movedValues();
  const last = moves.at(-1);
  if (last?.axis === move.axis && last.value === move.value) moves.pop(); // it went through there only
  const parts = [...moves, move].map(({ axis, value, before }) => (before === undefined ? [axis, value] : [axis, value, before]));
  setView({ order: written(parts) });
}

/**
 * @param {string} key
 * @returns {Array<Array<string | null>>}
 */
function listed(key) {
  const text = viewValue(key);
  return text === "" ? [] : text.split(",").map((item) => item.split(":").map(readPart));
}

/**
 * @param {string} part
 * @returns {string | null}
 */
function readPart(part) {
  if (part === "-") return null;
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // an address that was damaged names what nobody knows
  }
}

/**
 * @param {ReadonlyArray<ReadonlyArray<string | null>>} items
 * @returns {string}
 */
function written(items) {
  /** @param {string | null} part */
  const writePart = (part) => (part === null ? "-" : part === "-" ? "%2D" : encodeURIComponent(part));
  return items.map((item) => item.map(writePart).join(":")).join(",");
}
