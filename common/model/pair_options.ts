/**
 * What one end of a pair is told to do.
 *
 * @module
 */
import type { Plan } from "./plan.ts";
import type { ConnectMode, Engine, Io, Protocol, Role } from "./protocol.ts";

/** Everything the command line says, checked. */
export interface PairOptions {
  readonly protocol: Protocol;
  readonly role: Role;
  /** Protocol, kind of I/O and engine in one name. */
  readonly lane: string;
  readonly io: Io;
  /** Core to stay on; null for any. */
  readonly cpu: number | null;
  readonly engine: Engine | null;
  /** Name or address; an IPv6 address without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Client that blocks or spins: its own address; null for the system's choice. */
  readonly bind: string | null;
  readonly plan: Plan;
  readonly connect: ConnectMode;
  /** Offer the saved session at every connection but the first. */
  readonly resume: boolean;
  /** Version to agree on; null for the newest. */
  readonly tlsVersion: "1.2" | "1.3" | null;
  /** Cipher suites to choose from; null for the library's. */
  readonly ciphers: string | null;
  /** Key exchange groups to choose from; null for the library's. */
  readonly groups: string | null;
  /** TLS and DTLS clients: what the server's certificate has to be for; null for `hostname`. */
  readonly serverName: string | null;
  /** TLS and DTLS clients: a certificate that is good for any name will do. */
  readonly unsafelySkipNameCheck: boolean;
  readonly reply: boolean;
  /** Client: the answer is the message itself. */
  readonly expectEcho: boolean;
  readonly waitMs: number;
  /** Messages a second that all clients send together; null where each follows an answer. */
  readonly rate: number | null;
  readonly pause: boolean;
  /** End in order when stdin does. */
  readonly endWithStdin: boolean;
  readonly clients: number;
  readonly certs: string;
  /** File whose first line opens the private key, where that is encrypted; null for none. */
  readonly keyPassphraseFile: string | null;
  /** TLS and DTLS: file that keys are added to, see SSL_CTX_set_keylog_callback(3). */
  readonly keyLog: string | undefined;
  readonly timeoutMs: number;
  /** File for the result document; "-" is stdout. */
  readonly json: string | null;
  /** File for the log of every step; "-" is stdout. */
  readonly csv: string | null;
  /** File for the distribution of the messages' times; "-" is stdout. */
  readonly hgrm: string | null;
  readonly quiet: boolean;
  /** TLS and DTLS through OpenSSL: collect the messages of handshakes. */
  readonly trace: boolean;
  /** Server: serve until stopped. */
  readonly forever: boolean;
  /** Server: what it does with what it receives. */
  readonly answer: "ack" | "echo" | "discard";
  /** Server: longest silence. */
  readonly idleTimeoutMs: number;
  /** Server: added to its clock where it tells a message's delay, in microseconds. */
  readonly clockShiftUs: number;
}
