import { describe, expect, test } from '@jest/globals';
import { CLAUDE_MODELS, claudeQuirks, type ModelQuirks } from '../../../lambda/providers/model-quirks.ts';

describe('what is known of Claude models', () => {
  const cases: [string, Partial<ModelQuirks>][] = [
    ['claude-3-haiku-20240307', { defaultMaxTokens: 4096, thinking: 'none', nativeSchema: false }],
    ['claude-3-5-sonnet-latest', { defaultMaxTokens: 8192, thinking: 'none' }],
    ['claude-3-7-sonnet-20250219', { defaultMaxTokens: 64_000, thinking: 'budget' }],
    ['claude-sonnet-4-20250514', { defaultMaxTokens: 64_000, sampling: 'any', nativeSchema: false }],
    ['claude-sonnet-4@20250514', { defaultMaxTokens: 64_000, nativeSchema: false }],
    ['claude-opus-4-20250514', { defaultMaxTokens: 32_000 }],
    ['claude-opus-4-1-20250805', { defaultMaxTokens: 32_000, nativeSchema: true }],
    ['claude-sonnet-4-5-20250929', { thinking: 'budget', sampling: 'one', nativeSchema: true }],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', { thinking: 'budget', sampling: 'one' }],
    ['anthropic.claude-opus-4-6-v1', { thinking: 'both', xhighEffort: false }],
    [
      'claude-opus-4-7',
      { thinking: 'adaptive', sampling: 'none', xhighEffort: true, thinksByDefault: false },
    ],
    ['claude-sonnet-4-0', { nativeSchema: false, thinking: 'budget' }],
    ['claude-sonnet-5-20260501', { thinksByDefault: true, thinkingOff: 'disabled' }],
    ['claude-opus-5', { thinksByDefault: true, thinkingOff: 'disabled', forcedTools: true }],
    ['claude-opus-5-5', { thinkingOff: 'never', forcedTools: false }],
    ['claude-sonnet-5-5', { thinkingOff: 'between_tools', forcedTools: false }],
    ['claude-haiku-5-5', { thinkingOff: 'disabled', forcedTools: true }],
    ['claude-fable-5', { thinkingOff: 'never', forcedTools: true }],
    ['claude-fable-5-2', { thinkingOff: 'never', forcedTools: false }],
  ];
  test.each(cases)('%s', (model, expected) => {
    expect(claudeQuirks(model)).toMatchObject(expected);
  });

  test.each([
    'claude-next-9',
    'claude-opus-7',
    'claude-opus-5-9',
    'claude-sonnet-4-9',
    'claude-fable-5-7',
    'minimax-m3',
  ])('%s, which nobody knows, passes through', (model) => {
    expect(CLAUDE_MODELS.some(({ pattern }) => pattern.test(model))).toBe(false);
    expect(claudeQuirks(model)).toMatchObject({ sampling: 'any', forcedTools: true });
  });
});
