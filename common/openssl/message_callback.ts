/**
 * OpenSSL's message callback: what is sent and received, before it is sealed and after it is opened.
 *
 * @module
 */
import { currentTaker } from "./bindings/calls.ts";
import type { Callback, ContextTarget } from "./context_target.ts";

// void (*cb)(int write_p, int version, int content_type, const void *buf, size_t len, SSL *ssl,
//            void *arg), of SSL_CTX_set_msg_callback(3)
const MESSAGE = {
  parameters: ["i32", "i32", "i32", "pointer", "usize", "pointer", "pointer"],
  result: "void",
} as const satisfies Deno.UnsafeCallbackDefinition;

/** No header is longer, of a record or of a message, with the beginning of a hello's random. */
const HEAD_BYTES = 16;

/** Shows each session its own messages: the beginning of each, copied. */
export function applyMessageCallback({ lib, ctx }: ContextTarget): Callback {
  const callback = new Deno.UnsafeCallback(
    MESSAGE,
    (isWrite, _version, type, buffer, size, ssl) => {
      const length = Number(size);
      const head = buffer === null ? new Uint8Array() : new Uint8Array(
        Deno.UnsafePointerView.getArrayBuffer(buffer, Math.min(length, HEAD_BYTES)).slice(0),
      );
      currentTaker()?.take(isWrite !== 0, type, head, length, ssl);
    },
  );
  lib.SSL_CTX_set_msg_callback(ctx, callback.pointer);
  return callback;
}
