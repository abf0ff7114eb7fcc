/**
 * A client's connection with a server, from its handshake to its end.
 *
 * @module
 */
import { DatagramMemory } from "../base/datagram_memory.ts";
import type { SequenceTracker } from "../model/sequence_tracker.ts";
import { StepTimer } from "../measure/clock.ts";
import { MessageAssembler } from "../model/message.ts";
import type { Outcome } from "../measure/outcome.ts";

/** What is known of a connection while it is served; its memory serves one after the other. */
export class ServedConnection<Connection> implements Disposable {
  readonly timer = new StepTimer();
  readonly assembler = new MessageAssembler();
  /** The last message, and whether it waits to be recorded. */
  readonly outcome: Outcome;
  unrecorded = false;
  /** When the current message was complete. */
  arrivedUs = 0;
  /** Numbers that have come, this connection's or all connections'; null where they say nothing. */
  tracker: SequenceTracker | null = null;
  /** Set when messages of the plan have come, and when some of its last size have. */
  hadMessage = false;
  hadLastSize = false;
  /** Set when the peer has ended in order, between two messages. */
  peerEnded = false;
  #connection: Connection | null = null;
  #memory: DatagramMemory | null = null;

  /** @param outcome what all messages have in common */
  constructor(outcome: Readonly<Outcome>) {
    this.outcome = { ...outcome };
  }

  /** The connection itself. */
  get connection(): Connection {
    return this.#connection!;
  }

  /**
   * Where bytes are received, with room for the longest datagram and a good part of a stream; a
   * connection that never gets that far needs none.
   */
  get bytes(): Uint8Array {
    return (this.#memory ??= new DatagramMemory()).bytes;
  }

  /** Begins with a connection; the last one, if there was one, has ended in order. */
  begin(connection: Connection, tracker: SequenceTracker | null): void {
    this.#connection = connection;
    this.tracker = tracker;
    this.hadMessage = this.hadLastSize = this.peerEnded = false;
    this.timer.start();
  }

  /** Gives its memory back. */
  [Symbol.dispose](): void {
    this.#memory?.[Symbol.dispose]();
    this.#memory = null;
  }
}
