/**
 * What a session takes in: bytes of a stream, or datagrams.
 *
 * @module
 */
import { MAX_PLAINTEXT_BYTES } from "../../base/tls_record.ts";
import { BIO_CTRL_PENDING } from "../bindings/constants.ts";
import { lentBio, MemoryBio } from "../bindings/memory_bio.ts";
import { cString, type OpenSsl } from "../bindings/library.ts";
import {
  ENOUGH_SEALED_BYTES,
  readableBytes,
  RECORD_HEADER_BYTES,
  recordLength,
  sealedBytes,
} from "../records.ts";
import type { TlsContext } from "../context.ts";
import type { HandshakeCounters } from "./handshake_counters.ts";
import { HandshakeInput } from "./handshake_input.ts";
import { OfferedIdentities } from "./offered_identities.ts";
import { StreamRecords } from "./stream_records.ts";

/** So much of a handshake may wait while the program is asked for a key: some flights of its client's. */
const MAX_WAITING_BYTES = 8192;

/** What OpenSSL has been fed and has not said that it has read to the end. */
type Unread = "nothing" | "one record" | "something";

/** Copying less is quicker than making a BIO. */
const MIN_LENT_BYTES = 16_384;

/**
 * A stream's BIO that was given more at once than any record has (RFC 5246 6.2.3) is not kept: it would
 * keep memory for as much. A datagram is cut before: see {@linkcode readableBytes}.
 */
const MAX_KEPT_BYTES = RECORD_HEADER_BYTES + MAX_PLAINTEXT_BYTES + 2048;

/** The BIO that a session's SSL reads from. */
export class SessionInput {
  /** Set to "nothing" when a record was read to its end; see {@linkcode allRead}. */
  unread: Unread = "nothing";
  /** Server with pre-shared keys: whose keys the handshake will ask for. */
  readonly identities: OfferedIdentities | null;
  readonly #lib: OpenSsl;
  readonly #isServer: boolean;
  #bio: Deno.PointerObject;
  /** What the BIO reads where it is, and would read on if its memory were given to others. */
  #lent: Uint8Array<ArrayBuffer> | null = null;
  /** Whether it was given more than {@linkcode MAX_KEPT_BYTES} at once. */
  #isLarge = false;
  readonly #counters: HandshakeCounters;
  /** What bounds the handshake's datagrams; null for a stream. */
  readonly #handshake: HandshakeInput | null;
  /** Of a stream. */
  readonly #records = new StreamRecords();
  /** Set where the records that the handshake waits for have come, and could not be read. */
  isUnreadable = false;
  /** What has come while the handshake did not go on. */
  #waitingBytes = 0;
  /** Asked for when it matters. */
  #minSealedBytes: number | null = null;

  /**
   * @param context its role, transport, versions and keys
   * @param bio the SSL frees it
   * @param counters what the handshake receives is counted here
   */
  constructor(
    { lib, role, datagram, knowsDtls13, pskLookup }: TlsContext,
    bio: Deno.PointerObject,
    counters: HandshakeCounters,
  ) {
    this.#lib = lib;
    this.#isServer = role === "server";
    this.#bio = bio;
    this.#counters = counters;
    this.identities = pskLookup ? new OfferedIdentities(datagram) : null;
    this.#handshake = datagram
      ? new HandshakeInput(counters.statistics, knowsDtls13, this.#isServer)
      : null;
  }

  /** Takes what arrived after the handshake. */
  feed(ssl: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>): void {
    const isDatagram = this.#handshake !== null;
    const readable = isDatagram ? this.#readable(ssl, bytes) : bytes;
    if (readable.length === 0) return;
    if (this.#lent) this.#setBio(ssl, new MemoryBio(this.#lib).giveAway(), null);
    this.#write(readable);
    const isSingle = isDatagram
      ? recordLength(readable, 0) === readable.length
      : this.#records.pass(readable);
    this.unread = isSingle && this.unread === "nothing" ? "one record" : "something";
  }

  #write(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length > MAX_KEPT_BYTES) this.#isLarge = true;
    this.#lib.BIO_write(this.#bio, bytes, bytes.length);
  }

  /** OpenSSL has said that it wants more. */
  allRead(ssl: Deno.PointerObject): void {
    this.unread = "nothing";
    if (this.#isLarge && this.#lib.BIO_ctrl(this.#bio, BIO_CTRL_PENDING, 0n, null) === 0n) {
      this.#setBio(ssl, new MemoryBio(this.#lib).giveAway(), null);
    }
  }

  /** Whether bytes of a stream can be read where they are, and are worth a BIO of their own. */
  takesLent(bytes: Uint8Array): boolean {
    return this.unread === "nothing" && bytes.length >= MIN_LENT_BYTES && !this.#handshake;
  }

  /**
   * Takes what arrived of a stream after the handshake, when all before it is read. It is not copied.
   *
   * @param bytes they stay what they are until OpenSSL wants more
   */
  feedLent(ssl: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>): void {
    this.#setBio(ssl, lentBio(this.#lib, bytes), bytes);
    this.#records.pass(bytes);
    this.unread = "something";
  }

  /** The SSL frees the BIO, and the one that it had. */
  #setBio(
    ssl: Deno.PointerObject,
    bio: Deno.PointerObject,
    lent: Uint8Array<ArrayBuffer> | null,
  ): void {
    this.#lib.SSL_set0_rbio(ssl, bio);
    this.#bio = bio;
    this.#lent = lent;
    this.#isLarge = false;
  }

  /** What libssl is handed of a datagram. Only a short record asks how short the cipher's may be. */
  #readable(
    ssl: Deno.PointerObject,
    datagram: Uint8Array<ArrayBuffer>,
  ): Uint8Array<ArrayBuffer> {
    const { length } = datagram;
    if (readableBytes(datagram, ENOUGH_SEALED_BYTES) === length) return datagram;
    const minSealedBytes = this.#minSealedBytes ??= this.#readMinSealedBytes(ssl);
    return datagram.subarray(0, readableBytes(datagram, minSealedBytes));
  }

  #readMinSealedBytes(ssl: Deno.PointerObject): number {
    const cipher = this.#lib.SSL_CIPHER_get_name(this.#lib.SSL_get_current_cipher(ssl));
    return sealedBytes(cString(cipher) ?? "");
  }

  /**
   * DTLS: whether a datagram that OpenSSL is not asked to read yet may be put to those that wait: all
   * of them are read as one, which must not be longer than a record.
   */
  hasRoomFor(bytes: number): boolean {
    this.#waitingBytes += bytes;
    return this.#waitingBytes <= MAX_WAITING_BYTES;
  }

  /** Takes what arrived during the handshake, as far as it has to. */
  feedHandshake(ssl: Deno.PointerObject, received: Uint8Array<ArrayBuffer>): void {
    const clear = this.#handshake ? this.#handshake.take(received, this.#isAgreed(ssl)) : received;
    if (clear === null) return;
    this.#counters.received(received.length);
    if (clear.length > 0) this.#write(clear);
    if (!this.#handshake) this.#records.pass(clear);
    this.identities?.take(clear);
    this.unread = "something";
  }

  /** Keeps nothing of what has come besides what the BIO holds. */
  forget(): void {
    this.#handshake?.forget();
    this.identities?.forget();
  }

  /**
   * Whether the version is agreed on. A client is not told: its server may begin with a record that says
   * DTLS 1.0 (RFC 6347 4.2.1).
   */
  #isAgreed(ssl: Deno.PointerObject): boolean {
    // A server's session has a cipher when its client's hello is read.
    return this.#isServer && this.#lib.SSL_get_current_cipher(ssl) !== null;
  }

  /** Whether records have come before the handshake could read them. */
  get hasEarly(): boolean {
    return this.#handshake !== null && this.#handshake.hasEarly;
  }

  /** Feeds the records that have come early. */
  feedEarly(ssl: Deno.PointerObject): void {
    if (!this.#handshake) return;
    const isSound = (record: Uint8Array<ArrayBuffer>) =>
      this.#readable(ssl, record).length === record.length;
    this.#write(this.#handshake.takeEarly(isSound));
  }
}
