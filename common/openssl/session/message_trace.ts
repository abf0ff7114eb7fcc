/**
 * The messages of one session, as OpenSSL's message callback shows them (SSL_CTX_set_msg_callback(3)):
 * headers of records, and messages in the clear.
 *
 * A callback only notes what has passed: the program is told when the call of OpenSSL's has
 * returned, as what a program calls would empty the error queue that the call is about to fill.
 *
 * @module
 */
import { type MessageTaker, notify } from "../bindings/calls.ts";
import { CONTENT, VERSION } from "../bindings/constants.ts";
import type { OpenSsl } from "../bindings/library.ts";
import type { HandshakeMessage, OnHandshakeMessage } from "../../model/handshake_message.ts";
import { clientRandom, hasRandom } from "../records.ts";
import { alertName, FINISHED, handshakeName, tlsMessageName } from "./message_names.ts";
import {
  type Fragment,
  fragmentsOf,
  MESSAGE_HEADER_BYTES,
  readFragment,
  readRecord,
  type RecordFacts,
} from "./message_records.ts";

/**
 * So many fragments are remembered each way, to know them when they come again: records in the clear
 * can be forged at any time, and no handshake has more.
 */
const MAX_REMEMBERED = 2048;

/** A message with the time it was noted at, on performance.now(). */
type Noted = Omit<HandshakeMessage, "us"> & { atMs: number };

/** What has gone one way. */
class Way {
  /** The last record. */
  record: RecordFacts | null = null;
  /** Records of a message that is being sent. */
  records: { facts: RecordFacts; atMs: number }[] = [];
  /** Fragments that have gone this way, and the numbers of their messages. */
  readonly fragments = new Set<string>();
  readonly messages = new Set<number>();
  hasChangedCipher = false;
  finished: Fragment | null = null;

  constructor(readonly direction: HandshakeMessage["direction"]) {}
}

/** What a DTLS server has seen of a client that may not be where it says. */
interface CookieExchange {
  hello: Uint8Array;
  notes: Noted[];
}

/** Notes what one session sends and receives, and tells the program of it. */
export class MessageTrace implements MessageTaker {
  /** See {@linkcode OnHandshakeMessage}. */
  readonly #session: number;
  readonly #lib: OpenSsl;
  readonly #datagram: boolean;
  readonly #tell: OnHandshakeMessage;
  readonly #sent = new Way("sent");
  readonly #received = new Way("received");
  readonly #noted: Noted[] = [];
  /** The datagram that is being read. */
  #fed: Uint8Array = new Uint8Array();
  /** A sealed record of a handshake that OpenSSL has not shown the message of. */
  #sealed: { facts: RecordFacts; atMs: number } | null = null;
  #listening = false;
  #exchange: CookieExchange | null = null;
  #beganMs: number | null = null;

  /** @param session its number */
  constructor(lib: OpenSsl, datagram: boolean, tell: OnHandshakeMessage, session: number) {
    this.#lib = lib;
    this.#datagram = datagram;
    this.#tell = tell;
    this.#session = session;
  }

  /** The session is fed bytes, borrowed for the call. */
  fed(bytes: Uint8Array): void {
    if (this.#datagram) this.#fed = bytes.slice();
  }

  /** Server: a datagram is looked at before the client is known; nobody is told yet. */
  listens(): void {
    this.#listening = true;
  }

  /** Server: the client's cookie was good. What was another client's exchange is forgotten. */
  accepts(): void {
    this.#listening = false;
    const exchange = this.#exchange;
    this.#exchange = null;
    if (!exchange || !hasRandom(this.#fed, clientRandom(exchange.hello))) return;
    for (const note of exchange.notes) {
      const way = note.direction === "sent" ? this.#sent : this.#received;
      way.fragments.add(keyOf(note.messageSeq!, note.fragment!));
      this.#noted.push(note);
    }
  }

  /** Takes what OpenSSL shows. */
  take(
    isSent: boolean,
    type: number,
    head: Uint8Array,
    length: number,
    ssl: Deno.PointerValue,
  ): void {
    const way = isSent ? this.#sent : this.#received;
    if (this.#listening) return this.#overheard(way, type, head);
    if (type !== CONTENT.HANDSHAKE || isSent) this.#noteSealed();
    switch (type) {
      case CONTENT.HEADER:
        way.record = readRecord(head, this.#datagram);
        return way.record ? this.#record(way, way.record, ssl) : undefined;
      case CONTENT.INNER_TYPE:
        if (head[0] === CONTENT.APPLICATION_DATA) this.#data(way);
        return;
      case CONTENT.HANDSHAKE:
        if (!this.#datagram) {
          this.#note(way, "handshake", tlsMessageName(head), length);
        } else if (head.length >= MESSAGE_HEADER_BYTES) {
          this.#message(way, readFragment(head, 0));
        }
        return;
      case CONTENT.ALERT:
        this.#note(way, "alert", alertName(head[1] ?? 0), length);
    }
  }

  /** Tells the program of what has passed; nothing that it does is an error of the session's. */
  deliver(): void {
    this.#noteSealed();
    if (this.#listening) return;
    for (let noted; (noted = this.#noted.shift());) {
      const { atMs, ...message } = noted;
      this.#beganMs ??= atMs;
      const us = Math.round((atMs - this.#beganMs) * 1000);
      notify("onHandshakeMessage", this.#tell, { us, ...message }, this.#session);
    }
  }

  /** Server: what passes before the client is known; the hello itself is shown again, its record is not. */
  #overheard(way: Way, type: number, head: Uint8Array): void {
    if (type !== CONTENT.HEADER) return;
    way.record = readRecord(head, true);
    if (way === this.#sent && way.record) this.#asksForCookie(way.record);
  }

  /** The header of a record has passed. */
  #record(way: Way, record: RecordFacts, ssl: Deno.PointerValue): void {
    switch (record.type) {
      case CONTENT.CHANGE_CIPHER_SPEC:
        this.#note(way, "change_cipher_spec", "ChangeCipherSpec", record.bytes, {
          retransmission: this.#datagram && way.hasChangedCipher,
        });
        way.hasChangedCipher = true;
        return;
      case CONTENT.APPLICATION_DATA:
        // From version 1.3 on every sealed record says so; what it is stands inside.
        if (!this.#hasInnerTypes(ssl)) this.#data(way);
        return;
      case CONTENT.HANDSHAKE:
        if (!this.#datagram) return;
        if (way === this.#sent) way.records.push({ facts: record, atMs: performance.now() });
        else if (record.epoch === 0) this.#arrived(record);
        else this.#sealed = { facts: record, atMs: performance.now() };
    }
  }

  #hasInnerTypes(ssl: Deno.PointerValue): boolean {
    return this.#lib.SSL_version(ssl) === (this.#datagram ? VERSION.DTLS1_3 : VERSION.TLS1_3);
  }

  #data(way: Way): void {
    this.#note(way, "application_data", "ApplicationData", way.record?.bytes ?? 0);
  }

  /** DTLS: fragments in the clear have come; OpenSSL shows whole messages alone. */
  #arrived(record: RecordFacts): void {
    for (const fragment of fragmentsOf(this.#fed, record)) this.#fragment(this.#received, fragment);
  }

  /** DTLS: a whole message has passed. */
  #message(way: Way, message: Fragment): void {
    if (way === this.#received) {
      this.#sealed = null;
      // Its fragments were noted as they came.
      if (!way.messages.has(message.messageSeq)) this.#fragment(way, whole(message));
      return;
    }
    const { records } = way;
    way.records = [];
    let from = 0;
    const fragments = records.map(({ facts, atMs }) => {
      const length = facts.bytes - MESSAGE_HEADER_BYTES;
      const fragment = { ...message, from, length, atMs };
      from += length;
      return fragment;
    });
    // Of sealed records nothing tells how much longer they are than what is in them.
    const isClear = from === message.total && records.every(({ facts }) => facts.epoch === 0);
    if (!isClear) return this.#fragment(way, whole(message));
    for (const fragment of fragments) this.#fragment(way, fragment, fragment.atMs);
  }

  #fragment(way: Way, fragment: Fragment, atMs?: number): void {
    const { type, messageSeq, from, length } = fragment;
    const key = keyOf(messageSeq, [from, length]);
    const retransmission = way.fragments.has(key);
    if (way.fragments.size < MAX_REMEMBERED) {
      way.fragments.add(key);
      way.messages.add(messageSeq);
    }
    if (type === FINISHED) way.finished = fragment;
    this.#note(way, "handshake", handshakeName(type), MESSAGE_HEADER_BYTES + length, {
      messageSeq,
      fragment: [from, length],
      retransmission,
      ...(atMs === undefined ? {} : { atMs }),
    });
  }

  /**
   * DTLS 1.2: a sealed record of a handshake that OpenSSL drops is the Finished, once more; nothing
   * else is sealed there.
   */
  #noteSealed(): void {
    const sealed = this.#sealed;
    const { finished, record } = this.#received;
    this.#sealed = null;
    if (!sealed || finished === null) return;
    this.#received.record = sealed.facts;
    this.#fragment(this.#received, finished, sealed.atMs);
    this.#received.record = record;
  }

  /** Server: a HelloVerifyRequest goes out; the hello is the first record of the datagram. */
  #asksForCookie(question: RecordFacts): void {
    const [hello] = fragmentsOf(this.#fed, readRecord(this.#fed, true));
    if (!hello) return;
    const note = (
      direction: HandshakeMessage["direction"],
      type: number,
      messageSeq: number,
      from: number,
      length: number,
    ): Noted => ({
      atMs: performance.now(),
      direction,
      kind: "handshake",
      name: handshakeName(type),
      bytes: MESSAGE_HEADER_BYTES + length,
      epoch: 0,
      messageSeq,
      fragment: [from, length],
      retransmission: false,
    });
    this.#exchange = {
      hello: this.#fed,
      notes: [
        note("received", hello.type, hello.messageSeq, hello.from, hello.length),
        note("sent", HELLO_VERIFY_REQUEST, 0, 0, question.bytes - MESSAGE_HEADER_BYTES),
      ],
    };
  }

  #note(
    way: Way,
    kind: HandshakeMessage["kind"],
    name: string,
    bytes: number,
    more: Partial<Noted> = {},
  ): void {
    this.#noted.push({
      atMs: performance.now(),
      direction: way.direction,
      kind,
      name,
      bytes,
      epoch: way.record?.epoch ?? null,
      messageSeq: null,
      fragment: null,
      retransmission: false,
      ...more,
    });
  }
}

/** HandshakeType: RFC 6347 4.3.2. */
const HELLO_VERIFY_REQUEST = 3;

function whole(message: Fragment): Fragment {
  return { ...message, from: 0, length: message.total };
}

function keyOf(messageSeq: number, [from, length]: readonly [number, number]): string {
  return `${messageSeq}/${from}/${length}`;
}
