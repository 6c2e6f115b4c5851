import { traitsOf } from '../../../../lambda/providers/bedrock/models.ts';

describe('what is known of a model', () => {
  test.each([
    ['anthropic.claude-3-haiku-20240307-v1:0', 'claude', 'none'],
    ['us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude', 'none'],
    ['us.anthropic.claude-3-7-sonnet-20250219-v1:0', 'claude', 'budget'],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', 'claude', 'budget'],
    ['us.anthropic.claude-opus-4-1-20250805-v1:0', 'claude', 'budget'],
    ['eu.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude', 'budget'],
    ['global.anthropic.claude-opus-4-6-v1', 'claude', 'adaptive'],
    ['us.anthropic.claude-opus-4-7', 'claude', 'adaptive'],
    ['anthropic.claude-fable-5', 'claude', 'adaptive'],
    ['anthropic.claude-of-the-future', 'claude', 'adaptive'],
    ['us.amazon.nova-2-lite-v1:0', 'nova', 'nova'],
    ['amazon.nova-micro-v1:0', 'nova', 'none'],
    ['mistral.mistral-large-2407-v1:0', 'mistral', 'none'],
    ['openai.gpt-oss-20b-1:0', 'openai', 'effort'],
    ['us.openai.gpt-5.5', 'openai', 'nested-effort'],
    ['us.deepseek.r1-v1:0', 'other', 'none'],
    ['deepseek.v3.2', 'other', 'effort'],
    ['us.meta.llama4-scout-17b-instruct-v1:0', 'other', 'none'],
    ['qwen.qwen3-next-80b', 'unknown', 'effort'],
    [
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'claude',
      'budget',
    ],
    ['arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123', 'unknown', 'effort'],
  ])('%s is of the family %s and thinks by %s', (model, family, thinking) => {
    expect(traitsOf(model)).toMatchObject({ family, thinking });
  });

  test('holds no model back that nobody knows: everything is let through', () => {
    expect(traitsOf('newmaker.model-1')).toMatchObject({
      sampling: true,
      stop: true,
      strictTools: true,
      forcedTools: 'tool',
      cachePoints: 'anywhere',
    });
  });
});
