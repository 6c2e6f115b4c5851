import type { GatewayConfig } from '../../config.ts';
import type { Principal } from '../request/principal.ts';
import { iamPrincipal } from './iam-identities.ts';
import { type Grant, grantName, type IdentityRights } from './identity-principal.ts';
import type { IssuerOptions } from './issuer-keys.ts';
import { OidcTokens } from './oidc.ts';

/** The IAM identity that signed a request, as AWS tells it beside the event: no caller can set it. */
export interface IamIdentity {
  /** `arn:aws:sts::123456789012:assumed-role/team/session`, `arn:aws:iam::123456789012:user/ann`. */
  readonly userArn: string;
  readonly accountId: string;
}

/** The identities that gateway.json maps to rights. */
export interface Identities {
  /** Throws PermissionDenied (403, `identity_not_mapped`). */
  iam(identity: IamIdentity): Principal;
  /** Whether a token says that it is of a configured issuer: it is never taken for a provider key then. */
  knowsIssuer(token: string): boolean;
  /** Throws Authentication (401) or PermissionDenied (403, `identity_not_mapped`), KeyUnavailable (503). */
  oidc(token: string): Promise<Principal>;
  /** What the entry of this name gives; undefined where gateway.json has it no more. */
  rights(grant: string): IdentityRights | undefined;
}

export function createIdentities(
  config: GatewayConfig['identities'],
  options: IssuerOptions = {},
): Identities {
  const tokens = new OidcTokens(config.oidc, options);
  const grants = new Map(grantsIn(config).map((grant) => [grantName(grant), grant.rights]));
  return {
    iam: ({ userArn }) => iamPrincipal(userArn, config.iam),
    knowsIssuer: (token) => tokens.knows(token),
    oidc: (token) => tokens.principal(token),
    rights: (grant) => grants.get(grant),
  };
}

function grantsIn({ iam, oidc }: GatewayConfig['identities']): Grant[] {
  return [
    ...iam.map((rights) => ({ source: 'iam' as const, rights })),
    ...oidc.flatMap((issuer) => issuer.rules.map((rights) => ({ source: 'oidc' as const, issuer, rights }))),
  ];
}
