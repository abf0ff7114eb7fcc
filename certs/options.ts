/**
 * What the functions of this folder are told, and what each setting may be.
 *
 * @module
 */
import { DEFAULT_CERTS } from "../common/pem/certificate_files.ts";
import { group, setting, type SettingsTable } from "../common/settings/check.ts";
import type { Kind } from "../common/settings/kind.ts";
import { flag, listOf, oneOf, text } from "../common/settings/kinds.ts";
import { DEFAULT_KEY_TYPE, KEY_TYPES, type KeyType } from "./key_types.ts";
import { DATE, PATH, SUBJECT_NAME, SUBJECT_TEXT } from "./kinds.ts";
import { DAYS, NAME } from "../common/pem/kinds.ts";
import type { SubjectName } from "../common/pem/names.ts";
import { PROFILE, type Profile } from "./profile.ts";
import type { Role } from "../common/model/protocol.ts";

/** When a certificate is valid. */
export interface Validity {
  notBefore: Date;
  notAfter: Date;
}

/** What `generateCertificates` is told. */
export interface GenerateOptions {
  /** Kind of all three keys. Default `p256`. */
  keyType?: KeyType;
  /** DNS names and IP addresses of the server, all of them. Default: the profile's. */
  names?: readonly string[];
  /** Lifetime in days from now. Default: the profile's. */
  days?: number;
  /** Start of the server's and the client's lifetime. Default: now, less the clock skew. */
  notBefore?: Date;
  /** End of the server's and the client's lifetime. Default: `days` from now. */
  notAfter?: Date;
  /** Default: the built-in one. */
  profile?: Profile;
}

/** What `Authority.issue` is told. */
export interface IssueOptions {
  /** What the certificate is for: its extended key usage. */
  role: Role;
  commonName: string;
  validity: Validity;
  /** Entries of the subjectAltName extension; none, and the extension is left out. */
  names?: readonly SubjectName[];
  /** Kind of its key. Default: the authority's. */
  keyType?: KeyType;
}

/** What `Authority.create` is told. */
export interface AuthorityOptions {
  /** Organisation in every subject. */
  organization: string;
  /** Kind of its key, and of those it signs. */
  keyType: KeyType;
  validity: Validity;
}

/** What `ensureCertificates` is told. */
export interface EnsureOptions {
  /** Directory for the files; made if it is not there. Default `certs/pem`. */
  dir?: string;
  /** Path of a profile. Default: the profile.yaml beside this module. */
  profile?: string;
  /** DNS names and IP addresses of the server, besides the profile's and the host name. */
  extraNames?: readonly string[];
  /**
   * Names and addresses that the server's certificate has to be for, where there is one already.
   * Default: the profile's and `extraNames`.
   */
  neededNames?: readonly string[];
  /** Ends whose certificates have to be there, where there are some already. Default: both. */
  roles?: readonly Role[];
  /** Kind of the keys. Without it any kind will do, and `p256` is made. */
  keyType?: KeyType;
  /** Passphrase of private keys that are encrypted. */
  keyPassphrase?: string;
  /** Lifetime in days of what is made; does not end the life of what is there. */
  days?: number;
  /** Makes all anew where everything in the directory was made here. Default false. */
  force?: boolean;
  /** Makes nothing: what is not there does not fit. Default false. */
  onlyCheck?: boolean;
}

/** Ends that have certificates, in the order in which these are looked at. */
export const ENDS: readonly Role[] = ["server", "client"];

const KEY_TYPE = oneOf(KEY_TYPES);

/** Settings of `generateCertificates`. */
export const GENERATE: SettingsTable<GenerateOptions> = {
  keyType: setting(KEY_TYPE, "kind of all three keys", `"${DEFAULT_KEY_TYPE}"`),
  names: setting(listOf(NAME, 1), "names and addresses of the server", "the profile's"),
  days: setting(DAYS, "lifetime from now", "the profile's"),
  notBefore: setting(DATE, "start of both ends' lifetime", "now, less the clock skew"),
  notAfter: setting(DATE, "end of both ends' lifetime", "`days` from now"),
  profile: setting(PROFILE, "subjects, names and times", "the built-in one"),
};

const VALIDITY: Kind<Validity> = group<Validity>({
  notBefore: setting(DATE, "start of the lifetime"),
  notAfter: setting(DATE, "end of the lifetime"),
}, { notBefore: new Date(0), notAfter: new Date(1) });

/** Settings of `Authority.create`. */
export const AUTHORITY: SettingsTable<AuthorityOptions> = {
  organization: setting(SUBJECT_TEXT, "organisation in every subject"),
  keyType: setting(KEY_TYPE, "kind of its key"),
  validity: setting(VALIDITY, "its lifetime"),
};

/** Settings of `Authority.issue`. */
export const ISSUE: SettingsTable<IssueOptions> = {
  role: setting(oneOf(ENDS), "what the certificate is for"),
  commonName: setting(SUBJECT_TEXT, "name of the subject"),
  validity: setting(VALIDITY, "its lifetime"),
  names: setting(listOf(SUBJECT_NAME), "entries of the subjectAltName extension", "none"),
  keyType: setting(KEY_TYPE, "kind of its key", "the authority's"),
};

/** Settings of `ensureCertificates`. */
export const ENSURE: SettingsTable<EnsureOptions> = {
  dir: setting(PATH, "directory for the files", DEFAULT_CERTS),
  profile: setting(PATH, "path of a profile", "the one beside this module"),
  extraNames: setting(listOf(NAME), "more names of the server", "none"),
  neededNames: setting(listOf(NAME), "names that have to be there", "the profile's and more"),
  roles: setting(listOf(oneOf(ENDS), 1), "ends that are looked at", "both"),
  keyType: setting(KEY_TYPE, "kind of the keys", `any, and ${DEFAULT_KEY_TYPE} is made`),
  keyPassphrase: setting(text({ max: 1024 }), "passphrase of encrypted keys", "none"),
  days: setting(DAYS, "lifetime of what is made", "the profile's"),
  force: setting(flag(), "make anew what was made here", "false"),
  onlyCheck: setting(flag(), "make nothing", "false"),
};
