import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One import or re-export of a module. */
export interface Import {
  readonly specifier: string;
  /** `import type`: gone at run time. */
  readonly typeOnly: boolean;
}

/** A source file of the project. Paths are from the project's root, with slashes: `lambda/http/app.ts`. */
export interface Module {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** The project's files that it imports. */
  readonly targets: readonly string[];
}

const STATEMENT = /^[ \t]*(import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"]+)['"]/gm;
const CALL = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** Every import of a source: statements in all their forms, `import()`, and the `import()` of a type. */
export function importsOf(text: string): Import[] {
  const source = withoutComments(text);
  const statements = [...source.matchAll(STATEMENT)]
    .filter(([whole, keyword]) => keyword === 'import' || /\sfrom\s+['"]/.test(whole))
    .map(([, , type, specifier = '']) => ({ specifier, typeOnly: type !== undefined }));
  const calls = [...source.matchAll(CALL)].map(([, specifier = '']) => ({ specifier, typeOnly: false }));
  return [...statements, ...calls];
}

/** Block comments and lines that are comments whole. */
function withoutComments(text: string): string {
  return text.replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replaceAll(/^[ \t]*\/\/.*$/gm, '');
}

/** What is left of a source at run time: no types, no comments. Names and strings stand as they were. */
export function runtimeCode(text: string): string {
  return transformSync(text, {
    loader: 'ts',
    format: 'esm',
    target: 'esnext',
    minifyWhitespace: true,
  }).code.trim();
}

/** Every folder and file below a room of the project. */
export function pathsBelow(room: string): string[] {
  if (!existsSync(join(ROOT, room))) return [];
  const entries = readdirSync(join(ROOT, room), { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').includes('node_modules'));
}

export function modulesOf(rooms: readonly string[]): Module[] {
  return rooms
    .flatMap(pathsBelow)
    .filter((path) => path.endsWith('.ts'))
    .map(readModule);
}

function readModule(path: string): Module {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imports = importsOf(text);
  const relatives = imports.filter(({ specifier }) => specifier.startsWith('.'));
  const targets = relatives.map(({ specifier }) => posix.join(dirname(path), specifier));
  return { path, text, imports, targets: [...new Set(targets)] };
}

/** The first cycle there is, as the paths round it; undefined where there is none. */
export function cycleIn(modules: readonly Module[]): string[] | undefined {
  const targets = new Map(modules.map((module) => [module.path, module.targets]));
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): string[] | undefined => {
    const start = above.indexOf(path);
    if (start !== -1) return [...above.slice(start), path];
    if (done.has(path)) return undefined;
    for (const target of targets.get(path) ?? []) {
      const cycle = visit(target, [...above, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of modules) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}
