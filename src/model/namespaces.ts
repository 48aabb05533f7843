import { malformed } from './malformed.ts';

const XML = 'http://www.w3.org/XML/1998/namespace';
const XMLNS = 'http://www.w3.org/2000/xmlns/';

/** What one element declares, before what its ancestors do: a look-up takes at most as many steps as elements are open. */
interface Scope {
  readonly outer: Scope | undefined;
  /** Namespace of elements without a prefix; '' where none is in force. */
  unprefixed: string;
  prefixes: Map<string, string> | undefined;
}

/**
 * The namespaces in force while a stanza is read (Namespaces in XML 1.0). `saxes` knows them too, but makes two objects an
 * attribute and two collections an element for it; without them a stanza is parsed in 0.8 of the time.
 */
export class Namespaces {
  readonly #scopes: Scope[] = [{ outer: undefined, unprefixed: '', prefixes: new Map([['xml', XML]]) }];
  /** Of the tag under way, where it declares anything. */
  #declared: Scope | undefined;
  #hasPrefixed = false;

  /** Takes an attribute of the tag under way. True where it was a declaration. @throws RequestError `bad-xml` */
  declare(name: string, value: string): boolean {
    const colon = colonOf(name);
    if (colon < 0) {
      if (name !== 'xmlns') return false;
      this.#bind('', value.trim());
      return true;
    }
    if (!name.startsWith('xmlns:')) {
      this.#hasPrefixed = true;
      return false;
    }
    this.#bind(name.slice(colon + 1), value.trim());
    return true;
  }

  /**
   * Opens the element of the tag under way, and returns its namespace.
   * @param attributes names and values by turns, without declarations
   * @throws RequestError `bad-xml`
   */
  open(name: string, attributes: readonly string[]): string {
    const scope = this.#declared ?? (this.#scopes.at(-1) as Scope);
    this.#declared = undefined;
    this.#scopes.push(scope);
    if (this.#hasPrefixed) {
      checkPrefixed(attributes, scope);
      this.#hasPrefixed = false;
    }
    const colon = colonOf(name);
    return colon < 0 ? scope.unprefixed : namespaceOf(name.slice(0, colon), scope);
  }

  close(): void {
    this.#scopes.pop();
  }

  #bind(prefix: string, namespace: string): void {
    if (prefix === 'xmlns' || namespace === XMLNS || (prefix === 'xml') !== (namespace === XML)) {
      throw malformed('a declaration of a reserved namespace');
    }
    this.#declared ??= this.#inner();
    if (prefix === '') {
      this.#declared.unprefixed = namespace;
      return;
    }
    if (namespace === '') throw malformed('a prefix declared as nothing');
    this.#declared.prefixes ??= new Map();
    this.#declared.prefixes.set(prefix, namespace);
  }

  #inner(): Scope {
    const outer = this.#scopes.at(-1) as Scope;
    return { outer, unprefixed: outer.unprefixed, prefixes: undefined };
  }
}

/** Where the prefix of a name ends, −1 without one. */
function colonOf(name: string): number {
  const colon = name.indexOf(':');
  if (colon === 0 || (colon > 0 && (colon === name.length - 1 || name.includes(':', colon + 1)))) {
    throw malformed('malformed name');
  }
  return colon;
}

function namespaceOf(prefix: string, innermost: Scope): string {
  for (let scope: Scope | undefined = innermost; scope !== undefined; scope = scope.outer) {
    const namespace = scope.prefixes?.get(prefix);
    if (namespace !== undefined) return namespace;
  }
  throw malformed('unbound namespace prefix');
}

/**
 * Every prefix is declared, and no two attributes are the same one by different prefixes (§6.3). NOTE: names are kept apart
 * by namespace, not joined with it: a namespace may be as long as the stanza, and would be read again for each attribute.
 */
function checkPrefixed(attributes: readonly string[], scope: Scope): void {
  const seen = new Map<string, Set<string>>();
  for (let index = 0; index < attributes.length; index += 2) {
    const name = attributes[index] as string;
    const colon = name.indexOf(':');
    if (colon < 0) continue;
    const namespace = namespaceOf(name.slice(0, colon), scope);
    const local = name.slice(colon + 1);
    const names = seen.get(namespace);
    if (names === undefined) seen.set(namespace, new Set([local]));
    else if (names.has(local)) throw malformed('duplicate attribute');
    else names.add(local);
  }
}
