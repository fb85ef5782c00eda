"use strict";

/** How the image in the dialog is magnified; another image begins anew. */
let lightboxZoom = newZoom();

/** @type {HTMLImageElement[]} the images before and after, which the browser loads ahead */
let imagesAhead = [];

/**
 * Fill the dialog.
 *
 * @param {Shown} shown
 */
function drawLightbox(shown) {
  const dialog = lightboxDialog();
  const isKept = redrawKeepingFocus(dialog, () => fillLightbox(dialog, shown));
  if (!isKept && dialog.open) lightboxStage().focus();
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {Shown} shown
 */
function fillLightbox(dialog, shown) {
  const said = el("p", { class: "lightbox-said", role: "status" });
  const details = el("div", { class: "lightbox-details" }, ...indexFacts(shown.job, shown.image));
  dialog.replaceChildren(
    el("div", { class: "lightbox-stage" }, lightboxFrame(shown, said), ...lightboxArrows(), said),
    el(
      "div",
      { class: "lightbox-side", role: "region", "aria-label": "Details", tabindex: 0 },
      lightboxHead(shown),
      el("div", { class: "lightbox-tools" }),
      el("div", { class: "lightbox-lineage" }),
      unkeptNotice(),
      el("div", { class: "lightbox-copied" }),
      details,
      keysHint(),
      el("div", { class: "visually-hidden announcer", "aria-live": "polite" }),
    ),
  );
  drawLightboxTools(shown);
  drawLightboxChain(shown.job);
  loadDetails(shown, details);
  loadAhead(shown);
}

/** @returns {HTMLElement} */
function keysHint() {
  const hints = [
    ["← →", "other images"], ["k", "keep"], ["x", "reject"], ["1 – 5", "rate"], ["+ − 0", "zoom"], ["Shift ← ↑", "move"],
    ["c", "compare"], ["Esc", "close"],
  ];
  return el("p", { class: "lightbox-keys" }, ...hints.flatMap(([keys, use]) => [el("kbd", {}, keys), ` ${use}  `]));
}

/** @returns {HTMLElement} */
function lightboxStage() {
  return /** @type {HTMLElement} */ (lightboxDialog().querySelector(".zoom-frame"));
}

/**
 * @param {Shown} shown
 * @param {HTMLElement} said
 * @returns {HTMLElement}
 */
function lightboxFrame({ job, image }, said) {
  const picture = job.images[image];
  const frame = el("div", { class: "zoom-frame", tabindex: -1, autofocus: true });
  lightboxZoom = newZoom();
  if (picture === undefined) {
    const reason = reasonOf(job);
    frame.append(
      el("div", { class: "no-picture", data: { status: job.status } }, el("strong", {}, job.status), userText(reason)),
    );
    return frame;
  }
  const content = el("div", { class: "zoom-content" }, fullPicture(picture, nameOfImage(job, image), (text) => {
    said.textContent = text;
  }));
  frame.append(content);
  attachZoom(frame, content, lightboxZoom, () => actualScaleIn(frame, picture));
  return frame;
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {string}
 */
function nameOfImage(job, image) {
  return job.images.length > 1 ? `${nameOfJob(job)}, image ${image + 1} of ${job.images.length}` : nameOfJob(job);
}

/** @returns {HTMLElement[]} */
function lightboxArrows() {
  return [
    iconButton("Previous", "‹", () => stepLightbox(-1), "lightbox-arrow is-previous"),
    iconButton("Next", "›", () => stepLightbox(1), "lightbox-arrow is-next"),
  ];
}

/**
 * @param {string} name
 * @param {string} sign
 * @param {() => void} onPress
 * @param {string} [style]
 * @returns {HTMLButtonElement}
 */
function iconButton(name, sign, onPress, style = "") {
  return el(
    "button",
    { type: "button", class: style, "aria-label": name, title: name, onclick: onPress, data: { keepsFocus: name } },
    el("span", { "aria-hidden": "true" }, sign),
  );
}

/**
 * @param {Shown} shown
 * @returns {HTMLElement}
 */
function lightboxHead({ job, image }) {
  const place = lightboxKeys.indexOf(keyOfJob(job)) + 1;
  const ofImages = job.images.length > 1 ? ` · image ${image + 1} of ${job.images.length}` : "";
  return el(
    "header",
    { class: "lightbox-head" },
    el(
      "div",
      { class: "lightbox-title" },
      el("h2", { class: "user-text" }, promptOf(job).id),
      el("p", {}, el("span", { class: "user-text" }, [stageOf(job), modelOf(job)].filter((part) => part !== "").join(" · ")), ` · ${place} of ${lightboxKeys.length}${ofImages}`),
    ),
    iconButton("Close", "✕", closeLightbox, "plain"),
  );
}

/**
 * Draw the buttons for an image, with the state that they have now.
 *
 * @param {Shown} shown
 */
function drawLightboxTools(shown) {
  const tools = lightboxDialog().querySelector(".lightbox-tools");
  if (tools === null) return;
  const { job, image } = shown;
  redrawKeepingFocus(tools, () =>
    tools.replaceChildren(
      ...(job.images.length > 0 ? [pickButtons(job, image), zoomButtons(lightboxZoom)] : []),
      lightboxActions(shown),
    ),
  );
}

/**
 * @param {Zoom} zoom
 * @returns {HTMLElement}
 */
function zoomButtons(zoom) {
  return el(
    "div",
    { class: "button-row" }, // no group: on the page Compare those are the images
    iconButton("Zoom in", "+", () => zoomTo(zoom, zoom.scale * ZOOM_STEP)),
    iconButton("Zoom out", "−", () => zoomTo(zoom, zoom.scale / ZOOM_STEP)),
    el("button", { type: "button", onclick: () => zoomTo(zoom, 1), data: { keepsFocus: "Whole image" } }, "Whole image"),
  );
}

/**
 * @param {Shown} shown
 * @returns {HTMLElement}
 */
function lightboxActions({ job, image }) {
  const row = el("div", { class: "button-row" });
  const copy = el("button", { type: "button", data: { keepsFocus: "copy" } }, "Copy as spec");
  copy.addEventListener("click", () => copySpec(job));
  row.append(copy);
  if (job.images[image] !== undefined) {
    row.append(
      el("a", { class: "button original-link", target: "_blank", rel: "noopener", href: fullAddress(shownImage(job, image)) }, "Original"),
      el(
        "button",
        {
          type: "button", "aria-pressed": String(isCompared(job, image)), data: { keepsFocus: "compare" },
          onclick: () => sayInLightbox(toggledCompared(job, image)),
        },
        "Add to compare",
      ),
    );
    linkOriginal({ job, image });
  }
  return row;
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {ImageData_}
 */
function shownImage(job, image) {
  const found = job.images[image];
  if (found === undefined) throw new Error("the job has no such image");
  return found;
}

/**
 * Let the link lead to the run's own file where the report lies in its folder, which a server does not show.
 *
 * @param {Shown} shown
 */
async function linkOriginal({ job, image }) {
  const detail = await detailsOf(job).catch(() => null);
  const link = lightboxDialog().querySelector(".original-link");
  const original = detail?.images[image]?.original;
  if (location.protocol === "file:" && original !== undefined && link !== null && shownInLightbox?.job === job && shownInLightbox.image === image) {
    link.setAttribute("href", original);
  }
}

/** @param {string} text */
function sayInLightbox(text) {
  const said = lightboxDialog().querySelector(".lightbox-said");
  if (said !== null) said.textContent = text;
}

/** @param {Job} job */
async function copySpec(job) {
  const place = /** @type {HTMLElement} */ (lightboxDialog().querySelector(".lightbox-copied"));
  const detail = await detailsOf(job).catch(() => null);
  if (detail === null) sayInLightbox(DETAILS_MISSING);
  else if (detail.spec === null) sayInLightbox("The folder does not hold enough of this request to write a spec.");
  else sayInLightbox(await copyText(detail.spec, place));
}

const DETAILS_MISSING = "The details of this job are not in the report's folder.";

/**
 * @param {Shown} shown
 * @param {HTMLElement} place
 */
async function loadDetails({ job, image }, place) {
  try {
    const detail = await detailsOf(job);
    place.replaceChildren(...allFacts(job, image, detail));
  } catch {
    place.append(el("p", { class: "lightbox-missing" }, DETAILS_MISSING));
  }
}

/** @param {Shown} shown */
function loadAhead(shown) {
  imagesAhead = [-1, 1].flatMap((step) => {
    const beside = shownBeside(shown, step);
    const image = beside?.job.images[beside.image];
    if (image === undefined) return [];
    const ahead = new Image();
    ahead.src = fullAddress(image);
    return [ahead];
  });
}
