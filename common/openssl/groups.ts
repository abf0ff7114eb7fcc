/**
 * Key exchange groups: which of them a library has, and for which versions of TLS and DTLS.
 *
 * OpenSSL takes every group that it knows and drops, without a word, those that the versions of a
 * connection cannot use: a handshake then ends in "no shared cipher".
 *
 * @module
 */
import type { ContextTarget } from "./context_target.ts";
import { VERSION } from "./bindings/constants.ts";
import { cString, type OpenSsl, toCString } from "./bindings/library.ts";

// int (*cb)(OSSL_PROVIDER *provider, void *cbdata) of OSSL_PROVIDER_do_all(3)
const EACH_PROVIDER = {
  parameters: ["pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// int (*OSSL_CALLBACK)(const OSSL_PARAM params[], void *arg) of openssl/core.h
const EACH_CAPABILITY = {
  parameters: ["pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/** Versions a group goes with: -1 is none, 0 no bound (provider-base(7)). */
interface Bounds {
  readonly oldest: number;
  readonly newest: number;
}

/** One name of a group; many have several. */
interface Group {
  readonly name: string;
  readonly tls: Bounds;
  readonly dtls: Bounds;
}

/** Groups of each library, asked once. */
const known = new WeakMap<OpenSsl, ReadonlyMap<string, Group>>();

/** What stands in a list between names, and before one, from OpenSSL 3.5 on. */
const SEPARATORS = /[:/]/;
const PREFIXES = /^[*?-]+/;

/**
 * Looks at a list of groups before OpenSSL does.
 *
 * @param range oldest and newest version of the context, as OpenSSL numbers them
 * @returns the first that is none of the library's by that name: OpenSSL may know others for it
 * @throws {RangeError} where no version of the context can use one
 */
export function checkGroups(
  { lib, datagram }: Pick<ContextTarget, "lib" | "datagram">,
  list: string,
  range: readonly [oldest: number, newest: number],
): string | null {
  const groups = groupsOf(lib);
  let unknown: string | null = null;
  for (const text of list.split(SEPARATORS)) {
    const name = text.replace(PREFIXES, "");
    // What may be missing, or stands for several, is OpenSSL's to judge.
    if (name === "" || text.startsWith("?") || name === "DEFAULT") continue;
    const group = groups.get(name.toLowerCase());
    if (!group) unknown ??= name;
    if (!group || goesWith(datagram ? group.dtls : group.tls, range, datagram)) continue;
    throw new RangeError(`Cannot use the groups: ${group.name} ${reasonOf(group, datagram)}`);
  }
  return unknown;
}

/** Says that a library does not have a group. */
export function noGroup({ versionText }: OpenSsl, name: string): RangeError {
  return new RangeError(`Cannot use the groups: ${versionText} has no ${shown(name)}`);
}

/** Whether a library has a group of TLS 1.3, such as "X25519MLKEM768". */
export function hasGroup(lib: OpenSsl, name: string): boolean {
  return groupsOf(lib).has(name.toLowerCase());
}

/** A setting's text is not shown where it may be a key that stands in the wrong place. */
function shown(name: string): string {
  return /^[\w-]{1,32}$/.test(name) ? `group ${name}` : "group of a name in it";
}

function reasonOf({ tls }: Group, datagram: boolean): string {
  if (datagram) return "is none of DTLS 1.2";
  return `is for TLS ${tls.oldest === VERSION.TLS1_3 ? "1.3 and later" : "1.2 and earlier"} alone`;
}

function goesWith(
  { oldest, newest }: Bounds,
  [low, high]: readonly [number, number],
  datagram: boolean,
): boolean {
  if (oldest < 0 || newest < 0) return false;
  // DTLS counts its versions down (RFC 6347 4.1).
  const isBefore = (a: number, b: number) => datagram ? a > b : a < b;
  return (newest === 0 || !isBefore(newest, low)) && (oldest === 0 || !isBefore(high, oldest));
}

function groupsOf(lib: OpenSsl): ReadonlyMap<string, Group> {
  const there = known.get(lib);
  if (there) return there;
  const groups = new Map<string, Group>();
  using each = ended(
    new Deno.UnsafeCallback(EACH_CAPABILITY, (params) => {
      const group = readGroup(lib, params);
      if (group) groups.set(group.name.toLowerCase(), group);
      return 1;
    }),
  );
  using all = ended(
    new Deno.UnsafeCallback(EACH_PROVIDER, (provider) => {
      lib.OSSL_PROVIDER_get_capabilities(provider, CAPABILITY, each.callback.pointer, null);
      return 1;
    }),
  );
  lib.OSSL_PROVIDER_do_all(null, all.callback.pointer, null);
  lib.ERR_clear_error();
  known.set(lib, groups);
  return groups;
}

function ended<Definition extends Deno.UnsafeCallbackDefinition>(
  callback: Deno.UnsafeCallback<Definition>,
) {
  return { callback, [Symbol.dispose]: () => callback.close() };
}

/** Names of provider-base(7), "TLS-GROUP Capability". */
const CAPABILITY = toCString("TLS-GROUP");
const NAME = toCString("tls-group-name");
const LIMITS = ["tls-min-tls", "tls-max-tls", "tls-min-dtls", "tls-max-dtls"].map(toCString);

function readGroup(lib: OpenSsl, params: Deno.PointerValue): Group | null {
  const text = new BigUint64Array(1);
  const param = lib.OSSL_PARAM_locate_const(params, NAME);
  if (lib.OSSL_PARAM_get_utf8_string_ptr(param, new Uint8Array(text.buffer)) !== 1) return null;
  const name = cString(Deno.UnsafePointer.create(text[0]!));
  const limits = LIMITS.map((limit) => {
    const number = new Int32Array(1);
    const found = lib.OSSL_PARAM_locate_const(params, limit);
    return lib.OSSL_PARAM_get_int(found, new Uint8Array(number.buffer)) === 1 ? number[0]! : 0;
  });
  const [minTls, maxTls, minDtls, maxDtls] = limits as [number, number, number, number];
  return name === null ? null : {
    name,
    tls: { oldest: minTls, newest: maxTls },
    dtls: { oldest: minDtls, newest: maxDtls },
  };
}
