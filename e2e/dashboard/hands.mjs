// Two ways to work a page: with the mouse, and with nothing but the keyboard. Both say what they could not do.

const MOST_TABS = 400;

export class Mouse {
  name = 'mouse';

  constructor(page) {
    this.page = page;
  }

  async press(selector) {
    await this.page.locator(selector).first().click();
  }

  async write(selector, text) {
    const field = this.page.locator(selector).first();
    await field.click();
    await field.fill(text);
  }

  async choose(selector, value) {
    await this.page.locator(selector).first().selectOption(value);
  }

  /** One of a group of radio buttons. */
  async pick(selector) {
    await this.page.locator(selector).first().click();
  }
}

export class Keyboard {
  name = 'keyboard';

  constructor(page) {
    this.page = page;
  }

  async press(selector) {
    await this.reach(selector);
    await this.page.keyboard.press('Enter');
  }

  async write(selector, text) {
    await this.reach(selector);
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.insertText(text);
  }

  async choose(selector, value) {
    await this.reach(selector);
    const label = await this.page.locator(selector).first().locator(`option[value="${value}"]`).textContent();
    await this.page.keyboard.type(label.trim());
  }

  /** A group is one stop of the Tab key; arrows choose in it. */
  async pick(selector) {
    const name = await this.page.locator(selector).first().getAttribute('name');
    const group = this.page.locator(selector).first().locator('xpath=ancestor::fieldset[1]');
    await this.#reach(group.locator(`input[name="${name}"]:checked`), selector);
    for (let steps = 0; steps < 10; steps += 1) {
      if (await this.page.locator(selector).first().isChecked()) return;
      await this.page.keyboard.press('ArrowDown');
    }
    throw new Error(`${selector} is not chosen with the arrow keys`);
  }

  /** Tabs on until the element has the focus, and sees that one sees it. */
  reach(selector) {
    return this.#reach(this.page.locator(selector).first(), selector);
  }

  async #reach(target, selector) {
    await target.waitFor({ state: 'visible' });
    const handle = await target.elementHandle();
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      const there = await handle.evaluate((element) => document.activeElement === element);
      if (there) return this.#seen(handle, selector);
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`${selector} is not reached with the Tab key`);
  }

  async #seen(handle, selector) {
    const outline = await handle.evaluate((element) => {
      const style = getComputedStyle(element);
      return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    });
    if (!outline) throw new Error(`${selector} has the focus, but nothing shows it`);
  }
}
