"use strict";

/**
 * A page of the report. `show` fills `main`, which is empty; `hide` lets go of what it holds elsewhere.
 *
 * @typedef {object} Page
 * @property {string} id as in the fragment
 * @property {string} title
 * @property {(main: HTMLElement) => void} show
 * @property {() => void} [hide]
 * @property {() => boolean} [isOffered] whether there is anything to show; without it there is
 */

/** @type {Page[]} */
const registeredPages = [];

/** @type {Page | null} */
let shownPage = null;

/**
 * Add a page; pages stand in the order of `PAGE_ORDER`.
 *
 * @param {Page} page
 */
function registerPage(page) {
  registeredPages.push(page);
  registeredPages.sort((one, other) => PAGE_ORDER.indexOf(one.id) - PAGE_ORDER.indexOf(other.id));
}

const PAGE_ORDER = ["grid", "chains", "compare", "vote", "results", "figures"];

/** @returns {Page[]} the pages that this report has */
function offeredPages() {
  return registeredPages.filter((page) => page.isOffered?.() ?? true);
}

/** Show the page that the view names. */
function showPage() {
  const wanted = offeredPages().find((page) => page.id === viewValue("page")) ?? registeredPages[0];
  if (wanted === undefined || wanted === shownPage) return;
  redrawPage(wanted);
}

/**
 * Draw a page anew, as when its data have changed.
 *
 * @param {Page} page
 */
function redrawPage(page) {
  shownPage?.hide?.();
  shownPage = page;
  const main = byId("main");
  main.replaceChildren();
  main.dataset["page"] = page.id;
  page.show(main);
  drawNavigation();
}

function drawNavigation() {
  const links = offeredPages().map((page) =>
    el(
      "a",
      {
        href: `#page=${page.id}`,
        "aria-current": page === shownPage && "page",
        onclick: (event) => {
          event.preventDefault(); // the other parts of the view stay
          setView({ page: page.id });
        },
      },
      page.title,
    ),
  );
  const had = document.activeElement?.closest("#pages") !== null && document.activeElement !== null;
  byId("pages").replaceChildren(...links);
  if (had) links.find((link) => link.hasAttribute("aria-current"))?.focus();
}

onReport(() => {
  const isOther = shownPage !== null && byId("pages").childElementCount !== offeredPages().length;
  if (isOther) drawNavigation();
});

const THEMES = ["system", "light", "dark"];

/** @returns {string} the theme that was chosen, for all reports */
function storedTheme() {
  try {
    return localStorage.getItem("qwave-report/theme") ?? "system";
  } catch {
    return "system";
  }
}

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset["theme"] = theme;
  byId("theme").title = `now ${theme}`; // its name stays Theme
  try {
    localStorage.setItem("qwave-report/theme", theme);
  } catch {
    // a browser that keeps nothing forgets the theme
  }
}

function nextTheme() {
  const now = THEMES.indexOf(document.documentElement.dataset["theme"] ?? "system");
  setTheme(THEMES[(now + 1) % THEMES.length] ?? "system");
}
