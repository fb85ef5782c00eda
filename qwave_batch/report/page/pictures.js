"use strict";

/**
 * @param {ImageData_} image
 * @returns {string} the address of its thumbnail, of its original when there is none
 */
function thumbAddress(image) {
  return image.thumb ? `thumbs/${image.hash.slice(0, 2)}/${image.hash}.webp` : fullAddress(image);
}

/**
 * @param {ImageData_} image
 * @returns {string} the address of the original, whose name says nothing of the model
 */
function fullAddress(image) {
  return `full/${image.hash.slice(0, 2)}/${image.hash}`;
}

const TINY_SIDE = 3;
const BMP_HEADER_BYTES = 54;

/**
 * Return a picture of nine pixels that stands in for an image until its thumbnail is there, as a BMP, which needs no
 * compression: a header, then the rows from below, blue before green before red, each filled up to four bytes.
 *
 * @param {string} tiny 27 bytes of RGB, in base64
 * @returns {string} a `data:` address; empty when there is none
 */
function tinyAddress(tiny) {
  if (tiny === "") return "";
  const pixels = atob(tiny);
  const row = Math.ceil((TINY_SIDE * 3) / 4) * 4;
  const bytes = new Uint8Array(BMP_HEADER_BYTES + row * TINY_SIDE);
  const header = new DataView(bytes.buffer);
  header.setUint16(0, 0x424d); // "BM"
  header.setUint32(2, bytes.length, true);
  header.setUint32(10, BMP_HEADER_BYTES, true);
  header.setUint32(14, 40, true);
  header.setInt32(18, TINY_SIDE, true);
  header.setInt32(22, TINY_SIDE, true);
  header.setUint16(26, 1, true);
  header.setUint16(28, 24, true);
  for (let y = 0; y < TINY_SIDE; y += 1) {
    for (let x = 0; x < TINY_SIDE * 3; x += 1) {
      const from = (TINY_SIDE - 1 - y) * TINY_SIDE * 3 + (x - (x % 3)) + 2 - (x % 3);
      bytes[BMP_HEADER_BYTES + y * row + x] = pixels.charCodeAt(from);
    }
  }
  return `data:image/bmp;base64,${btoa(String.fromCharCode(...bytes))}`;
}
