/**
 * What a pre-shared key may be, as a setting and as what a function among the settings returns.
 *
 * @module
 */
import { group, setting } from "../settings/check.ts";
import { type Kind, Misfit, OBJECTS, wrongKind } from "../settings/kind.ts";
import { byteString, detached, text, viewOf } from "../settings/kinds.ts";
import { MAX_IDENTITY_BYTES } from "./identity.ts";
import type { PskIdentity } from "./psk_settings.ts";

/** Longest key in bytes that suits every hash function. */
const MAX_PSK_BYTES = 64;

/** A key; it is copied. */
export const PSK_KEY: Kind<Uint8Array<ArrayBuffer>> = byteString(1, MAX_PSK_BYTES);

const identity: Kind<PskIdentity["identity"]> = pskIdentity();

/** A text or bytes; C would cut either off at a zero byte. */
function pskIdentity(): Kind<PskIdentity["identity"]> {
  const name = text({ max: MAX_IDENTITY_BYTES });
  const bytes = byteString(1, MAX_IDENTITY_BYTES);
  const allowed = `${name.allowed}, or ${bytes.allowed}`;
  return {
    allowed,
    read(value) {
      if (typeof value === "string") return name.read(value);
      if (viewOf(value) === null) wrongKind(allowed, value);
      const copy = bytes.read(value) as Uint8Array;
      if (copy.includes(0)) throw new Misfit(true, "must not hold a zero byte");
      return copy;
    },
    good: ["sensor-7", Uint8Array.of(0xff)],
    wrongKinds: [...OBJECTS, 16, [1, 2, 3], true, ...detached(1)],
    wrongValues: [
      ...name.wrongValues,
      ...bytes.wrongValues,
      Uint8Array.of(1, 0, 2),
    ],
  };
}

/** A client's key, and under which name the server finds it. */
export const PSK_IDENTITY: Kind<PskIdentity> = group<PskIdentity>({
  identity: setting(identity, "name the server finds the key by"),
  key: setting(PSK_KEY, "the key"),
}, { identity: "sensor-7", key: new Uint8Array(16) });
