/* answer-error.js: an answer that is no answer; `status` is 0 where nobody answered. */
export class AnswerError extends Error {
    constructor(message, status) {
        super(message);
        this.status = status;
    }
}
