"use strict";

/** @returns {FiguresData | null} */
function figuresData() {
  return /** @type {FiguresData | null | undefined} */ (receivedData.get("figures")) ?? null;
}

const NO_FIGURES = "No job has ended yet: there are no numbers.";
const FIGURES_MISSING = "data/figures.js is missing or damaged: make the report again.";

/** @param {HTMLElement} main */
function drawFigures(main) {
  const data = figuresData();
  const figures = data === null ? [] : [
    scoreFigure(data),
    scorePerDollarFigure(data),
    latencyFigure(data, "model"),
    latencyFigure(data, "stage"),
    outcomeFigure(data, "model"),
    outcomeFigure(data, "stage"),
    outcomeFigure(data, "tag"),
    errorFigure(data),
    costFigure(data, "model"),
    costFigure(data, "stage"),
    rateFigure(data),
    limitFigure(data),
  ].filter((figure) => figure !== null);
  if (figures.length === 0) main.replaceChildren(el("p", { class: "empty" }, receivedData.has("figures") ? NO_FIGURES : FIGURES_MISSING));
  else main.replaceChildren(el("div", { class: "figures" }, ...figures.map(figureOf)));
}

registerPage({ id: "figures", title: "Figures", show: drawFigures });

onReport(() => {
  const main = byId("main");
  if (main.dataset["page"] === "figures") redrawKeepingFocus(main, () => drawFigures(main));
});
