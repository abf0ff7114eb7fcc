/**
 * The tests of everything a library exports, made from what its module holds: what is new there and
 * has no row fails.
 *
 * @module
 */
import { liveSessions } from "../openssl/session.ts";
import { TICKET_KEYS } from "../openssl/ticket_keys.ts";
import type { Kind } from "../settings/kind.ts";
import { CRLS, IDENTITY } from "../openssl/identity_table.ts";
import {
  byteString,
  detached,
  listOf,
  milliseconds,
  text,
  wholeNumber,
} from "../settings/kinds.ts";
import { assertEquals } from "./assert.ts";
import { checkAll } from "./settings_suite.ts";
import { within } from "./within.ts";
import type { Wrong } from "./wrong_settings.ts";

/** An argument: what it may be, and the arguments of a call that has it. */
export interface Parameter extends Pick<Kind<unknown>, "wrongKinds" | "wrongValues"> {
  readonly name: string;
  args(value: unknown): unknown[];
}

/** A method takes no argument: any are disregarded. */
export const HARMLESS = "takes nothing";
/** A method is for the library's own use. */
export const INNER = "for the drivers";

/** What is known of a class: its methods in an order in which they can be called. */
export type Methods = Readonly<Record<PropertyKey, typeof HARMLESS | typeof INNER | Parameter[]>>;

/** Something whose methods can be called, until it is disposed of. */
export interface Target extends AsyncDisposable {
  readonly it: object;
  /** Uses it as it is meant to be used. */
  use(): Promise<unknown>;
}

/** Bytes that are sent. */
export function bytes(name: string, min: number, max: number): Parameter {
  return { name, ...byteString(min, max), args: (value) => [value] };
}

/** Memory for what is received, and how long to wait for it. */
export const RECEIVING: Parameter[] = [
  {
    name: "into",
    wrongKinds: [
      ...[null, 1, "text", true, [], {}, new ArrayBuffer(8), new Int8Array(8), detached(8)[0]],
      { constructor: Uint8Array, length: 8 },
    ],
    wrongValues: [],
    args: (value) => [value],
  },
  { name: "timeoutMs", ...milliseconds(0), args: (value) => [new Uint8Array(8), value] },
];

const TICKETS: Parameter[] = [{ name: "keys", ...TICKET_KEYS, args: (value) => [value] }];

/** Methods that the connections of both libraries have. */
export const SECURE_CONN: Methods = {
  saveSession: HARMLESS,
  exportKeyingMaterial: [
    { name: "label", ...text({ max: 249 }), args: (value) => [value, 16] },
    { name: "length", ...wholeNumber(1, 8160), args: (value) => ["EXPORTER-test", value] },
    {
      name: "context",
      ...byteString(0, 65_535),
      wrongValues: [new Uint8Array(65_536)],
      args: (value) => ["EXPORTER-test", 16, value],
    },
  ],
  close: HARMLESS,
  [Symbol.dispose]: HARMLESS,
  [Symbol.asyncDispose]: HARMLESS,
};

/** Methods that the listeners of both libraries have. */
export const LISTENER: Methods = {
  accept: HARMLESS,
  [Symbol.asyncIterator]: HARMLESS,
  setIdentities: [{
    name: "identities",
    ...listOf(IDENTITY, 1),
    args: (value) => [value],
  }],
  setCrls: [{ name: "crls", ...CRLS, args: (value) => [value] }],
  setTicketKeys: TICKETS,
  stopAccepting: HARMLESS,
  close: HARMLESS,
  [Symbol.asyncDispose]: HARMLESS,
};

/** The classes that both libraries export, but for what each has of its own. */
export const SHARED: Readonly<Record<string, Methods>> = {
  SecureConn: SECURE_CONN,
  TlsContext: {
    allows: INNER,
    retain: INNER,
    release: INNER,
    setIdentities: INNER,
    setCrls: INNER,
    setTicketKeys: TICKETS,
    close: HARMLESS,
    [Symbol.dispose]: HARMLESS,
  },
  SavedSession: {
    isBoundTo: INNER,
    parse: [{
      ...text(),
      name: "text",
      wrongValues: [...text().wrongValues, "x".repeat(1_048_577)],
      args: (value) => [value],
    }],
    serialize: HARMLESS,
    close: HARMLESS,
    [Symbol.dispose]: HARMLESS,
  },
  PeerCertificate: {},
  // Tried in a test of its own: it takes settings.
  SelfSignedCertificate: { generate: [] },
  AddressError: {},
  CallbackError: {},
  CertificateError: {},
  KeyLimitError: {},
  OpenSslError: {},
  OpenSslMissingError: {},
  PemError: {},
  ReplacedError: {},
  TimeoutError: {},
  UnreadAnswersError: {},
};

/** What is handed to methods that take nothing. */
const STRAY = [Symbol("stray"), null, { signal: 1, then: 1 }];

/** Registers a test that a module exports what has a row, and nothing else. */
export function testExports(
  name: string,
  module: object,
  functions: readonly string[],
  classes: Readonly<Record<string, Methods>>,
): void {
  const exported = Object.entries(module);
  Deno.test(`${name} exports nothing that is not tried with wrong arguments`, () => {
    const of = (wanted: boolean) =>
      exported.filter(([, value]) => isClass(value) === wanted).map(([name]) => name).toSorted();
    assertEquals(of(false), functions.toSorted());
    assertEquals(of(true), Object.keys(classes).toSorted());
  });
  for (const [name, type] of exported.filter(([, value]) => isClass(value))) {
    Deno.test(`${name} has no method that is not tried with wrong arguments`, () => {
      assertEquals(
        methodsOf(type).toSorted(),
        Reflect.ownKeys(classes[name]!).map(String).toSorted(),
      );
    });
  }
}

function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** Names of its methods, the static ones among them; what is only got or set takes no arguments. */
function methodsOf(type: { prototype: object }): string[] {
  return [type.prototype, type].flatMap((owner) =>
    Object.entries(Object.getOwnPropertyDescriptors(owner)).concat(
      Object.getOwnPropertySymbols(owner).map((
        symbol,
      ) => [String(symbol), Object.getOwnPropertyDescriptor(owner, symbol)!]),
    ).filter(([name, { value }]) =>
      typeof value === "function" && name !== "constructor" && name !== "prototype"
    ).map(([name]) => name)
  );
}

/** Registers a test for each method that takes arguments: every wrong one, one by one. */
export function testArguments(
  name: string,
  methods: Methods,
  targets: Readonly<Record<string, () => Promise<Target>>>,
): void {
  for (const [method, row] of Object.entries(methods)) {
    if (!Array.isArray(row)) continue;
    for (const [state, open] of Object.entries(targets)) {
      Deno.test(`${name}.${method}() refuses every wrong argument ${state}`, async () => {
        await using target = await within(open());
        const it = target.it as Record<string, (...args: unknown[]) => unknown>;
        const before = liveSessions();
        const call = (args: unknown) => it[method]!(...args as unknown[]);
        await within(checkAll(call, () => row.flatMap(wrongArguments)));
        assertEquals(liveSessions(), before);
        await within(target.use());
      });
    }
  }
}

function wrongArguments({ name, wrongKinds, wrongValues, args }: Parameter): Wrong[] {
  const each = (values: readonly unknown[], error: Wrong["error"]) =>
    values.map((value, i) => ({
      what: `${error.name} ${i}`,
      options: args(value),
      error,
      names: name,
    }));
  return [...each(wrongKinds, TypeError), ...each(wrongValues, RangeError)];
}

/** Registers a test for the methods that take nothing: what is handed to them changes nothing. */
export function testStray(name: string, methods: Methods, open: () => Promise<Target>): void {
  Deno.test(`${name} disregards arguments of methods that take none`, async () => {
    await using target = await within(open());
    const it = target.it as Record<PropertyKey, (...args: unknown[]) => unknown>;
    const names = Reflect.ownKeys(methods).filter((name) => methods[name] === HARMLESS);
    for (const method of names) {
      const result = await within(Promise.resolve(it[method]!(...STRAY)));
      for (const end of [Symbol.asyncDispose, Symbol.dispose, "return"] as const) {
        await (result as Partial<Record<typeof end, () => unknown>> | null | undefined)?.[end]?.();
      }
    }
    assertEquals(names.length > 0, true);
  });
}
