"use strict";

/**
 * How two images stand: beside each other, over each other with a divider, or over each other one at a time.
 *
 * @type {"side" | "divider" | "flicker"}
 */
let compareMode = "side";

/** How much of the width the first image has under the divider, in percent. */
let dividerPercent = 50;

/** @type {ReturnType<typeof setInterval> | undefined} */
let flickerTimer;

const FLICKER_MS = 700; // three flashes a second can harm

/**
 * @param {readonly ComparedImage[]} compared
 * @returns {HTMLElement}
 */
function compareStage(compared) {
  const cells = compared.map((each, index) => compareCell(each, index));
  const stage = el("div", { class: "compare-stage", data: { mode: "side", count: String(cells.length) } }, ...cells);
  if (cells.length === 2) {
    stage.append(dividerLine());
    showMode(stage, compareMode === "flicker" ? "divider" : compareMode);
  }
  return stage;
}

/**
 * @param {ComparedImage} compared
 * @param {number} index
 * @returns {HTMLElement}
 */
function compareCell({ job, image }, index) {
  const said = el("p", { class: "compare-missing" });
  const frame = el("div", { class: "zoom-frame" });
  const picture = job.images[image];
  if (picture === undefined) {
    frame.append(el("div", { class: "no-picture", data: { status: job.status } }, el("strong", {}, job.status), userText(reasonOf(job))));
  } else {
    const content = el("div", { class: "zoom-content" }, fullPicture(picture, nameOfImage(job, image), (text) => {
      said.textContent = text;
    }));
    frame.append(content);
    attachZoom(frame, content, compareZoom, () => actualScaleIn(frame, picture));
  }
  const caption = el("div", { class: "compare-caption" }, captionText(job), pickPlace(job, image), captionButtons(job, image, index));
  return el("div", { class: "compare-cell", role: "group", "aria-label": comparedName(job, image) }, caption, said, frame);
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {string} the name of an image that tells it from the others, also where they differ in an axis only
 */
function comparedName(job, image) {
  const stage = stageOf(job);
  return [...(stage === "" ? [] : [stage]), nameOfImage(job, image), ...axisTextsOf(job), ...folderTextOf(job)].join(", ");
}

/**
 * @param {Job} job
 * @returns {string[]} the label of its folder, where there are several
 */
function folderTextOf(job) {
  return report.data.folders.length > 1 ? [report.data.folders[job.folder]?.label ?? ""] : [];
}

/**
 * @param {Job} job
 * @returns {string[]} its values of the spec's axes; those of earlier stages with the name of the axis
 */
function axisTextsOf(job) {
  return report.data.axes.flatMap(({ name, values }, number) => {
    const value = values[job.places[0]?.axes[number] ?? NO_VALUE];
    if (value === undefined) return [];
    return stages().some((stage) => name.startsWith(`${stage}.`)) ? `${name} ${value}` : value;
  });
}

/**
 * @param {Job} job
 * @returns {HTMLElement}
 */
function captionText(job) {
  return el(
    "div",
    { class: "caption-text" },
    el("strong", { class: "user-text" }, [stageOf(job), promptOf(job).id].filter((part) => part !== "").join(": ")),
    el("span", { class: "user-text" }, [modelOf(job), ...axisTextsOf(job), ...folderTextOf(job)].join(" · ")),
  );
}

/**
 * @param {Job} job
 * @param {number} image
 * @returns {HTMLElement} where the image's pick stands
 */
function pickPlace(job, image) {
  const place = el("span", { class: "compare-pick", data: { job: keyOfJob(job), image: String(image) } });
  const pick = pickOf(job, image);
  if (pick !== null && pickWords(pick) !== "") place.append(pickMark(pick, ""));
  return place;
}

/** Draw the picks anew and nothing else. */
function drawComparePicks() {
  for (const { job, image } of comparePart === null ? [] : comparedImages()) {
    const key = CSS.escape(keyOfJob(job));
    comparePart?.querySelector(`.compare-pick[data-job="${key}"][data-image="${image}"]`)?.replaceWith(pickPlace(job, image));
  }
}

/**
 * @param {Job} job
 * @param {number} image
 * @param {number} index
 * @returns {HTMLElement}
 */
function captionButtons(job, image, index) {
  const name = nameOfImage(job, image);
  return el(
    "div",
    { class: "button-row" },
    el(
      "button",
      {
        type: "button", class: "plain", "aria-label": `Open ${name}`, data: { keepsFocus: `open-${index}` },
        onclick: () => openLightbox(job, image, comparedImages().map((each) => each.job)),
      },
      "Open",
    ),
    el(
      "button",
      {
        type: "button", class: "plain", "aria-label": `Remove ${name}`, data: { keepsFocus: `remove-${index}` },
        onclick: () => toggleCompared(job, image),
      },
      "Remove",
    ),
  );
}

/** @returns {HTMLElement} */
function overlayTools() {
  const slider = el("input", {
    type: "range", id: "divider", min: 0, max: 100, value: dividerPercent, data: { keepsFocus: "divider" },
    oninput: () => moveDivider(Number(slider.value)),
  });
  return el(
    "div",
    { class: "overlay-tools" },
    el(
      "button",
      { type: "button", class: "side-by-side", "aria-pressed": String(compareMode === "side"), data: { keepsFocus: "side" }, onclick: () => changeMode("side") },
      "Side by side",
    ),
    el("label", { class: "divider-choice" }, el("span", { class: "label" }, "Divider"), slider),
    el(
      "button",
      { type: "button", class: "flicker", "aria-pressed": "false", data: { keepsFocus: "flicker" }, onclick: pressFlicker },
      "Flicker",
    ),
  );
}

/** @returns {HTMLElement | null} */
function shownStage() {
  return comparePart?.querySelector(".compare-stage") ?? null;
}

/** @param {number} percent */
function moveDivider(percent) {
  dividerPercent = Math.min(100, Math.max(0, percent));
  const slider = document.getElementById("divider");
  if (slider instanceof HTMLInputElement) slider.value = String(dividerPercent);
  changeMode("divider");
}

/** @param {"side" | "divider" | "flicker"} mode */
function changeMode(mode) {
  stopFlicker();
  const stage = shownStage();
  if (stage !== null) showMode(stage, mode);
}

/**
 * @param {HTMLElement} stage
 * @param {"side" | "divider" | "flicker"} mode
 */
function showMode(stage, mode) {
  compareMode = mode;
  stage.dataset["mode"] = mode;
  stage.style.setProperty("--divider", `${dividerPercent}%`);
  comparePart?.querySelector(".side-by-side")?.setAttribute("aria-pressed", String(mode === "side"));
}

/** @returns {HTMLElement} the line on the images, to be dragged; the slider is for those who do not see it */
function dividerLine() {
  const line = el("div", { class: "divider-line", "aria-hidden": "true" }, el("span", { class: "divider-grip" }));
  line.addEventListener("pointerdown", (event) => line.setPointerCapture(event.pointerId));
  line.addEventListener("pointermove", (event) => {
    if (!line.hasPointerCapture(event.pointerId)) return;
    const box = /** @type {HTMLElement} */ (line.parentElement).getBoundingClientRect();
    moveDivider(Math.round(((event.clientX - box.left) / box.width) * 100));
  });
  return line;
}

/** Show the one image and then the other, by themselves; where motion is not wanted, with each press. */
function pressFlicker() {
  const stage = shownStage();
  if (stage === null) return;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    flick(stage);
    return;
  }
  if (flickerTimer !== undefined) {
    changeMode("side");
    return;
  }
  flick(stage);
  flickerTimer = setInterval(() => flick(stage), FLICKER_MS);
  comparePart?.querySelector(".flicker")?.setAttribute("aria-pressed", "true");
}

/** @param {HTMLElement} stage */
function flick(stage) {
  const isFirst = stage.dataset["mode"] === "flicker" && stage.dataset["shown"] === "0";
  stage.dataset["shown"] = isFirst ? "1" : "0";
  showMode(stage, "flicker");
}

function stopFlicker() {
  clearInterval(flickerTimer);
  flickerTimer = undefined;
  comparePart?.querySelector(".flicker")?.setAttribute("aria-pressed", "false");
}
