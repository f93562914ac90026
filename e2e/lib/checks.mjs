// One line per check, the difference under a failed one, and the count at the end.

const MOST_LOG = 20_000;

export class Checks {
  #passed = 0;
  #failed = 0;
  #shown = 0;

  /** Runs the check; a thrown error fails it, and the run goes on. */
  async that(name, check) {
    try {
      const note = await check();
      this.#passed += 1;
      print(`ok    ${name}${typeof note === 'string' ? ` (${note})` : ''}`);
    } catch (error) {
      this.fail(name, error);
    }
  }

  fail(name, error) {
    this.#failed += 1;
    print(`FAIL  ${name}\n${indent(error?.message ?? String(error))}`);
  }

  /** Prints the server's log if anything has failed since the last call. */
  showOnFailure(log) {
    if (this.#failed > this.#shown) print(`\nThe end of the server's log:\n${indent(log.slice(-MOST_LOG))}`);
    this.#shown = this.#failed;
  }

  /** Prints the closing line and answers the exit code. */
  close() {
    print(`\n${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

/** Not `console.log`: what clients tell the console is kept apart. */
function print(text) {
  process.stdout.write(`${text}\n`);
}

function indent(text) {
  return text.split('\n').map((line) => `      ${line}`).join('\n');
}
