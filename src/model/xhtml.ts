import { attributeOf, textOf, type XMLElement } from './xml.ts';

/** Elements of XHTML-IM (XEP-0071 §7) that begin on a line of their own. */
const BLOCKS = new Set([
  'blockquote',
  'br',
  'div',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'li',
  'ol',
  'p',
  'pre',
  'ul',
]);

/** A longer address stands in no text, and to look for one of any length would take quadratic time. */
const SHOWN_ADDRESS_CHARS_MAX = 512;

/** What a reader of an XHTML-IM body sees, as plain text; a link's address follows its text where it is not in it. */
export function xhtmlText(element: XMLElement): string {
  let text = '';
  for (const child of element.children) {
    if (typeof child === 'string') {
      text += child;
    } else {
      text += BLOCKS.has(child.name) ? `\n${xhtmlText(child)}\n` : inlineText(child);
    }
  }
  return text;
}

function inlineText(element: XMLElement): string {
  if (element.name === 'img') {
    return attributeOf(element, 'alt') ?? '';
  }
  const text = xhtmlText(element);
  const address = element.name === 'a' ? (attributeOf(element, 'href') ?? '') : '';
  return address === '' || shows(element, address) ? text : `${text} (${address})`;
}

function shows(element: XMLElement, address: string): boolean {
  return address.length <= SHOWN_ADDRESS_CHARS_MAX && textOf(element).includes(address);
}
