"use strict";

/**
 * Votes go out as a file and come in as files: nothing else leaves the browser.
 *
 * @param {() => void} onImport called when votes have come in
 * @returns {HTMLElement}
 */
function voteExchange(onImport) {
  const said = el("div", { class: "vote-said", "aria-live": "polite" });
  const file = el("input", { type: "file", accept: ".jsonl,.ndjson,.json,.txt", multiple: true, hidden: true, "aria-label": "File of votes" });
  file.addEventListener("change", async () => {
    const files = [...(file.files ?? [])];
    file.value = ""; // so that the same file can be chosen again
    const texts = await Promise.all(files.map((each) => each.text()));
    said.replaceChildren(...importFiles(files.map((each, at) => ({ name: each.name, text: texts[at] ?? "" }))));
    onImport();
  });
  const exportButton = el("button", { type: "button", onclick: () => said.replaceChildren(...exportVotes()) }, "Export votes");
  const importButton = el("button", { type: "button", onclick: () => file.click() }, "Import votes");
  return el("div", { class: "vote-exchange" }, el("div", { class: "toolbar" }, exportButton, importButton, file), said);
}

/** @returns {HTMLElement[]} what came of it */
function exportVotes() {
  const votes = keptVotes();
  if (votes.length === 0) return [el("p", {}, "There are no votes in this browser yet.")];
  const name = nameOfVoteFile(votes);
  download(name, textOfVotes(votes));
  const ways = report.data.folders.map((folder) => el("code", { class: "command" }, importCommand(folder.label, name)));
  return [el("p", {}, `${countOf(votes.length, "vote")} of ${ratersOf(votes).join(", ")} in ${name}. To add them to the run folder:`), ...ways];
}

/**
 * @param {readonly VoteLine[]} votes
 * @returns {string}
 */
function nameOfVoteFile(votes) {
  const raters = ratersOf(votes);
  const parts = ["votes", report.data.title, raters.length === 1 ? raters[0] : ""];
  const plain = parts.map((part) => (part ?? "").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 40));
  return `${plain.filter((part) => part !== "").join("-")}.jsonl`;
}

/**
 * @param {string} folder
 * @param {string} file
 * @returns {string} what a shell takes for two words
 */
function importCommand(folder, file) {
  return `qwave-batch votes ${[folder, file].map((word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ")}`;
}

/**
 * @param {readonly VoteLine[]} votes
 * @returns {string[]}
 */
function ratersOf(votes) {
  return [...new Set(votes.map((vote) => vote.rater))].sort();
}

/**
 * @param {Array<{name: string, text: string}>} files
 * @returns {HTMLElement[]} what came of each
 */
function importFiles(files) {
  return files.flatMap(({ name, text }) => {
    const result = importVotes(name, text);
    if (result.faults.length > 0) return faultsShown(name, result.faults);
    const parts = [`${name}: ${countOf(result.added, "new vote")}`];
    if (result.replaced > 0) parts.push(`${result.replaced} changed`);
    if (result.known > 0) parts.push(`${result.known} already here`);
    if (result.elsewhere > 0) parts.push(`${result.elsewhere} of another run folder left out`);
    if (result.picks > 0) parts.push(`${countOf(result.picks, "pick")} left out (import them on the page Grid)`);
    return [el("p", { class: "user-text" }, `${parts.join(", ")}.`), result.isKept ? null : notKeptNotice()].filter((each) => each !== null);
  });
}

/**
 * @param {string} name
 * @param {string[]} faults
 * @returns {HTMLElement[]}
 */
function faultsShown(name, faults) {
  const shown = faults.slice(0, MOST_SHOWN_FAULTS).map((fault) => el("li", { class: "user-text" }, fault));
  if (faults.length > shown.length) shown.push(el("li", {}, `and ${faults.length - shown.length} more`));
  return [el("div", { class: "notice bad", role: "alert" }, el("p", { class: "user-text" }, `Nothing was imported from ${name}:`), el("ul", {}, ...shown))];
}

/** @returns {HTMLElement} */
function notKeptNotice() {
  return el("p", { class: "notice warn", role: "alert" }, "This browser keeps nothing: export the votes before you leave the page, or they are lost.");
}
