/**
 * Everything that a program can call from within a callback.
 *
 * @module
 */
import { DtlsConn } from "../../../dtls/lib/conn.ts";
import { SavedSession } from "../../openssl/saved_session.ts";
import { STRANGER, type World } from "./world.ts";

type Call = (world: World) => unknown;

/** By name; those that end a whole listener are rarer. */
export const CALLS: readonly [string, Call][] = Object.entries<Call>({
  close: (world) => world.conn()?.close(),
  abandon: (world) => world.conn()?.abandon(),
  asyncDispose: (world) => world.conn()?.[Symbol.asyncDispose](),
  send: (world) => {
    const conn = world.conn();
    const bytes = new Uint8Array(world.oneIn(4) ? 16_384 : 10);
    return conn instanceof DtlsConn ? conn.send(bytes) : conn?.write(bytes);
  },
  sendNothing: (world) => {
    const conn = world.conn();
    const wrong = world.pick([undefined, "text", new Uint8Array()]) as Uint8Array;
    return conn instanceof DtlsConn ? conn.send(wrong) : conn?.write(wrong);
  },
  receive: (world) => {
    const conn = world.conn();
    const into = new Uint8Array(world.pick([1, 100, 20_000])!);
    return conn instanceof DtlsConn ? conn.receive(into, 20) : conn?.read(into, 500);
  },
  handshake: (world) => world.conn()?.handshake(),
  shutdown: (world) => world.conn()?.shutdown(),
  closeWrite: (world) => {
    const conn = world.conn();
    return conn instanceof DtlsConn ? conn.shutdown() : conn?.closeWrite();
  },
  cancel: (world) => {
    const conn = world.conn();
    if (!conn || conn instanceof DtlsConn) return conn?.close();
    return conn.readable.cancel("enough");
  },
  abortWriting: (world) => {
    const conn = world.conn();
    return conn instanceof DtlsConn ? conn.abandon() : conn?.writable.abort("enough");
  },
  saveSession: (world) => {
    const saved = world.conn()?.saveSession();
    if (saved) world.saved.add(saved);
  },
  forgetSession: (world) => {
    const saved = world.pick(world.saved);
    if (!saved) return;
    saved.serialize();
    saved.close();
    world.saved.delete(saved);
  },
  exportKeyingMaterial: (world) => world.conn()?.exportKeyingMaterial("EXPORTER-test", 32),
  info: (world) => world.conn()?.info.cipher,
  resumed: (world) => world.conn()?.resumed,
  counters: (world) => world.listener().counters,
  closeListener: (world) => world.oneIn(6) ? world.closeListener(world.listener()) : undefined,
  stopAccepting: (world) => {
    const listener = world.listener();
    if (!world.oneIn(6)) return;
    world.listeners.get(listener)!.stopped = true;
    listener.stopAccepting();
  },
  accept: async (world) => {
    const listener = world.listener();
    world.adopt(await listener.accept(), listener);
  },
  newListener: (world) => void (world.openListeners < 4 && world.listen()),
  newContext: (world) => world.contexts.size < 5 ? world.context() : undefined,
  badContext: (world) => world.context({ ciphers: "NO-SUCH-CIPHER" }),
  badSession: () => SavedSession.parse("no session"),
  closeContext: (world) => {
    const context = world.pick(world.contexts);
    context?.close();
    if (context) world.contexts.delete(context);
  },
  connect: (world) => world.client(),
  strangerConnects: (world) => world.client(STRANGER),
  abort: (world) => world.pick(world.controllers)?.abort(new DOMException("own", "AbortError")),
});
