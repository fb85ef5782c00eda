"use strict";

/** How long a typist may pause: browsers refuse addresses that change too often. */
const TYPING_MS = 200;

/**
 * The choices above the grid; they show what the fragment says, whoever changed it.
 *
 * @typedef {object} GridToolbar
 * @property {HTMLElement} root
 * @property {() => void} refresh show the view and the report as they are now
 * @property {(shown: number) => void} showCount
 */

/** @returns {GridToolbar} */
function gridToolbar() {
  const roles = ROLES.map(({ role, label }) => followingChoice(label, () => plainOptions(roleOptions()), () => chosenAxes()[role].name, (name) => chooseAxis(role, name)));
  const filters = filterTools();
  const size = sizeChoice();
  const scores = scoreTools();
  const arrangement = el("button", { type: "button", onclick: openArrangementCard });
  const { count, show } = countLine();
  const root = el(
    "div",
    { class: "grid-toolbar" },
    el("div", { class: "toolbar", role: "group", "aria-label": "Axes" }, ...roles.map((each) => each.root), size.root),
    filters.root,
    scores.root,
    el("div", { class: "toolbar grid-tools" }, count, arrangement, pickTools()),
  );
  const refresh = () => {
    for (const each of [...roles, filters, size, scores]) each.refresh();
    const hidden = hiddenValues().length;
    arrangement.hidden = hidden === 0 && movedValues().length === 0;
    arrangement.textContent = hidden > 0 ? `${hidden} hidden` : "Reordered";
  };
  return { root, refresh, showCount: (shown) => show(shown, report.jobs.length, "jobs") };
}

/** The filters and the search. */
function filterTools() {
  const filters = gridFilters.map((filter) => ({
    filter,
    ...followingChoice(
      filter.label,
      () => plainOptions([ALL, ...filter.options().filter((value) => value !== ALL)]),
      () => chosenOf(filter),
      (value) => setView({ [filter.key]: value === ALL ? null : value }),
    ),
  }));
  const search = searchBox();
  const root = el("div", { class: "toolbar", role: "group", "aria-label": "Filters" }, search.root, ...filters.map((each) => each.root));
  const refresh = () => {
    for (const each of [search, ...filters]) each.refresh();
    for (const { filter, root: box } of filters) box.hidden = !(filter.isOffered?.() ?? true);
  };
  return { root, refresh };
}

/** How large cells are. */
function sizeChoice() {
  return followingChoice("Size", () => plainOptions([...CELL_SIDES.keys()]), chosenSize, (value) => setView({ size: value }));
}

/** A line that says how many of all are seen. */
function countLine() {
  const count = el("p", { role: "status", class: "grid-count" });
  /**
   * @param {number} shown
   * @param {number} all
   * @param {string} noun
   */
  const show = (shown, all, noun) => {
    const text = `${shown.toLocaleString("en")} of ${all.toLocaleString("en")} ${noun}`;
    if (count.textContent !== text) count.textContent = text;
  };
  return { count, show };
}

/**
 * Make a choice that follows the view.
 *
 * @param {string} label
 * @param {() => ReadonlyArray<{value: string, text: string}>} optionsNow
 * @param {() => string} chosenNow
 * @param {(value: string) => void} onChoice
 */
function followingChoice(label, optionsNow, chosenNow, onChoice) {
  const root = choice(label, [], "", onChoice);
  const select = /** @type {HTMLSelectElement} */ (root.querySelector("select"));
  let shown = "";
  const refresh = () => {
    const options = optionsNow();
    const now = JSON.stringify(options);
    if (now !== shown) select.replaceChildren(...options.map(({ value, text }) => new Option(text, value)));
    shown = now;
    select.value = chosenNow();
  };
  return { root, refresh };
}

/**
 * @param {readonly string[]} values
 * @returns {Array<{value: string, text: string}>} options that say what they are
 */
function plainOptions(values) {
  return values.map((value) => ({ value, text: beginningOf(value, 60) }));
}

/** @returns {readonly string[]} */
function roleOptions() {
  return [...allAxes().map((axis) => axis.name), NONE];
}

/**
 * Give a role an axis; a role that had it takes the axis that this one had.
 *
 * @param {Role} role
 * @param {string} name
 */
function chooseAxis(role, name) {
  const chosen = chosenAxes();
  /** @type {{[key: string]: string}} */
  const changes = {};
  for (const each of ROLES) changes[each.role] = chosen[each.role].name;
  const other = ROLES.find((each) => each.role !== role && name !== NONE && chosen[each.role].name === name);
  if (other !== undefined) changes[other.role] = chosen[role].name;
  changes[role] = name;
  setView(changes);
}

function searchBox() {
  const box = el("input", { type: "search", placeholder: "id or text" });
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => setView({ q: box.value }), TYPING_MS);
  });
  const root = el("label", { class: "choice" }, el("span", { class: "label" }, "Search prompts"), box);
  const refresh = () => {
    if (document.activeElement !== box || box.value === "") box.value = viewValue("q");
  };
  return { root, refresh };
}
