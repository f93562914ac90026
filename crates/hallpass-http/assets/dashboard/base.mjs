// @ts-check
// What every page does beyond its forms: copying, and closing what was opened.

for (const pre of document.querySelectorAll('pre.copyable')) {
  offerCopy(pre, () => pre.textContent ?? '');
}
for (const button of document.querySelectorAll('button[data-copy]')) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const source = document.getElementById(button.dataset.copy ?? '');
  if (source) wire(button, () => ('value' in source ? String(source.value) : source.textContent) ?? '');
}
for (const switcher of document.querySelectorAll('details.switcher')) {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !(switcher instanceof HTMLDetailsElement) || !switcher.open) return;
    switcher.open = false;
    switcher.querySelector('summary')?.focus();
  });
  document.addEventListener('click', (event) => {
    if (event.target instanceof Node && !switcher.contains(event.target)) switcher.removeAttribute('open');
  });
}

/**
 * Puts a button behind something that can be copied.
 * @param {Element} after
 * @param {() => string} text
 */
export function offerCopy(after, text) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  after.after(button);
  wire(button, text);
}

/**
 * @param {HTMLButtonElement} button
 * @param {() => string} text
 */
function wire(button, text) {
  if (!navigator.clipboard) return;
  const label = button.textContent ?? 'Copy';
  button.hidden = false;
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not copied';
    }
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}
