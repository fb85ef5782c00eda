"use strict";

/**
 * How far something is magnified and where it is moved to. Several frames share one to be in step: places are fractions of
 * a frame, from its middle, so that frames of one size show the same part.
 *
 * @typedef {object} Zoom
 * @property {number} scale 1 is the whole image
 * @property {number} x
 * @property {number} y
 * @property {Array<() => void>} listeners
 */

const MOST_ZOOM = 24;
const ZOOM_STEP = 1.4;
const DOUBLE_CLICK_ZOOM = 2.5;

/** @returns {Zoom} */
function newZoom() {
  return { scale: 1, x: 0, y: 0, listeners: [] };
}

/**
 * @param {Zoom} zoom
 * @param {number} scale
 * @param {{x: number, y: number}} [around] the place that stays where it is
 */
function zoomTo(zoom, scale, around = { x: 0, y: 0 }) {
  const next = Math.min(MOST_ZOOM, Math.max(1, scale));
  const ratio = next / zoom.scale;
  moveZoom(zoom, next, around.x - (around.x - zoom.x) * ratio, around.y - (around.y - zoom.y) * ratio);
}

/**
 * @param {Zoom} zoom
 * @param {number} dx
 * @param {number} dy
 */
function panBy(zoom, dx, dy) {
  moveZoom(zoom, zoom.scale, zoom.x + dx, zoom.y + dy);
}

/**
 * Show a part, but never what lies beyond the frame's edge.
 *
 * @param {Zoom} zoom
 * @param {number} scale
 * @param {number} x
 * @param {number} y
 */
function moveZoom(zoom, scale, x, y) {
  const room = (scale - 1) / 2;
  zoom.scale = scale;
  zoom.x = Math.min(room, Math.max(-room, x));
  zoom.y = Math.min(room, Math.max(-room, y));
  for (const listener of zoom.listeners) listener();
}

/**
 * Take a key that zooms, or, with Shift, one that moves the image.
 *
 * @param {KeyboardEvent} event
 * @param {Zoom} zoom
 * @returns {boolean} whether it was one
 */
function takeZoomKey(event, zoom) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const move = event.shiftKey ? ZOOM_MOVES[event.key] : undefined;
  if (event.key === "+" || event.key === "=") zoomTo(zoom, zoom.scale * ZOOM_STEP);
  else if (event.key === "-") zoomTo(zoom, zoom.scale / ZOOM_STEP);
  else if (event.key === "0") zoomTo(zoom, 1);
  else if (move !== undefined) panBy(zoom, move[0], move[1]);
  else return false;
  event.preventDefault();
  return true;
}

/** @type {{[key: string]: [number, number]}} */
const ZOOM_MOVES = { ArrowLeft: [0.15, 0], ArrowRight: [-0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15] };

/**
 * Let wheel, pinch, double click and drag on a frame change a zoom, and show the zoom on what is in the frame.
 *
 * @param {HTMLElement} frame
 * @param {HTMLElement} content
 * @param {Zoom} zoom
 * @param {() => number} actualScale at which a pixel of the image is a pixel of the screen
 */
function attachZoom(frame, content, zoom, actualScale) {
  const draw = () => {
    content.style.transform = `translate(${zoom.x * 100}%, ${zoom.y * 100}%) scale(${zoom.scale})`;
    frame.classList.toggle("is-zoomed", zoom.scale > 1);
  };
  zoom.listeners.push(draw);
  draw();
  frame.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(zoom, zoom.scale * Math.exp(-wheelPixels(event) / 300), placeInFrame(frame, event));
  });
  frame.addEventListener("dblclick", (event) => {
    const actual = actualScale();
    zoomTo(zoom, zoom.scale > 1.01 ? 1 : actual > 1.1 ? actual : DOUBLE_CLICK_ZOOM, placeInFrame(frame, event));
  });
  attachDrag(frame, zoom);
}

/**
 * @param {WheelEvent} event
 * @returns {number} how far it was turned; a pinch on a touchpad comes as a wheel with Ctrl, in smaller steps
 */
function wheelPixels(event) {
  const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 32 : event.deltaY;
  return Math.min(200, Math.max(-200, event.ctrlKey ? pixels * 4 : pixels));
}

/**
 * @param {HTMLElement} frame
 * @param {{clientX: number, clientY: number}} point
 * @returns {{x: number, y: number}}
 */
function placeInFrame(frame, point) {
  const box = frame.getBoundingClientRect();
  return { x: (point.clientX - box.left) / box.width - 0.5, y: (point.clientY - box.top) / box.height - 0.5 };
}

/**
 * Let one pointer move the image, and two magnify it.
 *
 * @param {HTMLElement} frame
 * @param {Zoom} zoom
 */
function attachDrag(frame, zoom) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button, [role=slider]"))) return;
    down.set(event.pointerId, placeInFrame(frame, event));
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    const from = down.get(event.pointerId);
    if (from === undefined) return;
    const to = placeInFrame(frame, event);
    const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    down.set(event.pointerId, to);
    if (other !== undefined) pinch(zoom, from, to, other);
    else panBy(zoom, to.x - from.x, to.y - from.y);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, (event) => down.delete(/** @type {PointerEvent} */ (event).pointerId));
  }
  frame.addEventListener("dragstart", (event) => event.preventDefault()); // an image would be dragged out of the page
}

/**
 * @param {Zoom} zoom
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} to
 * @param {{x: number, y: number}} other the finger that rests
 */
function pinch(zoom, from, to, other) {
  const before = Math.hypot(from.x - other.x, from.y - other.y);
  const after = Math.hypot(to.x - other.x, to.y - other.y);
  if (before > 0.01) zoomTo(zoom, (zoom.scale * after) / before, { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 });
}
