/**
 * The callbacks from which everything is called.
 *
 * @module
 */
import { DtlsConn } from "../../../dtls/lib/conn.ts";
import type { PskIdentity } from "../../openssl/psk_settings.ts";
import { SelfSignedCertificate } from "../../openssl/self_signed.ts";
import { KEY } from "../psk.ts";
import { STRANGER, type World } from "./world.ts";

/** One callback. */
interface Kind {
  /** Puts it into the settings. */
  prepare(world: World): void;
  /** One connection that makes it be called. */
  drive(world: World): Promise<unknown>;
}

/** What cannot be used where bytes, or a number, are wanted. */
const GARBAGE: readonly unknown[] = [0, -1, NaN, "secret", [], new Uint8Array(65), true];

/** How a callback ends; most of them in order, so that something is established, too. */
function outcome(world: World): "fit" | "throws" | "garbage" | "rejects" {
  if (world.calm || !world.oneIn(3)) return "fit";
  return world.pick(["throws", "garbage", "rejects"] as const)!;
}

/** Of a function whose result is used at once: one that cannot be used refuses the handshake. */
function used(world: World, good: () => unknown, mayPromise = false): unknown {
  world.act();
  const { ledger } = world;
  switch (outcome(world)) {
    case "throws":
      throw ledger.make(1);
    case "garbage":
      ledger.garbage++;
      return world.pick(GARBAGE);
    case "rejects":
      // That it is a promise is what is told, where none will do.
      if (mayPromise) return Promise.reject(ledger.make(1));
      ledger.garbage++;
      return Promise.reject(ledger.make(0));
  }
  return good();
}

/** Of a function that is only told of something. */
function told(world: World): unknown {
  world.act();
  const end = outcome(world);
  if (end === "throws") throw world.ledger.make(1);
  if (end === "rejects") return Promise.reject(world.ledger.make(1));
  return world.pick(GARBAGE);
}

const connects = (world: World) => world.client(world.oneIn(8) ? STRANGER : undefined);

/** Of a function that may promise what is used: the handshake goes on when it is there. */
function promised(world: World, good: () => unknown): unknown {
  if (world.oneIn(2)) return used(world, good, true);
  world.act();
  return new Promise((resolve, reject) => {
    const answer = () => {
      world.act();
      const end = outcome(world);
      if (end === "throws" || end === "rejects") return reject(world.ledger.make(1));
      if (end === "fit") return resolve(good());
      world.ledger.garbage++;
      resolve(world.pick(GARBAGE));
    };
    setTimeout(answer, world.random() * 20);
  });
}

const pskLookup: Kind = {
  prepare(world) {
    world.extra.listen = () => ({
      pskLookup: (identity) =>
        promised(world, () => identity === STRANGER ? null : KEY) as Uint8Array<ArrayBuffer>,
    });
  },
  drive: connects,
};

const psk: Kind = {
  prepare(world) {
    const choose = () => used(world, () => ({ identity: "sensor-7", key: KEY })) as PskIdentity;
    world.extra.connect = () => ({ psk: choose });
  },
  drive: connects,
};

/** Both ends'. */
const CERTIFICATE = await SelfSignedCertificate.generate();

const verifyPeer: Kind = {
  prepare(world) {
    const verdict = () => !world.calm && world.oneIn(6) ? new Error("refused") : undefined;
    const settings = {
      ...CERTIFICATE,
      peerAuthentication: "verifyPeer",
      verifyPeer: () => used(world, verdict) as void,
    } as const;
    world.extra.listen = () => ({ ...settings, pskLookup: undefined });
    world.extra.connect = () => ({ ...settings, psk: undefined });
  },
  drive: connects,
};

const keyLog: Kind = {
  prepare(world) {
    const keyLog = () => told(world) as void;
    world.extra.listen = () => ({ keyLog });
    world.extra.connect = () => ({ keyLog });
  },
  drive: connects,
};

const onHandshakeMessage: Kind = {
  prepare(world) {
    const onHandshakeMessage = () => told(world) as void;
    world.extra.listen = () => ({ onHandshakeMessage });
    world.extra.connect = () => ({ onHandshakeMessage });
  },
  drive: connects,
};

const retransmitAfterMs: Kind = {
  prepare(world) {
    const wait = () => used(world, () => world.oneIn(2) ? 16 : 1000) as number;
    world.extra.listen = () => ({ retransmitAfterMs: wait });
    world.extra.connect = () => ({ retransmitAfterMs: wait });
  },
  async drive(world) {
    if (!world.oneIn(4)) return await connects(world);
    using silence = new Silence();
    await world.client("unheard", { port: silence.port, handshakeTimeoutMs: 60 });
  },
};

/** A socket that answers nothing. */
class Silence implements Disposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

const onError: Kind = {
  prepare(world) {
    world.extra.listen = () => ({ onError: () => told(world) as void });
  },
  drive: (world) => world.client(world.oneIn(4) ? undefined : STRANGER),
};

/** Programs listen to the same signal, before the library does and after it. */
const signal: Kind = {
  prepare(world) {
    world.extra.listen = () => {
      const controller = new AbortController();
      world.controllers.add(controller);
      controller.signal.addEventListener("abort", () => world.act());
      return { signal: controller.signal };
    };
    world.extra.connect = (controller) => {
      const listening = () => controller.signal.addEventListener("abort", () => world.act());
      listening();
      setTimeout(listening);
      const reason = new DOMException("own", "AbortError");
      setTimeout(() => world.calm || controller.abort(reason), world.random() * 8);
      return {};
    };
  },
  drive: connects,
};

const body: Kind = {
  prepare(world) {
    world.bodies.accepting = () => world.act();
    world.bodies.receiving = () => world.act();
  },
  drive: connects,
};

/** The functions of streams that a connection's are piped from and to. */
const streams: Kind = {
  prepare(world) {
    world.exchange = async (conn) => {
      if (conn instanceof DtlsConn) return;
      const act = () => world.act();
      const end = () => {
        world.act();
        if (world.oneIn(3)) throw world.ledger.make(0);
      };
      let chunks = 4;
      const source = new ReadableStream({
        pull(controller) {
          end();
          if (chunks-- > 0) controller.enqueue(new Uint8Array(50_000));
          else controller.close();
        },
        cancel: act,
      });
      const sink = new WritableStream({ write: end, close: act, abort: act });
      await Promise.allSettled([source.pipeTo(conn.writable), conn.readable.pipeTo(sink)]);
    };
  },
  drive: connects,
};

/** By the names that the test uses. */
export const KINDS: Readonly<Record<string, Kind>> = {
  pskLookup,
  psk,
  verifyPeer,
  keyLog,
  onHandshakeMessage,
  retransmitAfterMs,
  onError,
  signal,
  body,
  streams,
};
