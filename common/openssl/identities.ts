/**
 * The certificates of a server, of which the name decides that a client asks for: RFC 6066 3.
 *
 * A handshake that has chosen one keeps it, whatever the server shows from then on: C counts who uses
 * a certificate, and frees it with the last.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { currentHello, noteHello } from "./bindings/calls.ts";
import { SSL_TLSEXT_ERR } from "./bindings/constants.ts";
import { NAME_CTRL, SSL_AD, SSL_CLIENT_HELLO } from "./bindings/identity_constants.ts";
import type { OpenSsl } from "./bindings/library.ts";
import type { Callback, ContextTarget } from "./context_target.ts";
import { DEFAULT } from "./identity_table.ts";
import type { LoadedIdentity } from "./loaded_identity.ts";
import { serverNameIn } from "./server_name.ts";

// int (*SSL_client_hello_cb_fn)(SSL *s, int *al, void *arg)
const CLIENT_HELLO = {
  parameters: ["pointer", "pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

// int (*cb)(SSL *s, int *al, void *arg)
const SERVER_NAME = {
  parameters: ["pointer", "pointer", "pointer"],
  result: "i32",
} as const satisfies Deno.UnsafeCallbackDefinition;

/** What a server shows, to whom, and as whose sessions. */
export class Identities implements Callback {
  readonly #lib: OpenSsl;
  /** Whether a client that no identity is for may have a key instead. */
  readonly #mayUsePsk: boolean;
  readonly #onHello: Deno.UnsafeCallback<typeof CLIENT_HELLO>;
  readonly #onServerName: Deno.UnsafeCallback<typeof SERVER_NAME>;
  #loaded: readonly LoadedIdentity[] = [];
  #byName = new Map<string, LoadedIdentity>();
  /** What all sessions are bound to; set for each where that is not what the context says. */
  #trust: string;
  #setsTrust = false;

  /**
   * @param trust what clients are believed by: their sessions are resumed by none that asks for more
   */
  constructor(
    { lib, ctx }: ContextTarget,
    { mayUsePsk, trust }: { mayUsePsk: boolean; trust: string },
  ) {
    this.#lib = lib;
    this.#mayUsePsk = mayUsePsk;
    this.#trust = trust;
    this.#onHello = new Deno.UnsafeCallback(CLIENT_HELLO, (ssl, alert) => this.#hello(ssl, alert));
    this.#onServerName = new Deno.UnsafeCallback(
      SERVER_NAME,
      () => currentHello()?.isNamed ? SSL_TLSEXT_ERR.OK : SSL_TLSEXT_ERR.NOACK,
    );
    lib.SSL_CTX_set_client_hello_cb(ctx, this.#onHello.pointer, null);
    lib.SSL_CTX_callback_ctrl(ctx, NAME_CTRL.SERVERNAME_CB, this.#onServerName.pointer);
  }

  /**
   * Shows others from now on: to handshakes that have not chosen yet.
   *
   * @param loaded taken over, to be freed here
   */
  replace(loaded: readonly LoadedIdentity[]): void {
    for (const old of this.#loaded) old.free();
    this.#loaded = loaded;
    this.#byName = new Map(
      loaded.flatMap((one) => (one.names ?? [DEFAULT]).map((name) => [name, one])),
    );
  }

  /**
   * Sessions from before are resumed no more, whichever handshake asks for it.
   *
   * @returns what the context's sessions are to be bound to
   */
  changeTrust(trust: string): Uint8Array<ArrayBuffer> {
    this.#trust = trust;
    this.#setsTrust = true;
    return Uint8Array.fromHex(trust);
  }

  /** Frees all; the context must not be used any more. */
  close(): void {
    this.replace([]);
    this.#onHello.close();
    this.#onServerName.close();
  }

  /** The one for a name; the exact one before the one for all of a domain. */
  #find(name: string | null): LoadedIdentity | undefined {
    if (name === null) return this.#byName.get(DEFAULT);
    const plain = name.toLowerCase().replace(/\.$/, "");
    const dot = plain.indexOf(".");
    return this.#byName.get(plain || "?") ??
      (dot > 0 ? this.#byName.get(`*${plain.slice(dot)}`) : undefined) ??
      this.#byName.get(DEFAULT);
  }

  /** Chooses, before anything else is made of the hello; nothing in it throws into C. */
  #hello(ssl: Deno.PointerValue, alert: Deno.PointerValue): number {
    const lib = this.#lib;
    const serverName = serverNameIn(lib, ssl);
    const identity = this.#find(serverName);
    const isNamed = identity !== undefined && identity.names !== null;
    const isRefused = !identity && !this.#mayUsePsk;
    noteHello({ serverName, isNamed, isUnknown: !identity, ocspResponse: identity?.ocspResponse });
    if (isRefused) {
      const { UNRECOGNIZED_NAME, MISSING_EXTENSION } = SSL_AD;
      return refuse(alert, serverName === null ? MISSING_EXTENSION : UNRECOGNIZED_NAME);
    }
    this.#bind(ssl, isNamed ? serverName : null);
    lib.SSL_certs_clear(ssl);
    return !identity || identity.show(ssl)
      ? SSL_CLIENT_HELLO.SUCCESS
      : refuse(alert, SSL_AD.INTERNAL_ERROR);
  }

  /**
   * A session is resumed under the name alone that it began with (RFC 6066 3), and by whom clients
   * are believed then as they were: the session id context says both.
   */
  #bind(ssl: Deno.PointerValue, serverName: string | null): void {
    if (serverName === null && !this.#setsTrust) return;
    const id = serverName === null
      ? Uint8Array.fromHex(this.#trust)
      : idContextOf(this.#trust, serverName.toLowerCase());
    this.#lib.SSL_set_session_id_context(ssl, id, id.length);
  }
}

/** What the sessions of a name are bound to, 32 bytes: SSL_CTX_set_session_id_context(3). */
function idContextOf(trust: string, serverName: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(`${trust} ${serverName}`).digest());
}

function refuse(alert: Deno.PointerValue, description: number): number {
  const into = alert && new Int32Array(Deno.UnsafePointerView.getArrayBuffer(alert, 4));
  if (into) into[0] = description;
  return SSL_CLIENT_HELLO.ERROR;
}
