/** The gateway's own secret, which signs temporary credentials: Secrets Manager on AWS, a file of the data folder locally. */
export interface SigningSecret {
  /** At least 32 bytes. Throws KeyUnavailable where it can't be read and was not read before. */
  current(): Promise<Uint8Array>;
  /** As `current`, read anew (at most every two seconds): for a signature that does not fit. */
  refresh(): Promise<Uint8Array>;
}
