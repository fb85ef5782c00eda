"use strict";

/** @type {ReadonlyArray<{winner: Winner, name: string, key: string, sign: string}>} */
const ANSWERS = [
  { winner: "left", name: "Left", key: "ArrowLeft", sign: "←" },
  { winner: "tie", name: "Tie", key: "ArrowDown", sign: "↓" },
  { winner: "both_bad", name: "Both bad", key: "ArrowUp", sign: "↑" },
  { winner: "right", name: "Right", key: "ArrowRight", sign: "→" },
];
const UNDO_KEY = "u";
/** The last moment that has a year of four digits. */
const LAST_MOMENT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Asks a rater one question after the other, and keeps the answers. */
class VoteArena {
  /**
   * @param {string} rater
   * @param {string} axis
   */
  constructor(rater, axis) {
    this.rater = rater;
    this.axis = axis;
    /** @type {VoteQuestion[]} */
    this.questions = [];
    /** @type {Map<string, number>} the number of the question that a key answers */
    this.indexOf = new Map();
    /** @type {Set<number>} questions of which an image can't be shown */
    this.skipped = new Set();
    this.current = -1;
    this.isReady = false;
    /** Grows with each question, so that images that come late are not shown with another one. */
    this.turn = 0;
    /** @type {Map<string, VoteLine>} */
    this.answered = new Map();
    /** When the rater's latest answer was given, by the clock that there was then. */
    this.latest = 0;
    this.readQuestions();
    this.parts = arenaParts((winner) => this.answer(winner), () => this.undo());
    void this.ask(this.nextOpen(0));
  }

  readQuestions() {
    this.questions = questionsOf(voteSession(this.rater, this.axis), this.axis);
    this.indexOf = new Map(this.questions.map((question, at) => [keyOfAnswer(question, this.rater), at]));
    this.answered = this.answersHere();
  }

  /** @returns {Map<string, VoteLine>} the answers to these questions, with those that the run folders hold */
  answersHere() {
    const answered = new Map([...mergedVotes(allVotes())].filter(([key]) => this.indexOf.has(key)));
    for (const { at } of answered.values()) this.latest = Math.max(this.latest, Date.parse(at));
    return answered;
  }

  /** @returns {Date} now, and after all answers so far: of two the later one counts, even where the clock was put back */
  nextMoment() {
    this.latest = Math.min(LAST_MOMENT, Math.max(Date.now(), this.latest + 1));
    return new Date(this.latest);
  }

  /** @returns {VoteLine | undefined} the last answer that this browser keeps: others can't be taken back here */
  lastAnswer() {
    const own = keptVotes().filter((vote) => this.indexOf.has(keyOfVote(vote)));
    return own.reduce((/** @type {VoteLine | undefined} */ last, vote) => (last === undefined || !isLater(last, vote) ? vote : last), undefined);
  }

  /**
   * @param {number} from
   * @returns {number} the next question without an answer; -1 if there is none
   */
  nextOpen(from) {
    for (let step = 0; step < this.questions.length; step += 1) {
      const at = (from + step) % this.questions.length;
      const question = this.questions[at];
      if (question !== undefined && !this.skipped.has(at) && !this.isAnswered(question)) return at;
    }
    return -1;
  }

  /**
   * @param {VoteQuestion} question
   * @returns {boolean}
   */
  isAnswered(question) {
    return this.answered.has(keyOfAnswer(question, this.rater));
  }

  /**
   * @param {number} at the number of a question; -1 if all are answered
   */
  async ask(at) {
    this.current = at;
    this.isReady = false;
    const turn = (this.turn += 1);
    const question = this.questions[at];
    this.showProgress();
    if (question === undefined) {
      showEnd(this.parts, this.questions.length, this.skipped.size);
      return;
    }
    showQuestion(this.parts, question);
    const isShown = await showImages(this.parts, question, () => this.turn === turn);
    if (this.turn !== turn) return;
    if (!isShown) {
      this.skip();
      return;
    }
    this.isReady = true;
    enableAnswers(this.parts, true);
    this.showProgress();
    preloadImages(this.questions[this.nextOpen(at + 1)]);
  }

  /** Leave out the pair that can't be shown. */
  skip() {
    this.skipped.add(this.current);
    this.parts.notice.replaceChildren(el("p", { class: "notice warn" }, "A pair was left out: one of its images can't be shown."));
    void this.ask(this.nextOpen(this.current + 1));
  }

  showProgress() {
    const done = this.answered.size + this.skipped.size;
    const question = this.questions[this.current];
    const place = question === undefined || this.isAnswered(question) ? done : done + 1;
    // it changes when the pair can be answered, so that it never tells of one that nobody sees yet
    if (this.current < 0 || this.isReady) this.parts.status.textContent = `${place} of ${this.questions.length}`;
    this.parts.progress.style.width = `${(100 * done) / Math.max(1, this.questions.length)}%`;
    this.parts.undo.disabled = this.lastAnswer() === undefined;
  }

  /** @param {Winner} winner */
  answer(winner) {
    const question = this.questions[this.current];
    if (!this.isReady || question === undefined) return;
    const vote = answerTo(question, this.rater, this.axis, winner, this.nextMoment());
    this.parts.notice.replaceChildren(...(keepVote(vote) ? [] : [notKeptNotice()]));
    this.answered.set(keyOfVote(vote), vote);
    void this.ask(this.nextOpen(this.current + 1));
  }

  /** Take the last answer back, and ask again. */
  undo() {
    const last = this.lastAnswer();
    if (last === undefined) return;
    dropVote(last);
    this.answered = this.answersHere();
    this.answered.delete(keyOfVote(last)); // a run folder may hold it, too: it is asked all the same
    void this.ask(this.indexOf.get(keyOfVote(last)) ?? this.nextOpen(0));
  }

  /** Go on from the votes that are kept now, after they were changed elsewhere: by an import, or in another tab. */
  refresh() {
    this.answered = this.answersHere();
    const question = this.questions[this.current];
    if (question === undefined || this.isAnswered(question)) void this.ask(this.nextOpen(Math.max(0, this.current)));
    else this.showProgress();
  }

  /** Go on with the images that the report has now, as they come while a run goes on; the pair that is shown stays. */
  renew() {
    const shown = this.questions[this.current];
    this.readQuestions();
    const at = shown === undefined ? -1 : (this.indexOf.get(keyOfAnswer(shown, this.rater)) ?? -1);
    this.skipped.clear();
    if (at < 0) void this.ask(this.nextOpen(0));
    else {
      this.current = at;
      this.showProgress();
    }
  }

  /** @param {KeyboardEvent} event */
  takeKey(event) {
    const pressed = ANSWERS.find(({ key }) => key === event.key);
    if (pressed === undefined && event.key.toLowerCase() !== UNDO_KEY) return;
    event.preventDefault();
    if (event.repeat) return; // a key that is held down is one answer
    if (pressed === undefined) this.undo();
    else this.answer(pressed.winner);
  }
}
