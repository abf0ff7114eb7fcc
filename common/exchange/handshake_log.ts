/**
 * The messages of a run's handshakes, collected for `--trace`.
 *
 * @module
 */
import type { TracedHandshake } from "../measure/traced_handshake.ts";
import type { HandshakeMessage } from "../model/handshake_message.ts";

/**
 * So many handshakes of a run are kept; beyond them the first complete one and the first resumed one,
 * if they are not among them: a server may have strangers first.
 */
export const MAX_HANDSHAKES_KEPT = 50;

/** So many events of a connection are kept: a handshake that loses much has some hundreds. */
const MAX_EVENTS = 500;

/** So many handshakes are under way at once, at most, that it is not known of whether they are kept. */
const MAX_OPEN = 2000;

/** Collects what {@linkcode HandshakeLog.note} is told, by session. */
export class HandshakeLog {
  /** Handshakes that were completed or given up. */
  #count = 0;
  readonly #kept: TracedHandshake[] = [];
  #hasComplete = false;
  #hasResumed = false;
  /** Sessions whose connection has not ended; null for those that are not kept. */
  readonly #open = new Map<number, TracedHandshake | null>();
  /** Those of which it is not known yet. */
  readonly #undecided = new Set<number>();

  /** Takes one message: the setting `onHandshakeMessage`. */
  readonly note = (message: HandshakeMessage, session: number): void => {
    const { events } = this.#find(session) ?? {};
    if (!events || events.length >= MAX_EVENTS) return;
    const { kind, direction } = message;
    const isData = (event: HandshakeMessage) =>
      event.kind === "application_data" && event.direction === direction;
    if (kind === "application_data" && events.some(isData)) return;
    events.push(message);
  };

  /** Says whose session it is. */
  begins(session: number, client: number | null): void {
    const handshake = this.#find(session);
    if (handshake) handshake.client = client;
  }

  /** The handshake is complete. */
  completed(session: number, resumed: boolean): void {
    const handshake = this.#find(session);
    if (handshake) handshake.resumed = resumed;
    this.#decide(session, true);
  }

  /** The first message over the connection; later ones say nothing. */
  carries(session: number, no: number): void {
    const handshake = this.#open.get(session);
    if (handshake && handshake.no === null && Number.isInteger(no)) handshake.no = no;
  }

  /** The connection has ended, with its handshake complete or not. */
  ended(session: number): void {
    this.#decide(session);
    this.#open.delete(session);
  }

  /** All that is kept; those still under way, too. */
  handshakes(): TracedHandshake[] {
    for (const session of [...this.#undecided]) this.#decide(session);
    return this.#kept;
  }

  /** How many there were, where not all of them are kept; else null. */
  get cutFrom(): number | null {
    return this.#count > this.#kept.length ? this.#count : null;
  }

  #find(session: number): TracedHandshake | null {
    const known = this.#open.get(session);
    if (known !== undefined) return known;
    if (this.#undecided.size >= MAX_OPEN) return null;
    const handshake = { client: null, no: null, resumed: false, events: [] };
    this.#open.set(session, handshake);
    this.#undecided.add(session);
    return handshake;
  }

  #decide(session: number, isComplete = false): void {
    const handshake = this.#open.get(session);
    if (!this.#undecided.delete(session) || !handshake) return;
    this.#count++;
    const { resumed } = handshake;
    const isFirst = (isComplete && !this.#hasComplete) || (resumed && !this.#hasResumed);
    this.#hasComplete ||= isComplete;
    this.#hasResumed ||= resumed;
    if (this.#kept.length < MAX_HANDSHAKES_KEPT || isFirst) this.#kept.push(handshake);
    else this.#open.set(session, null);
  }
}
