// Making and finding elements. Text only ever becomes text.

/**
 * @typedef {Node | string | null | undefined | false} Child
 * @typedef {Record<string, string | number | boolean | null | undefined>} Attributes
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes] `true` is an attribute without a value; what is `false` or missing is left out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child) made.append(child);
  return made;
}

/**
 * Foreign text, which must not turn the text around it.
 * @param {string} text
 */
export function foreign(text) {
  return element('bdi', { class: 'wrap' }, text);
}

/** @param {string} text */
export function code(text) {
  return element('code', { class: 'wrap' }, element('bdi', {}, text));
}

/**
 * An element that the page's template has.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function part(id) {
  return byId(id, HTMLElement);
}

/**
 * Shows a text where there is one to show.
 * @param {HTMLElement} where
 * @param {string} text
 */
export function say(where, text) {
  where.textContent = text;
  where.hidden = text === '';
}

/**
 * A button that copies a text, which need not stand anywhere on the page.
 * @param {() => string} text
 * @param {string} [label]
 */
export function copyButton(text, label = 'Copy') {
  const button = element('button', { type: 'button', class: 'copy', 'aria-live': 'polite' }, label);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select the text and copy it';
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
  return button;
}

/**
 * Wraps wide content, so that it scrolls and the page does not.
 * @param {...Child} children
 */
export function scroll(...children) {
  return element('div', { class: 'scroll' }, ...children);
}

/**
 * Runs `act` a moment after the last of many calls.
 * @param {() => void} act
 * @param {number} [pause]
 */
export function later(act, pause = 400) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, pause);
  };
}
