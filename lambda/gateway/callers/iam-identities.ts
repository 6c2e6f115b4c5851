import type { IamEntry } from '../../config.ts';
import type { Principal } from '../request/principal.ts';
import { identityPrincipal, notMapped } from './identity-principal.ts';
import { fitsPattern } from './wildcard.ts';

/**
 * The principal of the IAM identity with this ARN, with the rights of the first entry whose ARN fits. A role is one caller, whatever its
 * sessions are called: whoever assumes it chooses that name. Throws PermissionDenied (403, `identity_not_mapped`).
 */
export function iamPrincipal(userArn: string, entries: readonly IamEntry[]): Principal {
  const arn = withoutSession(userArn);
  const entry = arn === undefined ? undefined : entries.find((each) => fitsPattern(each.arn, arn));
  if (arn === undefined || entry === undefined) throw notMapped('The IAM identity', 'identities.iam');
  return identityPrincipal({ source: 'iam', rights: entry }, arn);
}

/**
 * The ARN that an entry is compared with; undefined for what AWS tells of no caller, which no entry may fit.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
 */
function withoutSession(arn: string): string | undefined {
  const [, partition, account, role] =
    /^(arn:[\w-]+):sts::(\d{12}):assumed-role\/([^/:]+)\/[^/:]+$/.exec(arn) ?? [];
  if (role !== undefined) return `${partition}:iam::${account}:role/${role}`;
  return /^arn:[\w-]+:(iam::\d{12}:(root$|user\/.)|sts::\d{12}:federated-user\/.)/.test(arn)
    ? arn
    : undefined;
}
