import { transformSync } from 'esbuild';

/** jest's transform for TypeScript: esbuild takes the types off, nothing else changes. */
export default {
  canInstrument: false,
  process(source, filename) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node24',
      sourcefile: filename,
      sourcemap: 'both',
      sourcesContent: false,
    });
    return { code, map };
  },
};
