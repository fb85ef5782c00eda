"use strict";

/**
 * Return an image in full that fits the frame it is put into. Until it is decoded its placeholder and then its thumbnail
 * stand in the same place, so that nothing jumps.
 *
 * @param {ImageData_} image
 * @param {string} name for those who do not see it
 * @param {(text: string) => void} onMissing told when the file is not there
 * @returns {HTMLElement}
 */
function fullPicture(image, name, onMissing) {
  const full = el("img", { class: "picture-full", alt: name, draggable: "false" });
  const picture = el("div", { class: "picture" }, ...standIns(image), full);
  picture.style.setProperty("--ratio", String(ratioOf(image)));
  const isThere = () => picture.classList.add("is-loaded");
  full.addEventListener("error", () => {
    picture.classList.add("is-missing");
    onMissing("The original is not in this report's folder: it was moved without its images.");
  });
  full.src = fullAddress(image);
  full.decode().then(isThere, () => {
    if (full.naturalWidth > 0) isThere(); // too large to be decoded ahead
  });
  return picture;
}

/**
 * @param {ImageData_} image
 * @returns {HTMLElement[]}
 */
function standIns(image) {
  const addresses = [tinyAddress(image.tiny), image.thumb ? thumbAddress(image) : ""].filter((address) => address !== "");
  return addresses.map((src) => {
    const standIn = el("img", { class: "picture-stand-in", src, alt: "", draggable: "false" });
    standIn.addEventListener("error", () => standIn.remove()); // a thumbnail that is not there is not shown as broken
    return standIn;
  });
}

/**
 * @param {ImageData_} image
 * @returns {number}
 */
function ratioOf({ width, height }) {
  return width > 0 && height > 0 ? width / height : 1;
}

/**
 * @param {HTMLElement} frame
 * @param {ImageData_} image
 * @returns {number} how far the image must be magnified to show a pixel of it on each of the screen
 */
function actualScaleIn(frame, image) {
  const box = frame.getBoundingClientRect();
  return Math.max(image.width / box.width, image.height / box.height) / (window.devicePixelRatio || 1);
}
