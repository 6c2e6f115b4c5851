import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { redact, secretsOf, withoutSecrets } from '../../../../lambda/gateway/upstream/redact.ts';

describe('redact', () => {
  test('takes out a key in use wherever it stands, whatever its form', () => {
    const secrets = ['0123456789abcdef', undefined, 'eu.key+(x)'];
    expect(redact('0123456789abcdef or eu.key+(x), 0123456789abcdef!', secrets)).toBe(
      '[redacted] or [redacted], [redacted]!',
    );
  });

  test('leaves values alone that are too short to be a key: they stand in every text', () => {
    expect(redact('the region eu is not there', ['eu', 'there'])).toBe('the region eu is not there');
  });

  test.each([
    ['OpenAI', 'sk-proj-not-a_real-key'],
    ['OpenAI, as it quotes them', 'sk-proj-****************************3456'],
    ['OpenAI, shortened', 'sk-abcd...wxyz'],
    ['Anthropic', 'sk-ant-api03-nobody-nobody'],
    ['the gateway itself', 'sk-sluice-test-key-of-nobody'],
    ['Groq', 'gsk_notarealkey'],
    ['xAI', 'xai-notarealkey'],
    ['Perplexity', 'pplx-notarealkey'],
    ['Cerebras', 'csk-notarealkey'],
    ['Fireworks', 'fw_notarealkey'],
    ['Hugging Face', 'hf_notarealkey'],
    ['NVIDIA', 'nvapi-notarealkey'],
    ['Together', 'tgp_v1_notarealkey'],
    ['Databricks', 'dapi-notarealkey'],
    ['Google', ['AI', 'za', 'NotARealKey'].join('')],
    ['AWS', ['AK', 'IA', 'NOTAREALKEY'].join('')],
    ['AWS, temporary', ['AS', 'IA', 'NOTAREALKEY'].join('')],
    ['a JWT', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.bm8'],
  ])('takes out what looks like a key of %s', (_, key) => {
    expect(redact(`Incorrect API key provided: ${key}. See the docs.`)).toMatch(
      /^Incorrect API key provided: \[redacted\]\.? See the docs\.$/,
    );
  });

  test('takes out what follows Bearer', () => {
    expect(redact('got "Authorization: Bearer abc123" here')).toBe(
      'got "Authorization: Bearer [redacted] here',
    );
  });

  test.each([
    'The model `gpt-4o-mini` does not exist or you do not have access to it.',
    'max_tokens is too large: 200000. This model supports at most 16384 completion tokens.',
    'Rate limit reached in organization org-x on requests per min (RPM): Limit 3, Used 3.',
    'Invalid schema for function "get_weather": ask-me-anything is not a risk-free default',
    'The key "messages" is missing; a keyword is expected.',
  ])('leaves a message without keys as it is: %s', (message) => {
    expect(redact(message)).toBe(message);
  });

  test.each(['eyJ-', 'eyJa.', 'sk-', 'key_', 'Bearer ', 'Bearer  '])(
    'is not kept busy by %j again and again, as long as an error body can be',
    (piece) => {
      const text = piece.repeat(64 * 1024);
      // A guard against minutes, not a measure: only the engine itself can end a search that backtracks.
      expect(runInNewContext('redact(text)', { redact, text }, { timeout: 5_000 })).toEqual(
        expect.any(String),
      );
    },
  );
});

describe('secretsOf', () => {
  test('names every value of a key but settings that are no secrets and what is too short', () => {
    const key = { apiKey: 'k-123456', secretAccessKey: 's-123456', sessionToken: undefined, pin: '12345' };
    expect(secretsOf({ ...key, region: 'us-east-1', baseUrl: 'https://x.test' })).toEqual([
      'k-123456',
      's-123456',
    ]);
  });
});

describe('withoutSecrets', () => {
  test('takes out the values given, and nothing that only looks like a key', () => {
    expect(withoutSecrets('a.secret or sk-proj-nobody', ['a.secret', undefined, 'or'])).toBe(
      '[redacted] or sk-proj-nobody',
    );
  });
});
