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
 * Return the axes that the grid goes along: what the fragment says, else prompts down and models across, or what varies.
 *
 * @returns {ChosenAxes}
 */
function chosenAxes() {
  const varying = varyingAxes();
  const otherwise = defaultAxes(varying);
  /** @param {Role} role */
  const chosen = (role) => {
    const name = viewValue(role);
    return name === NONE ? NO_AXIS : (axisNamed(name) ?? otherwise[role]);
  };
  return { rows: chosen("rows"), cols: chosen("cols"), superrows: chosen("superrows"), supercols: chosen("supercols") };
}

/**
 * @param {readonly Axis[]} varying
 * @returns {ChosenAxes}
 */
function defaultAxes(varying) {
  const named = new Map(varying.map((axis) => [axis.name, axis]));
  const prompt = named.get("prompt");
  const rest = varying.filter((axis) => axis.name !== "tag" && axis.name !== "prompt");
  const fewest = rest.toSorted((one, other) => one.count - other.count)[0];
  const cols = named.get("model") ?? fewest ?? NO_AXIS;
  const most = rest.filter((axis) => axis !== cols).toSorted((one, other) => other.count - one.count)[0];
  const rows = prompt ?? most ?? /** @type {Axis} */ (axisNamed("prompt"));
  return { rows, cols, superrows: NO_AXIS, supercols: NO_AXIS };
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
