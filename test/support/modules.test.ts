import { describe, expect, test } from '@jest/globals';
import { cycleIn, importsOf, runtimeCode } from './modules.ts';

describe('the reading of imports', () => {
  test('finds every form there is, and nothing else', () => {
    const source = `
      import def, { a, type B } from './a.ts';
      import type { C } from './c.ts';
      import * as d from "./d.ts";
      import {
        e,
        f as g,
      } from './e.ts';
      import './side-effect.ts';
      export { h } from './h.ts';
      export type { I } from './i.ts';
      export * from './j.ts';
      export const text = 'import x from "./string.ts"';
      export const from = './no-import.ts';
      const lazy = () => import('./lazy.ts');
      type Lazy = typeof import('./lazy-type.ts');
      // import { no } from './line-comment.ts';
      /**
       * import { no } from './block-comment.ts';
       */
    `;
    expect(importsOf(source)).toEqual([
      { specifier: './a.ts', typeOnly: false },
      { specifier: './c.ts', typeOnly: true },
      { specifier: './d.ts', typeOnly: false },
      { specifier: './e.ts', typeOnly: false },
      { specifier: './side-effect.ts', typeOnly: false },
      { specifier: './h.ts', typeOnly: false },
      { specifier: './i.ts', typeOnly: true },
      { specifier: './j.ts', typeOnly: false },
      { specifier: './lazy.ts', typeOnly: false },
      { specifier: './lazy-type.ts', typeOnly: false },
    ]);
  });

  test('sees a cycle where there is one', () => {
    const module = (path: string, ...targets: string[]) => ({ path, targets, text: '', imports: [] });
    expect(cycleIn([module('a', 'b'), module('b', 'c', 'd'), module('c'), module('d', 'b')])).toEqual([
      'b',
      'd',
      'b',
    ]);
    expect(cycleIn([module('a', 'b', 'c'), module('b', 'c'), module('c')])).toBeUndefined();
  });

  test('takes types and comments for no code', () => {
    const types =
      "import type { A } from './a.ts';\n/** B */\nexport interface B extends A { c: 'openai' }\n// end";
    expect(runtimeCode(types)).toBe('');
    expect(runtimeCode(`${types}\nexport const d: string = 'e';`)).toBe('const d="e";export{d};');
  });
});
