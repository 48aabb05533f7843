import type { XMLElement } from '../model/xml.ts';
import type { RequestHeader, Verb } from '../pnp/grammar.ts';
import type { Request } from '../pnp/request.ts';
import type { SpamcHead } from './head.ts';
import { stanzaOf } from './message.ts';
import { SPAMC_VERBS } from './verbs.ts';

/** A request of the dialect, as PNP's verbs see it; the server marks it `overload` when its turn comes. */
export class SpamcRequest implements Request {
  readonly verb: Verb;
  readonly id = undefined;
  readonly deadlineMs = undefined;
  readonly head: SpamcHead;
  readonly body: Buffer;
  readonly receivedAt: number;
  overload = false;

  constructor(head: SpamcHead, body: Buffer, receivedAt: number) {
    this.verb = SPAMC_VERBS[head.verb];
    this.head = head;
    this.body = body;
    this.receivedAt = receivedAt;
  }

  get stanza(): XMLElement | undefined {
    return stanzaOf(this.body);
  }

  header(name: RequestHeader): string | undefined {
    switch (name) {
      case 'To':
        return this.verb === 'TELL' ? undefined : this.#user();
      case 'Reporter':
        return this.#user();
      case 'Message-Class':
        return this.head.value('message-class');
      case 'Set':
        return this.head.value('set');
      case 'Remove':
        return this.head.value('remove');
      default:
        return undefined;
    }
  }

  /** By default spamc sends the name of the account that runs it: that is nobody's JID. */
  #user(): string | undefined {
    const user = this.head.value('user');
    return user?.includes('@') ? user : undefined;
  }
}
