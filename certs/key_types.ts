/**
 * Kinds of key that are made.
 *
 * @module
 */

/** Kinds of key: ECDSA on P-256, RSA with 2048 bits, Ed25519. */
export const KEY_TYPES = ["p256", "rsa2048", "ed25519"] as const;

/** One of {@linkcode KEY_TYPES}. */
export type KeyType = typeof KEY_TYPES[number];

/** The kind of key that is made where nothing else is said. */
export const DEFAULT_KEY_TYPE: KeyType = "p256";
