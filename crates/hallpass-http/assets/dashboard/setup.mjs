// @ts-check
// Saves a text of the page as a file. The file is made here: nothing is asked of the server, which has forgotten the text.

for (const button of document.querySelectorAll('button[data-download]')) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener('click', () => {
    const source = document.getElementById(button.dataset.download ?? '');
    if (source instanceof HTMLTextAreaElement) save(source.value, button.dataset.file ?? 'download.txt');
  });
}

/**
 * @param {string} text
 * @param {string} name
 */
function save(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // Not at once: the browser still reads it.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
