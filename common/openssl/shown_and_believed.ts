/**
 * What a server shows and whom it believes, as far as both can change while it runs.
 *
 * @module
 */
import type { Certificate } from "../pem/certificates.ts";
import { checkValue } from "../settings/check.ts";
import { applyGroups } from "./configure.ts";
import { trustOf } from "./context_trust.ts";
import type { ContextTarget } from "./context_target.ts";
import { Identities } from "./identities.ts";
import { CRLS } from "./identity_table.ts";
import { loadIdentities } from "./loaded_identity.ts";
import { type NamedIdentities, newIdentities, ownIdentities } from "./named_identities.ts";
import { crlTexts, pemSettings } from "./own_pem.ts";
import type { TlsContextOptions } from "./settings.ts";
import type { TrustStore } from "./trust_store.ts";

/** What is asked of a server's context. */
interface ServerFacts {
  readonly trust: string;
  readonly mayUsePsk: boolean;
  readonly keyAlone: boolean;
}

/** Of one server's context. */
export class ShownAndBelieved {
  /** To be kept as long as the context. */
  readonly identities: Identities;
  readonly #target: ContextTarget;
  readonly #options: TlsContextOptions;
  readonly #caCerts: readonly Certificate[];
  readonly #store: TrustStore;
  readonly #keyAlone: boolean;

  /** Nothing is shown before {@linkcode showFirst}. */
  constructor(
    target: ContextTarget,
    options: TlsContextOptions,
    { caCerts, store }: { caCerts: readonly Certificate[]; store: TrustStore },
    facts: ServerFacts,
  ) {
    this.#target = target;
    this.#options = options;
    this.#caCerts = caCerts;
    this.#store = store;
    this.#keyAlone = facts.keyAlone;
    this.identities = new Identities(target, facts);
  }

  /** Shows what the settings say. */
  showFirst(): void {
    this.#show(ownIdentities(this.#options));
  }

  /** Shows others, of whatever a program hands in. */
  setIdentities(identities: unknown): void {
    const named = newIdentities(identities);
    if (this.#keyAlone) {
      throw new TypeError("Cannot set identities: its clients have pre-shared keys alone");
    }
    this.#target.lib.ERR_clear_error();
    this.#show(named);
  }

  /**
   * Looks up who has been revoked in other lists, whatever a program hands in.
   *
   * @param isAsked whether clients show certificates of authorities
   */
  setCrls(crls: unknown, isAsked: boolean): void {
    const action = "set crls";
    const texts = crlTexts(checkValue(CRLS, crls, "crls", action));
    if (!isAsked) {
      throw new TypeError(`Cannot ${action}: no certificates of authorities are asked for`);
    }
    const { lib, ctx } = this.#target;
    lib.ERR_clear_error();
    const pem = { ...pemSettings(lib, this.#options), crls: texts };
    this.#store.fill(texts);
    const id = this.identities.changeTrust(trustOf(this.#options, pem));
    lib.SSL_CTX_set_session_id_context(ctx, id, id.length);
  }

  #show(named: NamedIdentities): void {
    const caCerts = this.#caCerts;
    const look = (chain: readonly Certificate[]) =>
      applyGroups(this.#target, this.#options, { caCerts, chain });
    this.identities.replace(loadIdentities(this.#target, named, look));
  }
}
