/**
 * Preloaded into a script, it has the system refuse every so many datagrams, with every error that is
 * one datagram's: at Deno's sockets and at libc's calls alike.
 *
 * @module
 */
import { constants } from "node:os";

/** As Deno throws them: with a class where it has one, and a code. */
const CLASSES: Readonly<Record<string, new (message?: string) => Error>> = {
  ECONNREFUSED: Deno.errors.ConnectionRefused,
  ENETUNREACH: Deno.errors.NetworkUnreachable,
  EPERM: Deno.errors.PermissionDenied,
};

const CODES = ["EMSGSIZE", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "EPERM", "ENOBUFS"];

/** The first ones, which a handshake needs, go well; then two in a row of that many fail. */
const FIRST = 40;
const EVERY = 11;

/** Which of the calls of one kind fail. */
class Calls {
  #count = 0;

  /** The error of the next call; null where it goes well. */
  next(): string | null {
    const count = ++this.#count;
    if (count < FIRST || count % EVERY > 1) return null;
    return CODES[Math.floor(count / EVERY) % CODES.length]!;
  }
}

const sends = new Calls();
const receptions = new Calls();

function numberOf(code: string): number {
  return constants.errno[code as keyof typeof constants.errno];
}

function throwNext(calls: Calls): void {
  const code = calls.next();
  if (code === null) return;
  const error = new (CLASSES[code] ?? Error)(`refused for a test (os error ${numberOf(code)})`);
  throw Object.assign(error, { code });
}

const { listenDatagram, dlopen } = Deno;

Deno.listenDatagram = ((options: Parameters<typeof listenDatagram>[0]) => {
  const conn = listenDatagram(options);
  const { send, receive } = conn;
  conn.send = async (...args) => {
    throwNext(sends);
    return await send.apply(conn, args);
  };
  conn.receive = async (...args) => {
    throwNext(receptions);
    return await receive.apply(conn, args);
  };
  return conn;
}) as typeof listenDatagram;

type Call = (...args: unknown[]) => number;

Deno.dlopen = ((path: string, symbols: Deno.ForeignLibraryInterface) => {
  const library = dlopen(path, symbols);
  if (!("recvfrom" in symbols)) return library;
  const own = { ...library.symbols } as unknown as Record<string, Call>;
  const location = (own.__errno_location as unknown as () => Deno.PointerObject)();
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
  const wrap = (name: string, calls: Calls) => {
    const call = own[name]!;
    let hadSuccess = true;
    own[name] = (...args) => {
      // A call that finds nothing does not count: spinning, most are such.
      const code = hadSuccess ? calls.next() : null;
      hadSuccess = true;
      if (code !== null) {
        errno[0] = numberOf(code);
        return -1;
      }
      const result = call(...args);
      hadSuccess = result >= 0;
      return result;
    };
  };
  for (const name of ["send", "sendto"]) wrap(name, sends);
  for (const name of ["recv", "recvfrom"]) wrap(name, receptions);
  return { symbols: own, close: () => library.close() };
}) as unknown as typeof dlopen;
