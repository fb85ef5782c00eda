"use strict";

/**
 * Copy a text. A page from disk may not be let near the clipboard: the text is then shown, chosen, for the keys that copy.
 *
 * @param {string} text
 * @param {HTMLElement} place where the text is shown if it must be
 * @returns {Promise<string>} what came of it
 */
async function copyText(text, place) {
  place.replaceChildren();
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    const box = el("textarea", { class: "copied-text", readonly: true, rows: 8, "aria-label": "Text to copy" });
    box.value = text;
    place.replaceChildren(box);
    box.focus();
    box.select();
    return "This browser does not let the page copy: press Ctrl+C (on a Mac, Command+C).";
  }
}
