// Lets Node load @chatkitty/core 1.11.0, which was published for bundlers. Two things differ there:
// a path inside a package needs no extension, and every property of a CommonJS module can be
// imported by its name, also where Node cannot see it beforehand.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HIDDEN_NAMES = {
  '/base-64/base64.js': ['encode', 'decode'],
  '/text-encoding-polyfill/index.js': ['TextEncoder', 'TextDecoder'],
};

const withExtension = (specifier, parent) => {
  let folder = dirname(fileURLToPath(parent));
  while (folder !== dirname(folder)) {
    const file = join(folder, 'node_modules', `${specifier}.js`);
    if (existsSync(file)) return pathToFileURL(file).href;
    folder = dirname(folder);
  }
  return undefined;
};

export const resolve = async (specifier, context, nextResolve) => {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    const url = context.parentURL && withExtension(specifier, context.parentURL);
    if (!url) throw error;
    return { url, shortCircuit: true };
  }
};

export const load = async (url, context, nextLoad) => {
  const module = Object.keys(HIDDEN_NAMES).find((ending) => url.endsWith(ending));
  if (!module) return nextLoad(url, context);
  const source = `
    import { createRequire } from 'node:module';
    const whole = createRequire(${JSON.stringify(url)})(${JSON.stringify(fileURLToPath(url))});
    export default whole;
    export const { ${HIDDEN_NAMES[module].join(', ')} } = whole;
  `;
  return { format: 'module', source, shortCircuit: true };
};
