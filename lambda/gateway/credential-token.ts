/**
 * The claims of a temporary credential. https://www.rfc-editor.org/rfc/rfc7519, names as in the Braintrust proxy's.
 */
export interface CredentialClaims {
  readonly iss: 'sluice';
  readonly aud: 'sluice';
  /** The record's id: `bt_tmp:` and a UUID. */
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  readonly bt: {
    readonly model?: string;
    readonly models?: readonly string[];
    readonly org_name?: string;
    readonly logging?: { readonly parent?: string; readonly project_name?: string };
    /** Opens the provider key that the record keeps: base64url of 32 bytes. */
    readonly secret?: string;
  };
}
