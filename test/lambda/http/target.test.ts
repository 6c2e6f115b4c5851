import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../lambda/errors.ts';
import { parseTarget } from '../../../lambda/http/target.ts';

describe('parseTarget', () => {
  test.each([
    ['/v1/models', '/models', ''],
    ['/v1/proxy/models?a=1', '/models', '?a=1'],
    ['/models', '/models', ''],
    ['/v1', '/', ''],
    ['/v1/', '/', ''],
    ['/', '/', ''],
    ['/v1?a=1', '/', '?a=1'],
    ['/v1/files?', '/files', '?'],
    ['/v1/files?a=1?b=/v1/x', '/files', '?a=1?b=/v1/x'],
    ['/v1x/models', '/v1x/models', ''],
    ['/v1/proxyx', '/proxyx', ''],
    ['/v10/models', '/v10/models', ''],
    ['/V1/models', '/V1/models', ''],
    ['/v1/files/a%2Fb', '/files/a%2Fb', ''],
    ['http://host/v1/models?a=1', '/models', '?a=1'],
    ['http://host', '/', ''],
    ['https://user:word@host:1?a=1', '/', '?a=1'],
  ])('%s is %s with %j', (target, path, search) => {
    expect(parseTarget(target)).toEqual({ path, search });
  });

  test.each([
    ['/btorg/acme/v1/models', 'acme', '/models'],
    ['/v1/btorg/acme/models', 'acme', '/models'],
    ['/v1/proxy/btorg/acme', 'acme', '/'],
    ['/btorg/acme', 'acme', '/'],
    ['/BTORG/Acme/models', 'Acme', '/models'],
    ['/btorg/a%20b%2Fc/models', 'a b/c', '/models'],
    ['/btorg/acme/v1/btorg/acme/models', 'acme', '/models'],
  ])('%s is of the organization %s', (target, orgName, path) => {
    expect(parseTarget(target)).toEqual({ path, search: '', orgName });
  });

  test.each([
    '/btorg/acme/v1/btorg/other/models',
    '/btorg/%/models',
    '/btorg/%ff/models',
    '/v1/..',
    '/v1/%2e%2E/x',
    '/v1/x%2f..',
    '/v1/..%5cx',
    '/v1/a\\..\\b',
    'http://host/..',
  ])('%s is refused', (target) => {
    expect(() => parseTarget(target)).toThrow(InvalidRequest);
  });

  test.each(['/btorg', '/btorg/', '/btorg//models'])('%s names no organization', (target) => {
    expect(parseTarget(target)).toEqual({ path: target, search: '' });
  });
});
