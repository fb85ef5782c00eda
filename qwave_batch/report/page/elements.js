"use strict";

/**
 * @typedef {string | number | Node | null | undefined | false} Child
 * @typedef {{[name: string]: string | number | boolean | null | undefined | EventListener
 *   | {[name: string]: string}}} Properties
 */

/**
 * Make an element. Texts become text, never markup.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties] attributes; `onclick` and the like are listeners; `data` is an object; `true` is an
 *   attribute without a value; `false`, `null` and `undefined` are none
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) setProperty(element, name, value);
  element.append(...childNodes(children));
  return element;
}

/**
 * Make an element of SVG; like `el`.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) setProperty(element, name, value);
  element.append(...childNodes(children));
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {Properties[string]} value
 */
function setProperty(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (typeof value === "object") Object.assign(/** @type {HTMLElement} */ (element).dataset, value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * @param {Child[]} children
 * @returns {Array<string | Node>}
 */
function childNodes(children) {
  /** @type {Array<string | Node>} */
  const nodes = [];
  for (const child of children) {
    if (child instanceof Node) nodes.push(child);
    else if (child !== null && child !== undefined && child !== false) nodes.push(String(child));
  }
  return nodes;
}

/**
 * Return the element of the page that has an id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/**
 * Make a labelled choice.
 *
 * @param {string} label its name, seen above it
 * @param {ReadonlyArray<{value: string, text: string}>} options
 * @param {string} chosen the value that is chosen
 * @param {(value: string) => void} onChoice
 */
function choice(label, options, chosen, onChoice) {
  const select = el("select", { onchange: () => onChoice(select.value) });
  for (const { value, text } of options) select.append(new Option(text, value, false, value === chosen));
  return el("label", { class: "choice" }, el("span", { class: "label" }, label), select);
}

/**
 * Say something to those who do not see it.
 *
 * @param {string} text
 */
function announce(text) {
  const inDialog = document.querySelector("dialog[open] .announcer"); // what lies outside a dialog is not read out
  (inDialog ?? byId("announcer")).textContent = text;
}

/**
 * Hand a text to the user as a file.
 *
 * @param {string} name
 * @param {string} text
 */
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
