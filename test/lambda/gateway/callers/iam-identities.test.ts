import { describe, expect, test } from '@jest/globals';
import { parseGatewayConfig } from '../../../../lambda/config.ts';
import { createIdentities } from '../../../../lambda/gateway/callers/identities.ts';
import type { Principal } from '../../../../lambda/gateway/request/principal.ts';

const ACCOUNT = '123456789012';
const IAM = `arn:aws:iam::${ACCOUNT}`;
const STS = `arn:aws:sts::${ACCOUNT}`;

/** The principal of the caller under a gateway.json with these entries. */
function principalOf(userArn: string, ...iam: object[]): Principal {
  const { identities } = parseGatewayConfig(JSON.stringify({ identities: { iam } }), 'gateway.json');
  return createIdentities(identities).iam({ userArn, accountId: ACCOUNT });
}

const NOT_MAPPED = expect.objectContaining({ status: 403, code: 'identity_not_mapped' });

describe('An entry fits', () => {
  test.each<[string, string]>([
    [`${IAM}:role/team`, `${STS}:assumed-role/team/session`],
    [`${IAM}:role/team-*`, `${STS}:assumed-role/team-a/session`],
    [`${IAM}:role/*`, `${STS}:assumed-role/team/session`],
    [`${IAM}:role/*-team-*-prod`, `${STS}:assumed-role/eu-team-a-team-b-prod/i-0abc`],
    [`${IAM}:role/AWSReservedSSO_Dev_*`, `${STS}:assumed-role/AWSReservedSSO_Dev_0123/ann@example.com`],
    // A role's path is not told; without * the name alone is unique in its account.
    [
      `${IAM}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_01`,
      `${STS}:assumed-role/AWSReservedSSO_Dev_01/ann`,
    ],
    [`${STS}:assumed-role/team`, `${STS}:assumed-role/team/session`],
    [`${STS}:assumed-role/team/*`, `${STS}:assumed-role/team/session`],
    [`${STS}:assumed-role/te*/*`, `${STS}:assumed-role/team/session`],
    [`${IAM}:user/ann`, `${IAM}:user/ann`],
    [`${IAM}:user/eu/ops/ann`, `${IAM}:user/eu/ops/ann`],
    [`${IAM}:user/eu/*/*`, `${IAM}:user/eu/ops/ann`],
    [`${IAM}:root`, `${IAM}:root`],
    [`${STS}:federated-user/ann`, `${STS}:federated-user/ann`],
    [`arn:aws-us-gov:iam::${ACCOUNT}:role/team`, `arn:aws-us-gov:sts::${ACCOUNT}:assumed-role/team/s`],
  ])('%s: %s', (arn, caller) => {
    expect(principalOf(caller, { arn }).kind).toBe('identity');
  });
});

describe('An entry does not fit', () => {
  test.each<[string, string]>([
    // another account, another partition, another kind
    [`${IAM}:role/team`, 'arn:aws:sts::210987654321:assumed-role/team/session'],
    [`${IAM}:role/team`, `arn:aws-cn:sts::${ACCOUNT}:assumed-role/team/session`],
    [`${IAM}:role/ann`, `${IAM}:user/ann`],
    [`${IAM}:user/team`, `${STS}:assumed-role/team/session`],
    [`${IAM}:user/*`, `${IAM}:root`],
    [`${IAM}:role/*`, `${STS}:federated-user/ann`],
    // another name
    [`${IAM}:role/team`, `${STS}:assumed-role/Team/session`],
    [`${IAM}:role/team`, `${STS}:assumed-role/team-b/session`],
    [`${IAM}:role/team-*`, `${STS}:assumed-role/my-team-a/session`],
    [`${IAM}:role/a*a`, `${STS}:assumed-role/a/session`],
    [`${IAM}:role/a*b*b`, `${STS}:assumed-role/ab/session`],
    [`${IAM}:role/team.a`, `${STS}:assumed-role/team-a/session`],
    // what the caller chooses: the session's name
    [`${IAM}:role/admin`, `${STS}:assumed-role/team/admin`],
    [`${IAM}:role/*admin`, `${STS}:assumed-role/team/admin`],
    [`${IAM}:role/*`, `${STS}:assumed-role/team/a/b`],
    [`${IAM}:role/admin`, `${STS}:assumed-role/team/x:role/admin`],
    [`${IAM}:role/admin`, `${STS}:assumed-role/team/x/${IAM}:role/admin`],
    // * ends where the segment ends
    [`${IAM}:user/*`, `${IAM}:user/eu/ann`],
    [`${IAM}:user/eu/*`, `${IAM}:user/eu/ops/ann`],
    [`${IAM}:user/eu*`, `${IAM}:user/eu/ann`],
    [`${IAM}:user/eu/ann`, `${IAM}:user/eu:ann`],
    // what AWS tells of no caller
    [`${IAM}:role/team`, `${IAM}:role/team`],
    [`${IAM}:role/team`, `${STS}:assumed-role/team`],
    [`${IAM}:role/team`, `${STS}:assumed-role/team/`],
    [`${IAM}:role/*`, `${STS}:assumed-role//session`],
    [`${IAM}:root`, `${IAM}:root/x`],
    [`${IAM}:root`, ` ${IAM}:root`],
    [`${IAM}:role/*`, '*'],
    [`${IAM}:role/*`, ''],
  ])('%s: %s', (arn, caller) => {
    expect(() => principalOf(caller, { arn })).toThrow(NOT_MAPPED);
  });

  test('and where there is none, nobody is mapped', () => {
    expect(() => principalOf(`${STS}:assumed-role/team/session`)).toThrow(NOT_MAPPED);
  });

  test('a long name against many * ends at once', () => {
    const arn = `${IAM}:role/${'*a'.repeat(30)}*b*`;
    const name = 'a'.repeat(100_000);
    expect(() => principalOf(`${STS}:assumed-role/${name}/s`, { arn })).toThrow(NOT_MAPPED);
  });
});

describe('A mapped identity', () => {
  test('has the rights of the first entry that fits', () => {
    const budget = { usd: 5, per: 'day' };
    const entries = [
      { arn: `${IAM}:role/team-a`, models: ['gpt-4o'], rpm: 3, tpm: 1000, budget },
      { arn: `${IAM}:role/team-*`, models: ['claude-x', 'fast'], tpm: 7 },
      { arn: `${IAM}:role/*` },
    ];
    const [a, b, c] = ['team-a', 'team-b', 'ops'].map((role) =>
      principalOf(`${STS}:assumed-role/${role}/s`, ...entries),
    );
    expect(a).toEqual({
      kind: 'identity',
      grant: expect.stringMatching(/^[0-9a-f]{32}$/),
      cacheScope: expect.stringMatching(/^(oidc|iam)#[0-9a-f]{16}$/),
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      modelLists: [['gpt-4o']],
      limits: [{ subject: `iam#${a?.id}`, rpm: 3, tpm: 1000, budget }],
    });
    expect(b).toMatchObject({
      modelLists: [['claude-x', 'fast']],
      limits: [{ subject: `iam#${b?.id}`, tpm: 7 }],
    });
    expect(Object.keys(b?.limits?.[0] ?? {})).toEqual(['subject', 'tpm']);
    expect(c).toEqual({
      kind: 'identity',
      grant: expect.any(String),
      cacheScope: `iam#${c?.id}`,
      id: expect.any(String),
    });
    expect(new Set([a?.id, b?.id, c?.id]).size).toBe(3);
  });

  test('is the same caller in each session of its role: no session has fresh counters', () => {
    const entry = { arn: `${IAM}:role/*`, rpm: 1 };
    const sessions = ['one', 'two', 'one@example.com', 'i-0123'].map((session) =>
      principalOf(`${STS}:assumed-role/team/${session}`, entry),
    );
    expect(new Set(sessions.map(({ id }) => id)).size).toBe(1);
    expect(new Set(sessions.map(({ limits }) => limits?.[0]?.subject)).size).toBe(1);
    expect(principalOf(`${STS}:assumed-role/other/one`, entry).id).not.toBe(sessions[0]?.id);
  });

  test('is the same caller under each entry that names it', () => {
    const caller = `${STS}:assumed-role/team/s`;
    const arns = [`${IAM}:role/*`, `${IAM}:role/path/team`, `${STS}:assumed-role/team/*`];
    expect(new Set(arns.map((arn) => principalOf(caller, { arn }).id)).size).toBe(1);
  });

  test('is known by no name', () => {
    const principal = principalOf(`${IAM}:user/ann`, { arn: `${IAM}:user/ann`, rpm: 1 });
    expect(JSON.stringify(principal)).not.toContain('ann');
    expect(JSON.stringify(principal)).not.toContain(ACCOUNT);
  });
});
