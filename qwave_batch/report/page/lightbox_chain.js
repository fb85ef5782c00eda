"use strict";

/** The side of the squares that a chain's images stand in. */
const LINK_SIDE = 64;

/**
 * Draw the chain of a job in the dialog, as it is now.
 *
 * @param {Job} job
 */
function drawLightboxChain(job) {
  const place = lightboxDialog().querySelector(".lightbox-lineage");
  if (place === null) return;
  redrawKeepingFocus(place, () => place.replaceChildren(...lightboxChain(job)));
}

/**
 * Return the chain of a job as small images from left to right, each of which opens; nothing for a job that stands alone.
 *
 * @param {Job} job
 * @returns {HTMLElement[]}
 */
function lightboxChain(job) {
  const chain = chainThrough(job);
  if (chain.length === 1) return [];
  const links = chain.map((each, at) => el("li", {}, chainLink(each, imageTaken(each, chain[at + 1]) ?? 0, each === job)));
  const compared = chain.filter((each) => each.images.length > 0).length;
  const siblings = siblingsOf(job).filter((each) => each.images.length > 0).length;
  return [
    el(
      "section",
      { class: "lightbox-chain", "aria-label": "Chain" },
      el("ol", { class: "chain-links", tabindex: 0, role: "list", "aria-label": "From left to right" }, ...links),
      el(
        "div",
        { class: "button-row" },
        chainButton("Compare chain", compared > 1, () => compareChain(chain, job)),
        chainButton("Compare siblings", siblings > 1, () => compareSiblings(job)),
      ),
      el("p", { class: "lightbox-keys" }, ...chainKeys().flatMap(([keys, use]) => [el("kbd", {}, keys), ` ${use}  `])),
    ),
  ];
}

/** @returns {Array<[string, string]>} */
function chainKeys() {
  return [["p", "parent"], ["n", "child"], ["s", "sibling"], ["Shift C", "compare chain"], ["Shift S", "compare siblings"]];
}

/**
 * @param {Job} job
 * @param {number} image the one that is shown
 * @param {boolean} isCurrent
 * @returns {HTMLElement}
 */
function chainLink(job, image, isCurrent) {
  const siblings = siblingsOf(job);
  const place = siblings.length > 1 ? `${siblings.indexOf(job) + 1} of ${siblings.length}` : "";
  const picture = job.images[image];
  const room = { width: LINK_SIDE, height: LINK_SIDE };
  return el(
    "button",
    {
      type: "button", class: "chain-link", "aria-current": isCurrent && "true", data: { keepsFocus: `chain-${stageOf(job)}` },
      "aria-label": [stageOf(job), nameOfJob(job), place].filter((part) => part !== "").join(", "),
      title: `${stageOf(job)}: ${modelOf(job)}`, onclick: () => openLink(job, image),
    },
    el(
      "span",
      { class: "chain-picture" },
      picture === undefined ? el("span", { class: "cell-sign" }, STATE_SIGNS.get(job.status) ?? "") : pictureOf(picture, "", room),
    ),
    el("span", { class: "chain-stage user-text" }, stageOf(job)),
    el("span", { class: "chain-place" }, place),
  );
}

/**
 * @param {string} text
 * @param {boolean} isPossible
 * @param {() => void} onPress
 * @returns {HTMLElement}
 */
function chainButton(text, isPossible, onPress) {
  return el("button", { type: "button", disabled: !isPossible, data: { keepsFocus: text }, onclick: onPress }, text);
}

/**
 * @param {Job} job
 * @param {number} image
 */
function openLink(job, image) {
  setView({ job: keyOfJob(job), image: image > 0 ? String(image) : null });
}

/**
 * Take a key that goes along the chain, or that compares along it.
 *
 * @param {KeyboardEvent} event
 * @param {Job} job
 * @returns {boolean} whether it was one
 */
function takeChainKey(event, job) {
  if (job.stage === undefined) return false;
  if (event.shiftKey && event.key === "C") compareChain(chainThrough(job), job);
  else if (event.shiftKey && event.key === "S") compareSiblings(job);
  else if (event.shiftKey || !["p", "n", "s"].includes(event.key)) return false;
  else goAlongChain(event.key, job);
  event.preventDefault();
  return true;
}

/**
 * @param {string} key
 * @param {Job} job
 */
function goAlongChain(key, job) {
  const siblings = siblingsOf(job);
  if (key === "p") {
    const parent = parentOf(job);
    if (parent === undefined) sayInLightbox("This is the first stage of its chain.");
    else openLink(parent, imageTaken(parent, job) ?? 0);
  } else if (key === "n") {
    const child = childrenOf(job)[0];
    if (child === undefined) sayInLightbox("This is the last stage of its chain.");
    else openLink(child, 0);
  } else {
    const next = siblings[(siblings.indexOf(job) + 1) % siblings.length];
    if (next === undefined || next === job) sayInLightbox("Nothing else is made from the same job.");
    else openLink(next, 0);
  }
}
