/**
 * BIOs in memory.
 *
 * @module
 */
import { BIO_C_SET_BUF_MEM_EOF_RETURN } from "./constants.ts";
import { takeError } from "./errors.ts";
import type { OpenSsl } from "./library.ts";

/** The method of all of them (BIO_s_mem(3)), a constant of the library's. */
let memory: Deno.PointerValue = null;

/**
 * A BIO that reads the caller's bytes where they are (BIO_new_mem_buf(3)); whoever takes it over frees
 * it. An empty one says "not yet".
 *
 * @param bytes they stay where and what they are as long as anything reads them
 */
export function lentBio(lib: OpenSsl, bytes: Uint8Array<ArrayBuffer>): Deno.PointerObject {
  const bio = lib.BIO_new_mem_buf(bytes, bytes.length);
  if (bio === null) throw takeError(lib, "make a BIO");
  lib.BIO_ctrl(bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1n, null);
  return bio;
}

/**
 * A BIO in memory, freed by `close()` unless it was given away. An empty one says "not yet", not
 * "the end", as BIO_new(3) makes it (crypto/bio/bss_mem.c; BIO_set_mem_eof_return(3)).
 */
export class MemoryBio implements Disposable {
  readonly #lib: OpenSsl;
  #bio: Deno.PointerValue;

  /** @param contents what it holds at first */
  constructor(lib: OpenSsl, contents: string | Uint8Array<ArrayBuffer> = "") {
    this.#lib = lib;
    this.#bio = lib.BIO_new(memory ??= lib.BIO_s_mem());
    if (this.#bio === null) throw takeError(lib, "make a BIO");
    if (contents.length === 0) return;
    const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    lib.BIO_write(this.#bio, bytes, bytes.length);
  }

  /** For the bindings: the BIO. */
  get pointer(): Deno.PointerObject {
    if (this.#bio === null) throw new TypeError("Cannot use a BIO: it is closed");
    return this.#bio;
  }

  /** Hands the BIO over to a C object that frees it. */
  giveAway(): Deno.PointerObject {
    const { pointer } = this;
    this.#bio = null;
    return pointer;
  }

  /** Everything it holds, as text. */
  text(): string {
    const decoder = new TextDecoder();
    const bytes = new Uint8Array(4096);
    let text = "";
    for (let n; (n = this.#lib.BIO_read(this.pointer, bytes, bytes.length)) > 0;) {
      text += decoder.decode(bytes.subarray(0, n), { stream: true });
    }
    return text + decoder.decode();
  }

  /** Frees it. May be called twice. */
  close(): void {
    if (this.#bio !== null) this.#lib.BIO_free(this.#bio);
    this.#bio = null;
  }

  /** Same as {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
