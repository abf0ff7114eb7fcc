/**
 * What went wrong in a program whose callbacks call back, and whether each fault was told once.
 *
 * @module
 */
import { CallbackError } from "../../openssl/bindings/calls.ts";
import { CertificateError, OpenSslError } from "../../openssl/bindings/errors.ts";
import { ReplacedError, TimeoutError } from "../../base/errors.ts";

/** What a callback throws, or its promise rejects with. */
export class Thrown extends Error {
  /** How often it has to be told of. */
  readonly due: number;
  /** Where it was. */
  readonly told: string[] = [];

  constructor(no: number, due: number) {
    super(`thrown ${no}`);
    this.due = due;
  }
}

/** What a library may reject with, whatever is done to it. */
const EXPECTED = [
  CallbackError,
  CertificateError,
  OpenSslError,
  ReplacedError,
  TimeoutError,
  Thrown,
  DOMException,
  ...Object.values(Deno.errors),
];

/** TypeErrors that the library makes; V8's own would be an accident. */
const OWN_WORDS =
  /must be an ArrayBuffer|^Cannot send|^Cannot (?:use (?:a|the) |make a session: |receive: |read: |tell the info|export keying|listen: |resume )|The stream|stream|locked|Writable|Readable|reader|[Cc]ontroller|cancel/;

/** Counts faults of callbacks, and where they were told of. */
export class Ledger {
  /** What must not be. */
  readonly faults: string[] = [];
  /** Results that cannot be used, and how often that was told of. */
  garbage = 0;
  garbageTold = 0;
  readonly #thrown: Thrown[] = [];

  /** Makes an error for a callback; `due` times it has to be told of. */
  make(due: number): Thrown {
    const error = new Thrown(this.#thrown.length, due);
    this.#thrown.push(error);
    return error;
  }

  /** A callback's failure was told of. */
  told(error: unknown, where: string): void {
    if (!(error instanceof CallbackError)) return;
    if (error.cause instanceof Thrown) error.cause.told.push(where);
    else this.garbageTold++;
  }

  /** A line on stderr. */
  said(line: string): void {
    const no = /^netpairs: \w+ failed: thrown (\d+)$/.exec(line)?.[1];
    if (no !== undefined) this.#thrown[Number(no)]!.told.push("stderr");
    else if (/^netpairs: \w+ failed: .*its result must be/.test(line)) this.garbageTold++;
    else this.faults.push(`on stderr: ${line}`);
  }

  /** Whether a rejection is one that a program has to reckon with. */
  check(error: unknown, what: string): void {
    if (EXPECTED.some((kind) => error instanceof kind)) return;
    if (
      (error instanceof TypeError || error instanceof RangeError) && OWN_WORDS.test(error.message)
    ) return;
    this.faults.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  /** All that is wrong, at the end. */
  audit(): string[] {
    const wrong = this.#thrown.filter(({ told, due }) => told.length !== due)
      .map(({ message, told, due }) => `${message}: told ${told.length} times of ${due}: ${told}`);
    if (this.garbage !== this.garbageTold) {
      wrong.push(`${this.garbage} results were unusable, ${this.garbageTold} told of`);
    }
    return [...this.faults, ...wrong];
  }
}
