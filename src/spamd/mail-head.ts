/** Most lines of a head; what has more is text. */
const LINES_MAX = 256;
/** Line ends are LF or CRLF. `FIELD` as in RFC 5322 §2.2, `FOLDED` as in §2.2.3, `SEPARATOR` as in RFC 4155. */
const FIELD = /^[!-9;-~]{1,64}:/;
const FOLDED = /^[ \t]/;
const SEPARATOR = /^From /;
/** Without one of these, lines with a colon are what somebody wrote. */
const MAIL_FIELD =
  /^(?:from|to|cc|reply-to|sender|subject|date|message-id|received|return-path|mime-version|content-type):/i;

/** Lines of a text, each with its end. */
export function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start) + 1 || text.length;
    yield text.slice(start, end);
    start = end;
  }
}

/** Length of the head of a mail message, its empty line included; 0 where the text does not begin with one. */
export function mailHeadEnd(text: string): number {
  let length = 0;
  let lines = 0;
  let isMail = false;
  for (const line of linesOf(text)) {
    length += line.length;
    if (line === '\n' || line === '\r\n') return isMail ? length : 0;
    const begins =
      lines === 0 ? FIELD.test(line) || SEPARATOR.test(line) : FIELD.test(line) || FOLDED.test(line);
    lines += 1;
    if (!begins || lines > LINES_MAX) return 0;
    isMail ||= MAIL_FIELD.test(line);
  }
  return 0;
}
