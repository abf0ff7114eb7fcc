/**
 * What a context may be told.
 *
 * @module
 */
import { ROLES } from "../model/protocol.ts";
import { checkVariant, setting, type SettingsTable } from "../settings/check.ts";
import { flag, oneOf } from "../settings/kinds.ts";
import type {
  DtlsSettings,
  TlsClientSettings,
  TlsContextOptions,
  TlsServerSettings,
} from "./settings.ts";
import { CLIENT_CONTEXT, SERVER_CONTEXT } from "./settings_table.ts";
import { checkClientsTrust, checkTogether, hasCertificate } from "./settings_together.ts";

type Which = Pick<TlsContextOptions, "role" | "datagram">;

const WHICH: SettingsTable<Which> = {
  role: setting(oneOf(ROLES), "which end its sessions are"),
  datagram: setting(flag(), "true for DTLS, false for TLS"),
};

/** What a context of one role and transport may be told. */
export const CONTEXT_SETTINGS = {
  client: {
    tls: { ...WHICH, ...CLIENT_CONTEXT.tls },
    dtls: { ...WHICH, ...CLIENT_CONTEXT.dtls },
  },
  server: {
    tls: { ...WHICH, ...SERVER_CONTEXT.tls },
    dtls: { ...WHICH, ...SERVER_CONTEXT.dtls },
  },
};

type AllSettings = TlsClientSettings & TlsServerSettings & DtlsSettings;

/**
 * Checks settings as they come from a program: even which table applies has to be looked at first.
 *
 * @throws {TypeError} naming a setting that is unknown, of the wrong kind or without its other half
 * @throws {RangeError} naming a setting whose value cannot be used
 */
export function checkedOptions(options: TlsContextOptions): TlsContextOptions {
  const action = "make a TLS context";
  const tableOf = ({ role, datagram }: Which) => {
    const tables = role === "client" ? CLIENT_CONTEXT : SERVER_CONTEXT;
    return tables[datagram ? "dtls" : "tls"] as SettingsTable<AllSettings>;
  };
  const checked = checkVariant(WHICH, tableOf, options, action);
  checkTogether(checked, action);
  if (checked.role === "server") checkClientsTrust(checked, action);
  if (checked.role === "server" && !hasCertificate(checked) && !checked.pskLookup) {
    throw new TypeError("Cannot listen: cert with its key, or pskLookup, is wanted");
  }
  return checked as TlsContextOptions;
}
