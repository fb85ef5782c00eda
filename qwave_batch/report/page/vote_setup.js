"use strict";

/**
 * What is chosen before a vote: the axis, the rater's name, and how much is asked.
 *
 * @param {string} axis
 * @param {(rater: string) => void} onStart
 * @param {() => void} onOtherRater
 * @returns {HTMLFormElement}
 */
function voteSetup(axis, onStart, onOtherRater) {
  const rater = el("input", {
    type: "text", autocomplete: "off", spellcheck: "false", maxlength: LONGEST_NAME, value: raterInView(), "aria-describedby": "vote-fault",
  });
  const options = voteOptions(axis, raterInView());
  const fault = el("p", { class: "notice bad", role: "alert", id: "vote-fault", hidden: true });
  const takeRater = () => {
    if (rater.value.trim() === options.rater()) return;
    setRaterName(rater.value);
    setView({ rater: raterName() });
    options.show(raterName());
    onOtherRater();
  };
  rater.addEventListener("change", takeRater);
  const start = () => {
    takeRater();
    const missing = options.rater() === "" ? "Give a name first: it keeps your votes apart from those of others." : options.fault();
    fault.hidden = missing === "";
    fault.textContent = missing;
    if (options.rater() === "") rater.focus();
    if (missing !== "") return;
    options.keep();
    onStart(options.rater());
  };
  return el(
    "form",
    {
      class: "vote-setup",
      onsubmit: (event) => {
        event.preventDefault();
        start();
      },
    },
    el(
      "div",
      { class: "toolbar" },
      choice("Axis", votableAxes(report).map((name) => ({ value: name, text: name })), axis, (value) => setView({ axis: value })),
      el("label", { class: "choice" }, el("span", { class: "label" }, "Rater"), rater),
      el("button", { type: "submit", class: "primary" }, "Start"),
    ),
    fault,
    options.element,
  );
}

/** @returns {string} the rater that the address names, else the one who rated here last */
function raterInView() {
  return viewValue("rater").trim() || raterName();
}

/**
 * Return the choices that most raters leave as they are. They show the session of a rater but for what was changed.
 *
 * @param {string} axis
 * @param {string} firstRater
 * @returns {{element: HTMLElement, rater: () => string, show: (rater: string) => void, fault: () => string, keep: () => void}}
 */
function voteOptions(axis, firstRater) {
  let rater = firstRater;
  const boxes = new Map(Object.keys(CRITERIA).map((criterion) => [criterion, el("input", { type: "checkbox" })]));
  const most = pairLimit(axis);
  const seed = el("input", { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 60 });
  /** @type {Set<EventTarget | null>} */
  const changed = new Set();
  const element = optionsShown(boxes, most, seed);
  element.addEventListener("input", (event) => changed.add(event.target));
  /** @param {string} name */
  const show = (name) => {
    rater = name;
    const session = voteSession(rater, axis);
    for (const [criterion, box] of boxes) if (!changed.has(box)) box.checked = session.criteria.includes(criterion);
    if (!changed.has(most)) most.value = String(session.most);
    if (!changed.has(seed)) seed.value = session.seed;
  };
  const chosen = () => [...boxes].filter(([, box]) => box.checked).map(([criterion]) => criterion);
  show(rater);
  return {
    element,
    rater: () => rater,
    show,
    fault: () => (chosen().length === 0 ? "Choose at least one question." : ""),
    keep: () => {
      const session = voteSession(rater, axis);
      const next = { criteria: chosen(), most: Number(most.value), seed: seed.value.trim() || session.seed, isStarted: true };
      keepSession(rater, axis, { ...session, ...next });
    },
  };
}

/**
 * @param {string} axis
 * @returns {HTMLSelectElement} how many pairs are asked at most
 */
function pairLimit(axis) {
  const count = pairsOfReport(axis).length;
  const select = el("select");
  for (const most of MOST_PAIRS_CHOICES.filter((each) => each < count)) select.append(new Option(String(most), String(most)));
  select.append(new Option(`all ${count.toLocaleString("en")}`, "0"));
  return select;
}

/**
 * @param {Map<string, HTMLInputElement>} boxes by criterion
 * @param {HTMLSelectElement} most
 * @param {HTMLInputElement} seed
 * @returns {HTMLElement}
 */
function optionsShown(boxes, most, seed) {
  const questions = [...boxes].map(([criterion, box]) => el("label", { class: "check" }, box, nameOfCriterion(criterion)));
  return el(
    "details",
    { class: "vote-options" },
    el("summary", {}, "Questions, number of pairs, order"),
    el(
      "div",
      { class: "toolbar" },
      el("fieldset", { class: "vote-questions" }, el("legend", {}, "Questions about each pair"), ...questions),
      el("label", { class: "choice" }, el("span", { class: "label" }, "Pairs"), most),
      el("label", { class: "choice" }, el("span", { class: "label" }, "Seed"), seed),
    ),
    el("p", { class: "hint" }, "The seed decides the order of the pairs and their sides: the same one gives the same order everywhere."),
  );
}
