import { parse } from 'smol-toml';

/** Names of tables, keys and places in lists, from the outermost in: `['listen', 'unix', '0', 'path']`. */
export type KeyPath = readonly string[];

/**
 * Line of a key in a TOML text, counted from 1: where its value is written, else where the table that it is missing from
 * begins. Undefined where neither is there: rather none than a wrong one.
 * @param text that `smol-toml` has parsed without a complaint
 */
export function lineOfKey(text: string, path: KeyPath): number | undefined {
  const lines = new TomlLines(text);
  return lines.lineOf(path) ?? lines.lineOfTable(path);
}

/** Line of what a TOML text says itself of a key, a table or an entry of a list; undefined where it says nothing. */
export function lineOfValue(text: string, path: KeyPath): number | undefined {
  return new TomlLines(text).lineOf(path);
}

const GAP = /(?:\s|#[^\n]*)*/y;
const QUOTED = String.raw`"(?:\\.|[^"\\\n])*"|'[^'\n]*'`;
const KEY = new RegExp(String.raw`(?:${QUOTED}|[^=\]"'#\n])+`, 'y');
const STRING = new RegExp(String.raw`"""(?:\\[^]|[^\\])*?"{3,5}|'''[^]*?'{3,5}|${QUOTED}`, 'y');
const BARE = /[^,\]}#\n]*/y;
const HEADER = /\[{1,2}/y;

interface Place {
  readonly line: number;
  /** False where the table is only the way to another one: `a` in `a.b = 1` and in `[a.b]`. */
  readonly isWritten: boolean;
}

/** Walks once through a TOML text and notes where each path begins. Values are stepped over, not read. */
class TomlLines {
  readonly #text: string;
  readonly #places = new Map<string, Place>();
  /** Entries so far of each `[[list]]`. */
  readonly #entries = new Map<string, number>();
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
    let table: KeyPath = [];
    for (this.#take(GAP); this.#at < text.length; this.#take(GAP)) {
      const at = this.#at;
      if (text[at] === '[') table = this.#header();
      else this.#pair(table);
      if (this.#at === at) return;
    }
  }

  lineOf(path: KeyPath): number | undefined {
    return this.#places.get(idOf(path))?.line;
  }

  lineOfTable(path: KeyPath): number | undefined {
    for (let depth = path.length - 1; depth > 0; depth -= 1) {
      const place = this.#places.get(idOf(path.slice(0, depth)));
      if (place?.isWritten) return place.line;
    }
    return undefined;
  }

  #header(): KeyPath {
    const line = this.#line;
    const brackets = this.#take(HEADER);
    const path = this.#inEntries(namesOf(this.#take(KEY)));
    this.#at += brackets.length;
    if (brackets === '[') {
      this.#note(path, line);
      return path;
    }
    const index = this.#entries.get(idOf(path)) ?? 0;
    this.#entries.set(idOf(path), index + 1);
    const entry = [...path, String(index)];
    this.#note(path, line);
    this.#note(entry, line);
    return entry;
  }

  /** The path with the last entry's number behind each `[[list]]` on its way; the last name is left as it is. */
  #inEntries(names: KeyPath): KeyPath {
    const path: string[] = [];
    for (const [index, name] of names.entries()) {
      path.push(name);
      const entries = this.#entries.get(idOf(path));
      if (entries !== undefined && index < names.length - 1) path.push(String(entries - 1));
    }
    return path;
  }

  #pair(table: KeyPath): void {
    const line = this.#line;
    const path = [...table, ...namesOf(this.#take(KEY))];
    this.#at += 1;
    this.#take(GAP);
    this.#note(path, line);
    this.#value(path);
  }

  #value(path: KeyPath): void {
    const first = this.#text[this.#at];
    if (first === '[') this.#items(']', (index) => this.#item([...path, String(index)]));
    else if (first === '{') this.#items('}', () => this.#pair(path));
    else if (this.#take(STRING) === '') this.#take(BARE);
  }

  #item(path: KeyPath): void {
    this.#note(path, this.#line);
    this.#value(path);
  }

  #items(end: ']' | '}', read: (index: number) => void): void {
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#take(GAP);
      if (this.#at >= this.#text.length || this.#text[this.#at] === end) break;
      read(index);
      this.#take(GAP);
      if (this.#text[this.#at] === ',') this.#at += 1;
    }
    this.#at += 1;
  }

  #note(path: KeyPath, line: number): void {
    for (let depth = 1; depth <= path.length; depth += 1) {
      const id = idOf(path.slice(0, depth));
      const isWritten = depth === path.length;
      const known = this.#places.get(id);
      if (known === undefined || (isWritten && !known.isWritten)) this.#places.set(id, { line, isWritten });
    }
  }

  /** Steps over what the expression matches here, which may be nothing. */
  #take(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const taken = expression.exec(this.#text)?.[0] ?? '';
    for (let at = taken.indexOf('\n'); at >= 0; at = taken.indexOf('\n', at + 1)) this.#line += 1;
    this.#at += taken.length;
    return taken;
  }
}

/** The names of a dotted key as they are meant, quotes and escapes undone. */
function namesOf(key: string): string[] {
  const names: string[] = [];
  let node: unknown = parse(`${key}=0`);
  while (typeof node === 'object' && node !== null) {
    const [name = '', inner] = Object.entries(node)[0] ?? [];
    names.push(name);
    node = inner;
  }
  return names;
}

function idOf(path: KeyPath): string {
  return path.join('\0');
}
