"use strict";

/**
 * Return what rows of the page Chains go along; its values are the positions of the chains' last jobs.
 *
 * @param {readonly Chain[]} chains
 * @returns {Axis}
 */
function chainAxis(chains) {
  const byLast = new Map(chains.map((chain) => [lastOf(chain).index, chain]));
  /** @param {number} value */
  const promptAt = (value) => {
    const chain = byLast.get(value);
    return chain === undefined ? promptNumbered(-1) : promptOf(chain[0]);
  };
  return {
    name: "chain",
    count: report.jobs.length,
    valuesOf: (job) => [job.index],
    labelOf: (value) => promptAt(value).text || promptAt(value).id,
    nameOf: (value) => `${promptAt(value).id}: ${promptAt(value).text}`,
    aboveOf: (value) => chainSubtitle(byLast.get(value)),
    keyOf: (value) => keyOfJob(/** @type {Job} */ (report.jobs[value])),
  };
}

/** @returns {Axis} what columns go along: the stages, each with the one that it is made from */
function chainStageAxis() {
  /** @type {Map<number, Set<string>>} */
  const from = new Map();
  for (const job of report.jobs) {
    const parent = parentOf(job);
    if (parent !== undefined && job.stage !== undefined) from.set(job.stage, (from.get(job.stage) ?? new Set()).add(stageOf(parent)));
  }
  /** @param {number} value */
  const aboveOf = (value) => (from.has(value) ? `from ${[...(from.get(value) ?? [])].join(", ")}` : "");
  return { ...(axisNamed("stage") ?? NO_AXIS), aboveOf };
}

/** @returns {HTMLElement} the button that the heading of a chain has for those who point; for others there is a key */
function compareChainButton() {
  return el("button", { type: "button", class: "compare-chain", tabindex: -1, "aria-label": "Compare chain" }, "Compare");
}

/**
 * @param {Chain | undefined} chain
 * @returns {string}
 */
function chainSubtitle(chain) {
  return chain === undefined ? "" : [promptOf(chain[0]).id, ...folderTextOf(chain[0])].join(" · ");
}

/**
 * @param {GridSurface} surface
 * @param {number} row
 * @returns {Chain | undefined}
 */
function chainOfRow(surface, row) {
  const jobs = (surface.given().layout.pivot.cells[row] ?? []).flatMap(({ entries }) => entries.map(({ job }) => job));
  const last = report.jobs[surface.given().layout.pivot.rows[row]?.inner ?? -1];
  return last === undefined || jobs.length === 0 ? undefined : lineageInReport().chains.find((chain) => lastOf(chain) === last);
}

/**
 * Show the texts of a chain, or the jobs of a stage.
 *
 * @param {GridSurface} surface
 * @param {HeadingStop} stop
 */
function openChainCard(surface, stop) {
  if (stop.part === "row") {
    const chain = chainOfRow(surface, stop.row);
    if (chain !== undefined) showCard(cardOfChain(chain));
  } else if (stop.part === "column") {
    showCard(cardOfStage(surface.given().layout.pivot.columns[stop.column]?.inner ?? -1));
  }
}

/**
 * @param {Chain} chain
 * @returns {HTMLDialogElement}
 */
function cardOfChain(chain) {
  const last = lastOf(chain);
  const texts = chain.flatMap((job) => [
    el("dt", {}, stageOf(job)),
    el("dd", {}, el("div", { class: "user-text" }, promptOf(job).text || "(no text)"), el("div", { class: "card-above" }, nameOfJob(job))),
  ]);
  /**
   * @param {string} text
   * @param {boolean} isPossible
   * @param {() => void} act
   */
  const action = (text, isPossible, act) =>
    el("button", { type: "button", disabled: !isPossible, onclick: () => { card.close(); act(); } }, text);
  const card = el(
    "dialog",
    { class: "card", "aria-label": "chain" },
    el("p", { class: "card-above user-text" }, chainSubtitle(chain)),
    el("dl", { class: "card-text facts", tabindex: 0, role: "group", "aria-label": "Whole texts" }, ...texts),
    el(
      "div",
      { class: "card-actions" },
      action("Compare chain", chain.filter((job) => job.images.length > 0).length > 1, () => compareChain(chain, last)),
      action("Compare siblings", siblingsOf(last).length > 1, () => compareSiblings(last)),
      el("button", { type: "button", class: "primary", onclick: () => card.close() }, "Close"),
    ),
  );
  return card;
}

/**
 * @param {number} stage
 * @returns {HTMLDialogElement}
 */
function cardOfStage(stage) {
  const jobs = report.jobs.filter((job) => job.stage === stage);
  const counts = STATUSES.map((status) => ({ status, count: jobs.filter((job) => job.status === status).length }));
  const above = chainStageAxis().aboveOf?.(stage) ?? "";
  const card = el(
    "dialog",
    { class: "card", "aria-label": "stage" },
    el("p", { class: "card-text" }, el("strong", {}, stages()[stage] ?? ""), above !== "" && ` ${above}`),
    el("p", {}, [countOf(jobs.length, "job"), ...counts.filter(({ count }) => count > 0).map(({ status, count }) => `${count.toLocaleString("en")} ${status}`)].join(" · ")),
    el("p", {}, `Cost ${costText(jobs.reduce((total, job) => total + job.cost, 0))}`),
    el("div", { class: "card-actions" }, el("button", { type: "button", class: "primary", onclick: () => card.close() }, "Close")),
  );
  return card;
}
