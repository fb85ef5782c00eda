"use strict";

/**
 * Which chain stands in which row of the page Chains: the rules that `qwave_batch/report/chain_rows.py` follows as well. Pure.
 *
 * A chain leads from a job that is made from no other one to a job that no other one is made from. Each has a row; a job
 * with several children stands in the row of each. Columns are stages. Rows follow the jobs of the index: a first job, then
 * all chains that begin there, by the order of children. Of several parents the first counts. A chain is seen if one of its
 * jobs has a place that the filters let through, and an order by a score sorts by all jobs of a row.
 *
 * @typedef {readonly [Job, ...Job[]]} Chain jobs from left to right
 *
 * @typedef {object} Lineage
 * @property {ReadonlyMap<Job, readonly Job[]>} children by parent
 * @property {readonly Chain[]} chains row by row
 */

/**
 * @param {readonly Job[]} jobs of a report
 * @returns {Lineage}
 */
function lineageOf(jobs) {
  /** @type {Map<Job, Job[]>} */
  const children = new Map();
  for (const job of jobs) {
    const parent = job.stage === undefined ? undefined : jobs[job.parents?.[0]?.[0] ?? -1];
    if (parent === undefined) continue;
    const beside = children.get(parent);
    if (beside === undefined) children.set(parent, [job]);
    else beside.push(job);
  }
  /** @type {Chain[]} */
  const chains = [];
  /** @type {Set<Job>} */
  const seen = new Set();
  const staged = jobs.filter((job) => job.stage !== undefined);
  // a damaged folder may have links that lead round in a circle: then any of its jobs is the first
  for (const first of [...staged.filter((job) => job.parents === undefined), ...staged]) {
    if (!seen.has(first)) addChainsFrom(first, children, seen, chains);
  }
  return { children, chains };
}

/**
 * @param {Job} first
 * @param {ReadonlyMap<Job, readonly Job[]>} children
 * @param {Set<Job>} seen
 * @param {Chain[]} chains
 */
function addChainsFrom(first, children, seen, chains) {
  /** @type {Chain[]} */
  const waiting = [[first]];
  seen.add(first);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const further = (children.get(/** @type {Job} */ (path.at(-1))) ?? []).filter((job) => !seen.has(job));
    for (const job of further) seen.add(job);
    for (const job of further.toReversed()) waiting.push([...path, job]);
    if (further.length === 0) chains.push(path);
  }
}

/**
 * Return the grid of chains. A row is named by the position of its last job, a column by the number of its stage.
 *
 * @param {readonly Chain[]} chains
 * @param {(job: Job, place: PlaceData) => boolean} isVisible
 * @param {JobOrder | null} [order] null for that of the index
 * @returns {Pivot}
 */
function chainPivotOf(chains, isVisible, order = null) {
  const seen = chains.filter((chain) => chain.some((job) => job.places.some((place) => isVisible(job, place))));
  const rows = order === null ? seen : chainsInOrder(seen, order);
  const jobs = new Set(rows.flat());
  const stageNumbers = ascending(new Set([...jobs].map((job) => job.stage ?? 0)));
  const columnNumbers = new Map(stageNumbers.map((stage, column) => [stage, column]));
  return {
    rows: rows.map((chain) => ({ outer: 0, inner: lastOf(chain).index })),
    columns: stageNumbers.map((stage) => ({ outer: 0, inner: stage })),
    cells: rows.map((chain, row) => cellsOfChain(chain, columnNumbers, new Set(rows[row - 1]))),
    jobs: jobs.size,
  };
}

/**
 * @param {readonly Chain[]} chains
 * @param {JobOrder} order
 * @returns {Chain[]}
 */
function chainsInOrder(chains, order) {
  const keys = new Map(chains.map((chain) => [chain, order(chain.toSorted((one, other) => one.index - other.index))]));
  return chains.toSorted((one, other) => compareKeys(keys.get(one) ?? null, keys.get(other) ?? null));
}

/**
 * @param {Chain} chain
 * @param {ReadonlyMap<number, number>} columnNumbers
 * @param {ReadonlySet<Job>} above the jobs of the row above
 * @returns {PivotCell[]}
 */
function cellsOfChain(chain, columnNumbers, above) {
  /** @type {Map<number, Entry[]>} */
  const cells = new Map();
  for (const [at, job] of chain.entries()) {
    const column = columnNumbers.get(job.stage ?? 0) ?? 0;
    const image = imageTaken(job, chain[at + 1]);
    /** @type {Entry} */
    const entry = { job, place: /** @type {PlaceData} */ (job.places[0]), isRepeated: above.has(job) };
    cells.set(column, [...(cells.get(column) ?? []), image === undefined ? entry : { ...entry, image }]);
  }
  return ascending(cells.keys()).map((column) => ({ column, entries: cells.get(column) ?? [] }));
}

/**
 * @param {Job} job
 * @param {Job | undefined} child
 * @returns {number | undefined} which image of a job its child is made from, if the child says so and the job has it
 */
function imageTaken(job, child) {
  const taken = child?.parents?.find(([parent]) => parent === job.index)?.[1] ?? undefined;
  return taken !== undefined && job.images[taken] !== undefined ? taken : undefined;
}

/**
 * @param {Chain} chain
 * @returns {Job}
 */
function lastOf(chain) {
  return /** @type {Job} */ (chain.at(-1));
}

/** The lineage of a report. @type {{of: ShownReport, lineage: Lineage} | null} */
let knownLineage = null;

/** @returns {Lineage} that of the report that is shown */
function lineageInReport() {
  if (knownLineage?.of !== report) knownLineage = { of: report, lineage: lineageOf(report.jobs) };
  return knownLineage.lineage;
}

/**
 * @param {Job} job
 * @returns {Job | undefined} the first of those that it is made from
 */
function parentOf(job) {
  return report.jobs[job.parents?.[0]?.[0] ?? -1];
}

/**
 * @param {Job} job
 * @returns {readonly Job[]}
 */
function childrenOf(job) {
  return lineageInReport().children.get(job) ?? [];
}

/**
 * @param {Job} job
 * @returns {readonly Job[]} the children of its parent, itself among them; a job without a parent has none beside it
 */
function siblingsOf(job) {
  const parent = parentOf(job);
  return parent === undefined ? [job] : childrenOf(parent);
}

/**
 * Return the first of the chains that a job stands in: where it has several children, the first one's.
 *
 * @param {Job} job
 * @returns {Chain} of a job without a stage the job alone
 */
function chainThrough(job) {
  return lineageInReport().chains.find((chain) => chain.includes(job)) ?? [job];
}
