import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { bodyOf, encode, NEW, OLD } from './support.ts';

const BUDGET = 'claude-sonnet-4-5';
const BOTH = 'claude-opus-4-6';
const NEWEST = 'claude-sonnet-5-5';
const ALWAYS = 'claude-opus-5-5';
const BY_DEFAULT = 'claude-opus-5';
const NEVER = 'claude-3-5-haiku-latest';
const enabled = (budget_tokens: number) => ({ type: 'enabled', budget_tokens });
const adaptive = { type: 'adaptive', display: 'summarized' };

interface Expected {
  readonly thinking?: JsonObject | undefined;
  readonly max_tokens?: number;
  readonly effort?: string | undefined;
  readonly dropped?: string[];
  readonly temperature?: number | undefined;
}

describe('thinking', () => {
  const cases: [string, string, JsonObject, Expected][] = [
    ['nothing is said where nobody asks', BUDGET, {}, { thinking: undefined }],
    [
      'an effort is a share of the limit',
      BUDGET,
      { reasoning_effort: 'medium', max_tokens: 10_000 },
      { thinking: enabled(5000), max_tokens: 10_000 },
    ],
    [
      'a low effort thinks less',
      BUDGET,
      { reasoning_effort: 'low', max_tokens: 10_000 },
      { thinking: enabled(2000) },
    ],
    [
      'a high effort thinks more',
      BUDGET,
      { reasoning_effort: 'high', max_tokens: 10_000 },
      { thinking: enabled(8000) },
    ],
    [
      'a minimal effort counts as low',
      BUDGET,
      { reasoning_effort: 'minimal', max_tokens: 10_000 },
      { thinking: enabled(2000) },
    ],
    [
      'a share below the vendor’s least is the least',
      BUDGET,
      { reasoning_effort: 'low', max_tokens: 2000 },
      { thinking: enabled(1024), max_tokens: 2000 },
    ],
    [
      'without a limit the share is of the model’s own',
      BUDGET,
      { reasoning_effort: 'medium' },
      { thinking: enabled(32_000), max_tokens: 64_000 },
    ],
    [
      'max_completion_tokens holds thinking and answer together',
      BUDGET,
      { reasoning_effort: 'high', max_completion_tokens: 5000 },
      { thinking: enabled(4000), max_tokens: 5000 },
    ],
    [
      'under the vendor’s least thinking is left out and named',
      BUDGET,
      { reasoning_effort: 'medium', max_completion_tokens: 1024 },
      { thinking: undefined, max_tokens: 1024, dropped: ['reasoning_effort'] },
    ],
    [
      'one token more is enough',
      BUDGET,
      { reasoning_effort: 'medium', max_completion_tokens: 1025 },
      { thinking: enabled(1024), max_tokens: 1025 },
    ],
    [
      'an explicit budget is kept',
      BUDGET,
      { reasoning_budget: 3000, max_tokens: 4000 },
      { thinking: enabled(3000), max_tokens: 4000 },
    ],
    [
      'an explicit budget over the limit shrinks, the limit stays',
      BUDGET,
      { reasoning_budget: 9000, max_tokens: 4000 },
      { thinking: enabled(3200), max_tokens: 4000 },
    ],
    [
      'an explicit budget under the vendor’s least is raised to it',
      BUDGET,
      { reasoning_budget: 10, max_tokens: 4000 },
      { thinking: enabled(1024) },
    ],
    [
      'an explicit budget wins over an effort',
      BUDGET,
      { reasoning_budget: 3000, reasoning_effort: 'none', max_tokens: 4000 },
      { thinking: enabled(3000) },
    ],
    [
      'enabled alone is a low effort',
      BUDGET,
      { reasoning_enabled: true, max_tokens: 10_000 },
      { thinking: enabled(2000) },
    ],
    [
      'disabled wins over all',
      BUDGET,
      { reasoning_enabled: false, reasoning_effort: 'high', reasoning_budget: 3000 },
      { thinking: { type: 'disabled' } },
    ],
    ['a budget of 0 is disabled', BUDGET, { reasoning_budget: 0 }, { thinking: { type: 'disabled' } }],
    ['no effort is disabled', BUDGET, { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    [
      'nulls ask for nothing',
      BUDGET,
      { reasoning_effort: null, reasoning_budget: null, reasoning_enabled: null },
      { thinking: undefined },
    ],

    [
      'where the model takes either, an effort is adaptive',
      BOTH,
      { reasoning_effort: 'medium', max_tokens: 500 },
      { thinking: adaptive, effort: 'medium', max_tokens: 500 },
    ],
    [
      'where the model takes either, a budget is a budget',
      BOTH,
      { reasoning_budget: 2000, max_tokens: 4000 },
      { thinking: enabled(2000), effort: undefined },
    ],
    [
      'an effort that the model lacks is the next lower',
      BOTH,
      { reasoning_effort: 'xhigh' },
      { thinking: adaptive, effort: 'high' },
    ],
    [
      'a newer model takes the effort as it is',
      NEW,
      { reasoning_effort: 'xhigh' },
      { thinking: adaptive, effort: 'xhigh' },
    ],
    [
      'minimal is low for a newer model',
      NEW,
      { reasoning_effort: 'minimal' },
      { thinking: adaptive, effort: 'low' },
    ],
    [
      'enabled alone leaves the effort to a newer model',
      NEW,
      { reasoning_enabled: true },
      { thinking: adaptive, effort: undefined },
    ],
    [
      'a budget is named where the model takes none',
      NEW,
      { reasoning_budget: 2000 },
      { thinking: adaptive, dropped: ['reasoning_budget'] },
    ],
    [
      'a model that nobody knows thinks as the newest do',
      'claude-next-9',
      { reasoning_effort: 'high' },
      { thinking: adaptive, effort: 'high' },
    ],

    [
      'no thinking is the least thinking where that has a name',
      NEWEST,
      { reasoning_effort: 'none' },
      { thinking: { type: 'between_tools' } },
    ],
    [
      'a model that always thinks is asked to think little, which is named',
      ALWAYS,
      { reasoning_effort: 'none' },
      { thinking: undefined, effort: 'low', dropped: ['reasoning_effort'] },
    ],
    ['a model that thinks by default is left to it', BY_DEFAULT, {}, { thinking: undefined }],
    [
      'a model that can’t think is not asked, which is named',
      NEVER,
      { reasoning_effort: 'high' },
      { thinking: undefined, dropped: ['reasoning_effort'] },
    ],
    [
      'a model that can’t think need not be told not to',
      NEVER,
      { reasoning_effort: 'none' },
      { thinking: undefined, dropped: [] },
    ],

    [
      'the vendor’s own thinking wins',
      BUDGET,
      { thinking: enabled(1500), reasoning_effort: 'high', max_tokens: 4000 },
      { thinking: enabled(1500) },
    ],
    [
      'a temperature of 1 may stand beside thinking',
      BUDGET,
      { reasoning_budget: 2000, max_tokens: 4000, temperature: 1 },
      { temperature: 1, dropped: [] },
    ],
    [
      'another temperature, top_k and a low top_p may not, and are named',
      BUDGET,
      { reasoning_budget: 2000, max_tokens: 4000, temperature: 0, top_p: 0.5, top_k: 3 },
      { temperature: undefined, dropped: ['temperature', 'top_p', 'top_k'] },
    ],
    [
      'sampling stays where thinking was left out',
      BUDGET,
      { reasoning_effort: 'high', max_tokens: 100, temperature: 0 },
      { temperature: 0, dropped: ['reasoning_effort'] },
    ],
  ];
  test.each(cases)('%s', (_name, model, given, expected) => {
    const request = encode(given, model);
    const body = bodyOf(request);
    if ('thinking' in expected) expect(body.thinking).toEqual(expected.thinking);
    if ('temperature' in expected) expect(body.temperature).toEqual(expected.temperature);
    if ('effort' in expected)
      expect((body.output_config as JsonObject | undefined)?.effort).toBe(expected.effort);
    if (expected.max_tokens !== undefined) expect(body.max_tokens).toBe(expected.max_tokens);
    if (expected.dropped) expect(request.dropped ?? []).toEqual(expected.dropped);
  });

  const tools = [{ type: 'function', function: { name: 'f' } }];
  const effort = { reasoning_effort: 'medium', max_tokens: 8000 };

  test('a forced tool wins over thinking, which is named', () => {
    const request = encode({ ...effort, tools, tool_choice: 'required' }, BUDGET);
    expect(bodyOf(request)).not.toHaveProperty('thinking');
    expect(request.dropped).toEqual(['reasoning_effort']);
  });

  test('a forced tool switches off the thinking of a model that would think by default', () => {
    const body = bodyOf(encode({ tools, tool_choice: 'required' }, BY_DEFAULT));
    expect(body.thinking).toEqual({ type: 'disabled' });
  });

  const history = (reasoning: JsonObject) => [
    { role: 'user', content: 'go' },
    {
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      ...reasoning,
    },
    { role: 'tool', tool_call_id: 'a', content: 'ok' },
  ];
  const signed = { reasoning: [{ content: 'hm', id: 'sig' }] };

  test('a tool loop with its thinking goes on thinking', () => {
    const request = encode({ ...effort, tools, messages: history(signed) }, BUDGET);
    expect(bodyOf(request).thinking).toEqual(enabled(4000));
  });

  test('a tool loop whose client dropped the thinking goes on without, and says so', () => {
    const request = encode({ ...effort, tools, messages: history({}) }, BUDGET);
    expect(bodyOf(request)).not.toHaveProperty('thinking');
    expect(request.dropped).toEqual(['reasoning_effort']);
  });

  test('a tool loop without thinking may go on adaptively: the vendor asks for no blocks there', () => {
    expect(bodyOf(encode({ ...effort, tools, messages: history({}) }, NEW)).thinking).toEqual(adaptive);
  });

  test('the vendor’s own thinking is left out too where the client dropped the blocks', () => {
    const request = encode({ thinking: enabled(2000), tools, messages: history({}) }, BUDGET);
    expect(bodyOf(request)).not.toHaveProperty('thinking');
    expect(request.dropped).toEqual(['thinking']);
  });

  test('the vendor’s own thinking gives way to a forced tool', () => {
    const request = encode({ thinking: { type: 'adaptive' }, tools, tool_choice: 'required' }, NEW);
    expect(bodyOf(request)).not.toHaveProperty('thinking');
    expect(request.dropped).toEqual(['thinking']);
  });

  test.each(['reasoning_effort', 'reasoning_enabled', 'reasoning_budget'])(
    '%s of another type is refused',
    (param) => {
      expect(() => encode({ [param]: ['x'] })).toThrow(expect.objectContaining({ param, status: 400 }));
    },
  );

  test('a tool loop of the past asks for nothing', () => {
    const messages = [
      ...history({}),
      { role: 'assistant', content: 'done' },
      { role: 'user', content: 'thanks' },
    ];
    expect(bodyOf(encode({ ...effort, tools, messages }, BUDGET)).thinking).toEqual(enabled(4000));
  });

  test('a later call of the same loop needs no thinking of its own', () => {
    const messages = [
      ...history(signed),
      {
        role: 'assistant',
        tool_calls: [{ id: 'b', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'b', content: 'ok' },
    ];
    expect(bodyOf(encode({ ...effort, tools, messages }, BUDGET)).thinking).toEqual(enabled(4000));
  });

  test('a prefill leaves no place for thinking', () => {
    const messages = [
      { role: 'user', content: 'go' },
      { role: 'assistant', content: 'The' },
    ];
    const request = encode({ ...effort, messages }, OLD);
    expect(bodyOf(request)).not.toHaveProperty('thinking');
    expect(request.dropped).toEqual(['reasoning_effort']);
  });
});
