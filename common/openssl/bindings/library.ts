/**
 * Finds and opens OpenSSL's libssl, once, when it is first needed.
 *
 * @module
 */
import { ALGORITHMS } from "./algorithm_symbols.ts";
import { OPENSSL_INIT_NO_ATEXIT, OPENSSL_VERSION } from "./constants.ts";
import { IDENTITIES } from "./identity_symbols.ts";
import { MAKING } from "./making_symbols.ts";
import { LIBCRYPTO, LIBSSL } from "./symbols.ts";

/** Environment variable that names the libssl to use, by file name or path. */
export const LIBRARY_VARIABLE = "NETPAIRS_LIBSSL";

type Symbols = Deno.DynamicLibrary<
  typeof LIBSSL & typeof LIBCRYPTO & typeof IDENTITIES & typeof MAKING & typeof ALGORITHMS
>["symbols"];

/** The library's functions, and what it says it is. */
export interface OpenSsl extends Symbols {
  /** Such as "OpenSSL 3.0.19 27 Jan 2026". */
  readonly versionText: string;
  /**
   * True right after a call that is known to have left nothing in the error queue: a read or a write
   * that has succeeded, and any call of which SSL_get_error(3) has said what it waits for, or that
   * the peer has ended. {@linkcode emptyQueue} and ERR_clear_error set it to false.
   */
  queueIsEmpty: boolean;
}

/**
 * OpenSSL is not there, or is one that cannot be used: older than 3, another library by that name,
 * or one built without a function that is needed. The message says what to install on this system;
 * `cause` is what Deno.dlopen has said. It is thrown when OpenSSL is first needed, not at import.
 *
 * @example
 * ```ts
 * import { tlsContext } from "../../../tls/mod.ts";
 *
 * try {
 *   tlsContext({}).close();
 * } catch (error) {
 *   if (!(error instanceof OpenSslMissingError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class OpenSslMissingError extends Error {
  /** Always "OpenSslMissingError". */
  override readonly name = "OpenSslMissingError";
}

/** Names under which the systems know it, the newest tried last: 3 is what is widely there. */
const NAMES: Readonly<Partial<Record<typeof Deno.build.os, readonly string[]>>> = {
  linux: ["libssl.so.3", "libssl.so.4"],
  darwin: [
    "/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib",
    "/usr/local/opt/openssl@3/lib/libssl.3.dylib",
    "libssl.3.dylib",
    "/opt/homebrew/opt/openssl@4/lib/libssl.4.dylib",
    "/usr/local/opt/openssl@4/lib/libssl.4.dylib",
    "libssl.4.dylib",
  ],
  freebsd: ["libssl.so.3", "libssl.so.30", "libssl.so.4"],
};

const INSTALL: Readonly<Partial<Record<typeof Deno.build.os, string>>> = {
  linux: "apt install libssl3 (Debian, Ubuntu), dnf install openssl-libs (Fedora), " +
    "apk add libssl3 (Alpine)",
  darwin: "brew install openssl@3",
  freebsd: "pkg install openssl",
};

let loaded: OpenSsl | undefined;
/** The path that was asked for when it was loaded. */
let loadedPath: string | undefined;

/**
 * Opens the library; later calls return the same one.
 *
 * @param path file name or path; default is what NETPAIRS_LIBSSL names, then the system's names
 * @throws {OpenSslMissingError} saying how to install it, or why the one found is refused
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 * @throws {TypeError} where another one is in use already
 */
export function loadOpenSsl(path?: string): OpenSsl {
  if (!loaded) {
    loaded = open(path);
    loadedPath = path;
  }
  if (path !== undefined && path !== loadedPath) {
    throw new TypeError(`Cannot load ${path}: ${loaded.versionText} is in use already`);
  }
  return loaded;
}

/** What is opened, the first that is there: what was named, or the system's. */
export function libraryNames(named = fromEnvironment()): readonly string[] {
  return named ? [named] : NAMES[Deno.build.os] ?? [];
}

function open(path: string | undefined): OpenSsl {
  const named = path ?? fromEnvironment();
  const names = libraryNames(named);
  const reasons: unknown[] = [];
  for (const name of names) {
    try {
      return checked(name);
    } catch (error) {
      if (error instanceof OpenSslMissingError) throw error;
      if (error instanceof Deno.errors.NotCapable) throw error;
      const symbol = missingSymbol(error);
      if (symbol !== undefined) {
        throw new OpenSslMissingError(
          `${name} is no libssl of OpenSSL 3: it has no ${symbol}; ` +
            `name another libssl in ${LIBRARY_VARIABLE}`,
          { cause: error },
        );
      }
      reasons.push(error);
    }
  }
  const how = INSTALL[Deno.build.os] ?? "see https://openssl.org";
  const whose = path === undefined ? LIBRARY_VARIABLE : "the setting library";
  const message = named
    ? `OpenSSL 3 is missing (${whose} names ${named}, which cannot be opened); correct it, or leave ` +
      `it out for the system's own; to install that: ${how}`
    : `OpenSSL 3 is missing (${names.join(", ")} not found); install it: ${how}; ` +
      `or name its libssl in ${LIBRARY_VARIABLE}`;
  throw new OpenSslMissingError(message, { cause: reasons[0] });
}

/** Deno.dlopen tells by text alone that a library is there but has no such function. */
function missingSymbol(error: unknown): string | undefined {
  return /^Failed to register symbol (\w+)/.exec((error as Error).message)?.[1];
}

function fromEnvironment(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: LIBRARY_VARIABLE });
  return state === "granted" ? Deno.env.get(LIBRARY_VARIABLE) || undefined : undefined;
}

/**
 * One handle serves both tables: dlsym(3) looks in what a library depends on, too, and so finds
 * the libcrypto that this libssl was linked with, never another.
 */
function checked(name: string): OpenSsl {
  const version = Deno.dlopen(name, {
    OpenSSL_version_num: LIBCRYPTO.OpenSSL_version_num,
    OpenSSL_version: LIBCRYPTO.OpenSSL_version,
  });
  const versionText = cString(version.symbols.OpenSSL_version(OPENSSL_VERSION)) ?? "";
  // openssl/opensslv.h: the major version stands in the four highest of 32 bits.
  const major = Number(version.symbols.OpenSSL_version_num() >> 28n);
  version.close();
  if (!versionText.startsWith("OpenSSL ") || major < 3) {
    throw new OpenSslMissingError(
      `${name} is "${versionText}"; OpenSSL 3 or newer is needed, ` +
        `as others have other control numbers; name another libssl in ${LIBRARY_VARIABLE}`,
    );
  }
  const tables = { ...LIBSSL, ...LIBCRYPTO, ...IDENTITIES, ...MAKING, ...ALGORITHMS };
  const { symbols } = Deno.dlopen(name, tables);
  // Before any call that would have OPENSSL_cleanup run when the process exits: a Worker may be
  // inside the library then. What it frees ends with the process.
  symbols.OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, null);
  const lib: OpenSsl = {
    ...symbols,
    versionText,
    queueIsEmpty: false,
    ERR_clear_error() {
      symbols.ERR_clear_error();
      lib.queueIsEmpty = false;
    },
  };
  return lib;
}

/** Empties the error queue, as SSL_get_error(3) wants it before a call. */
export function emptyQueue(lib: OpenSsl): void {
  if (lib.queueIsEmpty) lib.queueIsEmpty = false;
  else lib.ERR_clear_error();
}

/** The text a `const char *` points to; null for NULL. */
export function cString(pointer: Deno.PointerValue): string | null {
  return pointer === null ? null : Deno.UnsafePointerView.getCString(pointer);
}

/**
 * A text as C wants it, with the zero byte at its end.
 *
 * @throws {RangeError} where it has one before, which would cut it off in silence
 */
export function toCString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new RangeError("Cannot use a text that holds a zero byte");
  return new TextEncoder().encode(`${text}\0`);
}
