// A field for JSON that says where the fault is and never changes what was typed.

import { element } from './element.mjs';
import { Misread, findPlace, lineAndColumn, readJson } from './json-text.mjs';

/** A textarea and the place for what is wrong with its text. */
export class ClaimField {
  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} fault
   */
  constructor(field, fault) {
    this.field = field;
    this.fault = fault;
  }

  get text() {
    return this.field.value;
  }

  clear() {
    this.field.removeAttribute('aria-invalid');
    this.fault.replaceChildren();
    this.fault.hidden = true;
  }

  /** Whether the text is JSON. If not, the field says where it stops being so. */
  check() {
    try {
      readJson(this.text);
      this.clear();
      return true;
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      if (isJson(this.text)) return true;
      this.complain(error.message, { start: error.at, end: error.at + 1 });
      return false;
    }
  }

  /**
   * Shows what the server says about a claim, at the place that it points to.
   * @param {import('./explain.mjs').Problem} problem
   */
  refuse(problem) {
    const pointer = typeof problem.meta.pointer === 'string' ? problem.meta.pointer : null;
    let place = null;
    try {
      if (pointer !== null && problem.code === 'permission_claim_malformed') place = findPlace(readJson(this.text), pointer);
    } catch {
      // The text changed meanwhile, or is a token.
    }
    this.complain(problem.detail, place);
  }

  /**
   * @param {string} message
   * @param {{ start: number, end: number } | null} place
   */
  complain(message, place) {
    this.field.setAttribute('aria-invalid', 'true');
    this.fault.hidden = false;
    if (!place) {
      this.fault.replaceChildren(element('bdi', {}, message));
      return;
    }
    const { line, column } = lineAndColumn(this.text, place.start);
    const show = element('button', { type: 'button', class: 'second' }, 'Show the place');
    show.addEventListener('click', () => {
      this.field.focus();
      this.field.setSelectionRange(place.start, place.end);
    });
    this.fault.replaceChildren(`Line ${line}, column ${column}: `, element('bdi', {}, message), ' ', show);
  }
}

/**
 * Deeper or longer than our own reader follows it may still be JSON, and then the server says what is wrong.
 * @param {string} text
 */
function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
