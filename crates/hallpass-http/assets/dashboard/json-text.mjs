// Reads JSON and keeps where everything stands, so that a fault can be shown at its place. The browser's own parser
// words its faults differently everywhere, and silently keeps the last of two members of the same name.

/**
 * @typedef {{ kind: 'object', start: number, end: number, members: JsonMember[] }} JsonObject
 * @typedef {{ kind: 'array', start: number, end: number, items: JsonNode[] }} JsonArray
 * @typedef {{ kind: 'string', start: number, end: number, value: string }} JsonString
 * @typedef {{ kind: 'other', start: number, end: number, value: number | boolean | null }} JsonOther
 * @typedef {JsonObject | JsonArray | JsonString | JsonOther} JsonNode
 * @typedef {{ name: string, start: number, value: JsonNode }} JsonMember
 */

/** Deeper than any claim can be, and shallow enough for the stack. */
const DEEPEST = 64;

const WORDS = /** @type {const} */ ({ true: true, false: false, null: null });

/** A fault in a text, and where. */
export class Misread extends Error {
  /**
   * @param {string} message
   * @param {number} at
   */
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/**
 * @param {string} text
 * @returns {JsonNode}
 * @throws {Misread}
 */
export function readJson(text) {
  const reader = new Reader(text);
  const node = reader.value(0);
  reader.space();
  if (reader.at < text.length) throw new Misread('The JSON ends before this.', reader.at);
  return node;
}

/**
 * @param {string} text
 * @param {number} at
 */
export function lineAndColumn(text, at) {
  const before = text.slice(0, at).split('\n');
  const last = before[before.length - 1] ?? '';
  return { line: before.length, column: [...last].length + 1 };
}

/**
 * Where an RFC 6901 pointer leads. Of two members with the same name it is the second: that one is the fault.
 * @param {JsonNode} node
 * @param {string} pointer
 * @returns {{ start: number, end: number } | null}
 */
export function findPlace(node, pointer) {
  if (pointer === '') return node;
  let here = node;
  let place = { start: node.start, end: node.end };
  for (const raw of pointer.slice(1).split('/')) {
    const token = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (here.kind === 'object') {
      const member = here.members.findLast((each) => each.name === token);
      if (!member) return null;
      here = member.value;
      place = { start: member.start, end: here.end };
    } else if (here.kind === 'array') {
      const item = here.items[Number(token)];
      if (!item) return null;
      here = item;
      place = item;
    } else {
      return null;
    }
  }
  return place;
}

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  space() {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  /**
   * @param {number} depth
   * @returns {JsonNode}
   */
  value(depth) {
    this.space();
    const start = this.at;
    const first = this.text[start];
    if (first === undefined) throw new Misread(start === 0 ? 'There is nothing here.' : 'The JSON ends too early.', start);
    if (depth > DEEPEST) throw new Misread('This is nested too deeply.', start);
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return { kind: 'string', start, value: this.string(), end: this.at };
    for (const [word, value] of Object.entries(WORDS)) {
      if (this.text.startsWith(word, start)) {
        this.at += word.length;
        return { kind: 'other', start, end: this.at, value };
      }
    }
    const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(this.text.slice(start, start + 400));
    if (!number) throw new Misread('Here a value is expected: {, [, ", a number, true, false or null.', start);
    this.at += number[0].length;
    return { kind: 'other', start, end: this.at, value: Number(number[0]) };
  }

  /**
   * @param {number} depth
   * @returns {JsonObject}
   */
  object(depth) {
    const start = this.at;
    /** @type {JsonMember[]} */
    const members = [];
    this.at += 1;
    this.space();
    while (this.text[this.at] !== '}') {
      if (members.length > 0) this.expect(',', 'Here a comma or } is expected.');
      this.space();
      const at = this.at;
      if (this.text[at] !== '"') throw new Misread('Here a name in double quotes is expected.', at);
      const name = this.string();
      this.space();
      this.expect(':', 'Here a colon is expected.');
      members.push({ name, start: at, value: this.value(depth + 1) });
      this.space();
    }
    this.at += 1;
    return { kind: 'object', start, end: this.at, members };
  }

  /**
   * @param {number} depth
   * @returns {JsonArray}
   */
  array(depth) {
    const start = this.at;
    /** @type {JsonNode[]} */
    const items = [];
    this.at += 1;
    this.space();
    while (this.text[this.at] !== ']') {
      if (items.length > 0) this.expect(',', 'Here a comma or ] is expected.');
      items.push(this.value(depth + 1));
      this.space();
    }
    this.at += 1;
    return { kind: 'array', start, end: this.at, items };
  }

  string() {
    const start = this.at;
    let end = start + 1;
    for (; this.text[end] !== '"'; end += 1) {
      const letter = this.text[end];
      if (letter === undefined) throw new Misread('This text has no closing double quote.', start);
      if (letter < ' ') throw new Misread('A text in JSON has no line breaks or other control characters; write \\n.', end);
      if (letter === '\\') end += 1;
    }
    this.at = end + 1;
    const raw = this.text.slice(start, this.at);
    try {
      return /** @type {string} */ (JSON.parse(raw));
    } catch {
      const bad = /\\(?!["\\/bfnrt]|u[\da-fA-F]{4})/.exec(raw.replaceAll('\\\\', '..'));
      throw new Misread('There is no such escape in JSON.', start + (bad?.index ?? 0));
    }
  }

  /**
   * @param {string} letter
   * @param {string} otherwise
   */
  expect(letter, otherwise) {
    if (this.text[this.at] !== letter) throw new Misread(otherwise, this.at);
    this.at += 1;
  }
}
