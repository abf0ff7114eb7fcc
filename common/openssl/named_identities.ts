/**
 * A server's identities as a program says them, checked, with what they are called in errors.
 *
 * @module
 */
import { checkValue } from "../settings/check.ts";
import { listOf } from "../settings/kinds.ts";
import type { ServerIdentity } from "./identity_settings.ts";
import { checkIdentities, IDENTITY } from "./identity_table.ts";
import type { TlsServerSettings } from "./settings.ts";
import { hasCertificate } from "./settings_together.ts";

/** Identities, and what stands before their settings' names in errors. */
export interface NamedIdentities {
  readonly identities: readonly ServerIdentity[];
  placeOf(index: number): string;
}

const IDENTITIES = listOf(IDENTITY, 1);

const placeOf = (i: number) => `identities[${i}].`;

/** Of a server's checked settings; its own `cert` or `pkcs12` is one for all names. */
export function ownIdentities(settings: TlsServerSettings): NamedIdentities {
  const { identities, cert, key, keyPassphrase, pkcs12, ocspResponse } = settings;
  if (identities) return { identities, placeOf };
  const own = hasCertificate(settings) ? [{ cert, key, keyPassphrase, pkcs12, ocspResponse }] : [];
  return { identities: own, placeOf: () => "" };
}

/**
 * Checks what is to be shown from now on.
 *
 * @throws {TypeError} naming what is unknown, missing or of the wrong kind
 * @throws {RangeError} naming what cannot be used, or a name that stands there twice
 */
export function newIdentities(value: unknown): NamedIdentities {
  const action = "set identities";
  const identities = checkValue(IDENTITIES, value, "identities", action);
  checkIdentities(identities, action);
  return { identities, placeOf };
}
