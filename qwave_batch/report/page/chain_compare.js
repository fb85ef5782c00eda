"use strict";

/**
 * Chains and siblings on the page Compare: what is put there, and how one goes on from there.
 */

/**
 * Compare the images of a chain from left to right; of a long one as many as can be compared, `job` the last if it can be.
 *
 * @param {Chain} chain
 * @param {Job} job
 */
function compareChain(chain, job) {
  const images = imagesOfChain(chain);
  const end = Math.max(MOST_COMPARED, images.findIndex((each) => each.job === job) + 1);
  compareOnly(images.slice(end - MOST_COMPARED, end));
}

/**
 * Compare a job with the others that are made from the same one; of many those around it.
 *
 * @param {Job} job
 */
function compareSiblings(job) {
  compareOnly(imagesAround(siblingsOf(job), job));
}

/**
 * @param {readonly Job[]} jobs
 * @param {Job} job
 * @returns {ComparedImage[]} of those beside it too, as many as can be compared
 */
function imagesAround(jobs, job) {
  const shown = jobs.filter((each) => each.images.length > 0);
  const first = Math.max(0, Math.min(shown.indexOf(job), shown.length - MOST_COMPARED));
  return shown.slice(first, first + MOST_COMPARED).map((each) => ({ job: each, image: 0 }));
}

/**
 * @param {Chain} chain
 * @returns {ComparedImage[]} of each job that has images the one that the next job is made from
 */
function imagesOfChain(chain) {
  return chain.map((job, at) => ({ job, image: imageTaken(job, chain[at + 1]) ?? 0 })).filter(({ job }) => job.images.length > 0);
}

/** @param {readonly ComparedImage[]} images */
function compareOnly(images) {
  if (images.length === 0) {
    announce("There is no image to compare.");
    return;
  }
  setView({ page: "compare", compare: comparedText(images), job: null, image: null });
  byId("main").focus();
}

/**
 * @param {readonly ComparedImage[]} images
 * @returns {string}
 */
function comparedText(images) {
  return images.map(({ job, image }) => comparedKey(job, image)).join(",");
}

/**
 * Return what goes along the chain whose images are compared, and from chain to chain, or from siblings to siblings; empty
 * where they are neither of one chain nor of one parent.
 *
 * @param {readonly ComparedImage[]} compared
 * @returns {HTMLElement[]}
 */
function comparedChainBar(compared) {
  if (stages().length === 0 || compared.length < 2) return [];
  const jobs = compared.map(({ job }) => job);
  const chain = lineageInReport().chains.find((each) => jobs.every((job) => each.includes(job)));
  if (chain !== undefined) return [chainBar(compared, chain)];
  const parents = new Set(jobs.map(parentOf));
  const [parent] = parents;
  return parents.size === 1 && parent !== undefined ? [siblingsBar(compared, parent)] : [];
}

/**
 * @param {readonly ComparedImage[]} compared
 * @param {Chain} chain
 * @returns {HTMLElement}
 */
function chainBar(compared, chain) {
  const now = comparedText(compared);
  const known = stageChoices(chain);
  const options = known.some(({ value }) => value === now) ? known : [{ value: now, text: "as chosen" }, ...known];
  const stageChoice = choice("Stages", options, now, (value) => setView({ compare: value }));
  stageChoice.querySelector("select")?.setAttribute("data-keeps-focus", "stages");
  const chains = chainsInView();
  const branch = compared.map(({ job }) => job).findLast((job) => siblingsOf(job).length > 1);
  return el(
    "div",
    { class: "toolbar compared-chain", role: "region", "aria-label": "Chain" }, // the groups are the images
    stageChoice,
    ...stepButtons("chain", chains.map((each) => sameStages(compared, each)), chains.indexOf(chain), now),
    branch !== undefined &&
      el("button", { type: "button", data: { keepsFocus: "siblings" }, onclick: () => compareSiblings(branch) }, `Siblings in ${stageOf(branch)}`),
  );
}

/**
 * @param {readonly ComparedImage[]} compared
 * @param {Job} parent
 * @returns {HTMLElement}
 */
function siblingsBar(compared, parent) {
  const parents = report.jobs.filter((job) => childrenOf(job).filter((child) => child.images.length > 0).length > 1);
  const groups = parents.map((each) => imagesAround(childrenOf(each), /** @type {Job} */ (childrenOf(each)[0])));
  const first = /** @type {Job} */ (compared[0]?.job);
  return el(
    "div",
    { class: "toolbar compared-chain", role: "region", "aria-label": "Siblings" },
    ...stepButtons("siblings", groups, parents.indexOf(parent), comparedText(compared)),
    el("button", { type: "button", data: { keepsFocus: "chain" }, onclick: () => compareChain(chainThrough(first), first) }, "Chain"),
    el("p", { class: "compare-hint user-text" }, `made from ${[stageOf(parent), promptOf(parent).id, modelOf(parent)].join(", ")}`),
  );
}

/**
 * Return buttons to what stands before and after, past what shows the same images, and where one is.
 *
 * @param {string} noun
 * @param {ReadonlyArray<readonly ComparedImage[]>} steps what is compared at each place; nothing for a place to be passed
 * @param {number} at the place of now; -1 for none
 * @param {string} now what is compared
 * @returns {HTMLElement[]}
 */
function stepButtons(noun, steps, at, now) {
  const texts = steps.map(comparedText);
  /** @param {string} text */
  const isOther = (text) => text !== "" && text !== now;
  const before = at === -1 ? undefined : texts.slice(0, at).findLast(isOther);
  const after = at === -1 ? undefined : texts.slice(at + 1).find(isOther);
  const told = [...new Set(texts.filter((text) => text !== ""))];
  const place = told.indexOf(now);
  return [
    pairButton(`Previous ${noun}`, before === undefined, () => setView({ compare: before ?? null })),
    pairButton(`Next ${noun}`, after === undefined, () => setView({ compare: after ?? null })),
    el("p", { class: "compare-hint" }, place === -1 ? "" : `${place + 1} of ${told.length.toLocaleString("en")}`),
  ];
}

/**
 * @param {Chain} chain
 * @returns {Array<{value: string, text: string}>} all of its stages, each with the next one, and the first with the last
 */
function stageChoices(chain) {
  const images = imagesOfChain(chain);
  /** @param {readonly ComparedImage[]} some */
  const option = (some) => ({ value: comparedText(some), text: some.map(({ job }) => stageOf(job)).join(" → ") });
  const pairs = images.slice(1).map((image, at) => option([...images.slice(at, at + 1), image]));
  if (images.length < 3) return pairs;
  return [option(images.slice(-MOST_COMPARED)), ...pairs, option([...images.slice(0, 1), ...images.slice(-1)])];
}

/** @returns {readonly Chain[]} those that the filters of the page Chains let through */
function chainsInView() {
  const isVisible = visibleInView();
  return lineageInReport().chains.filter((chain) => chain.some((job) => job.places.some((place) => isVisible(job, place))));
}

/**
 * @param {readonly ComparedImage[]} compared
 * @param {Chain} chain
 * @returns {ComparedImage[]} the images of a chain in the same stages; empty where it has less than two
 */
function sameStages(compared, chain) {
  const wanted = new Set(compared.map(({ job }) => job.stage));
  const images = imagesOfChain(chain).filter(({ job }) => wanted.has(job.stage));
  return images.length > 1 ? images : [];
}
